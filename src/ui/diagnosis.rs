//! How a diagnosis looks: what was recognised, why, and lines to paste.

use super::color::{BOLD, DIM, Paint, RED};
use crate::mask::{scrub, scrub_line};
use crate::rbac::Scope;
use crate::rbac::bindings::Subject;
use crate::verify::diagnosis::{Answerer, Cause, Finding};

/// All findings as text.
pub(super) fn text(findings: &[Finding], paint: Paint) -> String {
    let blocks = findings.iter().map(|finding| block(finding, paint));
    blocks.collect::<Vec<_>>().join("\n")
}

fn block(finding: &Finding, paint: Paint) -> String {
    let Finding { cause, urls, count } = finding;
    let mut out = paint.with(RED, cause.code());
    if *count > 1 {
        out = format!("{out}, {count} times");
    }
    out.push('\n');
    for (what, value) in recognised(cause, urls) {
        let what = paint.with(DIM, &format!("{what:9}"));
        out = format!("{out}  {what} {}\n", scrub_line(&value));
    }
    let sentence = paint.with(BOLD, &scrub_line(&cause.sentence()));
    out = format!("{out}\n  {sentence}\n");
    if let Some(fix) = cause.fix() {
        out.push('\n');
        for line in scrub(&fix).lines() {
            let line = if line.starts_with('#') {
                paint.with(DIM, line)
            } else {
                line.to_owned()
            };
            out = format!("{out}  {line}\n");
        }
    }
    out
}

/// What the text says of who, whom, what and where.
fn recognised(cause: &Cause, urls: &[String]) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(who) = cause.who().filter(|who| *who != Answerer::Other) {
        rows.push(("answer of", who.to_string()));
    }
    if !urls.is_empty() {
        rows.push(("at", urls.join(", ")));
    }
    if let Some(denied) = cause.denied() {
        rows.push(("subject", Subject::user(&denied.user).to_string()));
    }
    if let Some(right) = cause.right() {
        let place = match cause.denied().map(|denied| &denied.scope) {
            Some(Scope::Namespace(namespace)) => format!(" in namespace {namespace}"),
            _ => String::new(),
        };
        rows.push(("right", format!("{right}{place}")));
    }
    rows
}
