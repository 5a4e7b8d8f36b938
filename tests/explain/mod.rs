//! `monconf explain`: what is pasted, and what it says of it.

mod documented;
mod fuzz_body;
mod mangled;
mod program;
mod roles;
mod texts;

use monconf::verify::diagnosis::explain;
use texts::TEXTS;

/// Each finding on a line: code, how often, and the sentence.
fn told(text: &str) -> String {
    let findings = explain(text);
    let lines = findings.iter().map(|finding| {
        let times = match finding.count {
            1 => String::new(),
            count => format!(" ({count})"),
        };
        format!(
            "{}{times}: {}\n",
            finding.cause.code(),
            finding.cause.sentence()
        )
    });
    lines.collect()
}

#[test]
fn every_pasted_text_is_explained() {
    assert!(TEXTS.len() >= 40);
    for (what, text, expected) in TEXTS {
        assert_eq!(told(text), expected, "{what}");
    }
}
