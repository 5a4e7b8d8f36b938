//! Findings as data, for `-o json`.

use serde_json::{Value, json};

use super::{Confirmed, Finding, Severity, fix};
use crate::diff::{Line, LineKind};
use crate::mask::scrub_all;
use crate::rbac::{Right, Scope};

/// Every finding, and how many there are of each severity.
#[must_use]
pub fn report(findings: &[Finding], unconfirmed: Option<&str>) -> Value {
    let count = |severity| findings.iter().filter(|of| of.severity == severity).count();
    let mut report = json!({
        "findings": findings.iter().map(entry).collect::<Vec<_>>(),
        "notConfirmed": unconfirmed,
        "summary": {
            "high": count(Severity::High),
            "medium": count(Severity::Medium),
            "low": count(Severity::Low),
        },
    });
    scrub_all(&mut report);
    report
}

fn entry(finding: &Finding) -> Value {
    let rights: Vec<String> = finding.rights.iter().map(Right::to_string).collect();
    let place = finding.place.as_ref();
    json!({
        "check": finding.check.id,
        "severity": finding.severity.name(),
        "subject": {
            "kind": finding.subject.kind(),
            "name": finding.subject.name(),
        },
        "binding": name(&finding.binding),
        "boundRole": name(&finding.bound),
        "role": name(&finding.role),
        "ruleIndex": finding.index,
        "rule": fix::value(&finding.rule),
        "rights": rights,
        "namespace": match &finding.scope {
            Scope::Cluster => None,
            Scope::Namespace(namespace) => Some(namespace),
        },
        "file": place.map(|place| place.file.display().to_string()),
        "line": place.map(|place| place.line),
        "message": finding.sentence(),
        "advice": finding.fix.advice,
        "diff": diff(&finding.fix.diff),
        "builtIn": finding.built_in,
        "confirmed": match finding.confirmed {
            Confirmed::NotAsked => None,
            Confirmed::Yes => Some(true),
            Confirmed::No => Some(false),
        },
    })
}

fn name(name: &crate::rbac::bindings::Name) -> Value {
    json!({"kind": name.kind, "namespace": name.namespace, "name": name.name})
}

fn diff(lines: &[Line]) -> Option<String> {
    let text = |line: &Line| match line.kind {
        LineKind::Context => format!(" {}\n", line.text),
        LineKind::Added => format!("+{}\n", line.text),
        LineKind::Removed => format!("-{}\n", line.text),
        LineKind::Hunk => format!("{}\n", line.text),
    };
    (!lines.is_empty()).then(|| lines.iter().map(text).collect())
}
