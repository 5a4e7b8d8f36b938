//! Findings as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), for code scanning.

use std::fmt::Write as _;
use std::path::{Component, Path};

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::check::{CHECKS, Check, Severity};
use super::{Finding, fix};
use crate::mask::{scrub, scrub_all};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One run with every check as a rule. The same findings give the same text: it holds no time and no name of the
/// machine. Files under `folder`, the working directory, have relative addresses.
#[must_use]
pub fn sarif(findings: &[Finding], folder: &Path) -> Value {
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| result(finding, folder))
        .collect();
    let mut sarif = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "monconf",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": CHECKS.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    scrub_all(&mut sarif);
    sarif
}

fn rule(check: &Check) -> Value {
    let sentence = format!("Whoever holds it {}.", check.meaning);
    json!({
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": sentence},
        "help": {"text": format!("{sentence} What to do: {}.", check.remedy)},
        "defaultConfiguration": {"level": level(check.severity)},
        "properties": {
            "tags": ["security", "kubernetes", "rbac"],
            // The scale of CVSS, which code scanning sorts by.
            "security-severity": match check.severity {
                Severity::High => "8.0",
                Severity::Medium => "5.0",
                Severity::Low => "2.0",
            },
        },
    })
}

fn result(finding: &Finding, folder: &Path) -> Value {
    let logical = |name: &super::Name, part: &str| {
        json!({
            "fullyQualifiedName": format!("{name}{part}"),
            "name": name.name,
            "kind": "object",
        })
    };
    let rights: Vec<String> = finding.rights.iter().map(ToString::to_string).collect();
    let mut location = json!({"logicalLocations": [
        logical(&finding.role, &format!("/rules/{}", finding.index)),
        logical(&finding.binding, ""),
    ]});
    if let Some(place) = &finding.place {
        location["physicalLocation"] = json!({
            "artifactLocation": {"uri": uri(&place.file, folder)},
            "region": {"startLine": place.line.max(1)},
        });
    }
    let mut result = json!({
        "ruleId": finding.check.id,
        "ruleIndex": CHECKS.iter().position(|check| check.id == finding.check.id),
        "level": level(finding.severity),
        "message": {"text": format!(
            "{}: {} ({}), through {} to {}. What to do: {}.",
            finding.sentence(), rights.join(", "), finding.extent(), finding.binding, finding.bound,
            finding.fix.advice,
        )},
        "locations": [location],
        "partialFingerprints": {"monconf/v1": fingerprint(finding)},
    });
    if finding.built_in {
        // Code scanning takes such a result for settled.
        result["suppressions"] = json!([{
            "kind": "external", "status": "accepted",
            "justification": format!("Kubernetes creates {} and needs it as it is.", finding.binding),
        }]);
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// The same for the same finding as long as its rule stays as it is, wherever it moves.
fn fingerprint(finding: &Finding) -> String {
    let parts = [
        finding.check.id.to_owned(),
        finding.subject.to_string(),
        finding.binding.to_string(),
        finding.role.to_string(),
        fix::value(&finding.rule).to_string(),
    ];
    let hash = digest(&SHA256, parts.join("\n").as_bytes());
    hash.as_ref()[..16]
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// The path as a relative address, or as `file:` where it is elsewhere.
fn uri(file: &Path, folder: &Path) -> String {
    let inside = file.strip_prefix(folder).unwrap_or(file);
    let mut parts = Vec::new();
    for part in inside.components() {
        match part {
            Component::Normal(name) => parts.push(escaped(&scrub(&name.to_string_lossy()))),
            Component::ParentDir => parts.push("..".to_owned()),
            Component::RootDir => parts.push("file://".to_owned()),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

/// What a part of an address may hold as it is (RFC 3986, `unreserved`); the rest in percent.
fn escaped(name: &str) -> String {
    name.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
