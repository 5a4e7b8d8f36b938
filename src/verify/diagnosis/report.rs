//! A diagnosis as data.

use serde_json::{Value, json};

use super::Finding;
use crate::mask::scrub_all;
use crate::rbac::Scope;
use crate::rbac::bindings::Subject;

/// What was found in a text, for programs.
#[must_use]
pub fn report(findings: &[Finding]) -> Value {
    let causes: Vec<Value> = findings.iter().map(entry).collect();
    let mut report = json!({"recognised": !findings.is_empty(), "causes": causes});
    scrub_all(&mut report);
    report
}

fn entry(finding: &Finding) -> Value {
    let Finding { cause, urls, count } = finding;
    let mut entry = json!({
        "code": cause.code(),
        "answeredBy": cause.who().map(super::Answerer::name),
        "count": count,
        "urls": urls,
        "sentence": cause.sentence(),
        "fix": cause.fix(),
    });
    if let Some(right) = cause.right() {
        entry["right"] = right.json();
    }
    if let Some(denied) = cause.denied() {
        let subject = Subject::user(&denied.user);
        entry["subject"] = json!({"kind": subject.kind(), "name": subject.name()});
        if let Scope::Namespace(namespace) = &denied.scope {
            entry["namespace"] = json!(namespace);
        }
    }
    entry
}
