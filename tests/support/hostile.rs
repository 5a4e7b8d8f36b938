//! Texts that would get out of their place.

use monconf::job::{Authority, Discovery, Job, Role, Selector};
use promconf::RelabelConfig;
use proptest::prelude::*;

/// Texts that would break out of a string, of a comment, of YAML or of Jinja, or into another type, and those that a
/// scanner has no way to read.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(PIECES).prop_map(str::to_owned),
        "[a-z0-9.:/-]{1,8}",
        any::<char>().prop_map(|character| character.to_string()),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

const PIECES: &[&str] = &[
    "\"",
    "'",
    "`",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "\u{b}",
    "\0",
    "$1",
    "${1}",
    "$$",
    "$1 ${X} $(Y)",
    "{{ label }}",
    "{% raw %}",
    "}\n",
    "//",
    "/*",
    "*/",
    "---\n",
    ": ",
    " #",
    "- ",
    "on",
    "null",
    "1_000",
    "2001-01-01",
    "!!python/object",
    "&a *a",
    "%}@`|>",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{fffd}",
    "\u{ff}",
    "  ",
];

/// A job that has everything, with one text in all of its places; what `monconf.yaml` may not hold is refused before it
/// comes to a template.
pub(crate) fn own_job(text: &str, role: Role) -> Job {
    let own = || text.to_owned();
    let step = RelabelConfig {
        action: "replace".to_owned(),
        source_labels: vec![own()],
        separator: Some(own()),
        regex: Some(own()),
        modulus: Some(2),
        target_label: Some(own()),
        replacement: Some(own()),
    };
    let selector = Selector {
        role,
        label: Some(own()),
        field: Some(own()),
    };
    Job {
        name: own(),
        summary: own(),
        job_name: own(),
        discovery: Discovery {
            namespaces: vec![own()],
            selectors: vec![selector],
            ..Discovery::all(role)
        },
        authority: Authority::ApiServer,
        tls: true,
        insecure_tls: false,
        metrics_path: own(),
        params: vec![("module".to_owned(), vec![own()])],
        interval: None,
        timeout: None,
        honor_labels: true,
        honor_timestamps: true,
        relabelling: vec![step.clone()],
        metric_relabelling: vec![step],
    }
}
