//! Which texts are regular expressions.

use promconf::regex;
use std::fs;

use serde_json::json;
use testbed::promtool_check;

/// Each with whether it is one.
const REGULAR_EXPRESSIONS: [(&str, bool); 46] = [
    ("", true),
    ("(.+)", true),
    (r"(\[.+\]|[^:]+)(?::\d+)?;(\d+)", true),
    ("default;kubernetes;https", true),
    ("(?P<a>x)", true),
    ("(?<a>x)", true),
    ("(?i)abc", true),
    ("(?s:.)", true),
    ("a{2,5}", true),
    ("a{1000}", true),
    ("a{", true),
    ("{{x}}", true),
    ("a{,5}", true),
    ("[]a]", true),
    ("[^]a]", true),
    ("[[a]", true),
    ("[a&&b]", true),
    ("[a~~b]", true),
    ("[[:alpha:]_]", true),
    (r"\Qa.b\E", true),
    (r"\pL\p{Greek}", true),
    (r"\x{10FFFF}\x41", true),
    (r"\012", true),
    (r"\12", true),
    (r"\_\-\%", true),
    (r"\bword\b", true),
    (r"\z", true),
    ("a*?", true),
    ("(a*)*", true),
    ("(", false),
    (")", false),
    ("[a", false),
    ("a**", false),
    ("a*+", false),
    ("*a", false),
    ("a{1001}", false),
    ("(a{100}){11}", false),
    ("a{2}{3}", false),
    ("a{5,2}", false),
    (r"(a)\1", false),
    ("(?=a)", false),
    ("(?<=a)b", false),
    ("(?x)a", false),
    (r"\u0041", false),
    (r"\Z", false),
    (r"\p{Nonsense}", false),
];

/// Prometheus' own checker is the judge of what a regular expression is.
#[test]
fn a_regular_expression_is_accepted_where_prometheus_accepts_it() {
    let folder = tempfile::tempdir().unwrap();
    for (index, (regex, valid)) in REGULAR_EXPRESSIONS.iter().enumerate() {
        let config = folder.path().join(format!("{index}.yml"));
        let step = json!({"action": "keep", "source_labels": ["a"], "regex": regex});
        let job = json!({"job_name": "a", "relabel_configs": [step]});
        fs::write(&config, json!({"scrape_configs": [job]}).to_string()).unwrap();
        let judged = promtool_check(&config, true);
        assert_eq!(judged.is_ok(), *valid, "{regex:?}: {judged:?}");
        assert_eq!(
            regex::fault(regex).is_none(),
            *valid,
            "{regex:?}: {:?}",
            regex::fault(regex)
        );
    }
}
