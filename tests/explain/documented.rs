//! The table of `docs/diagnosis.md`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use monconf::object::{Kind, ObjectRef};
use monconf::rbac::bindings::Name;
use monconf::rbac::{Denied, Right, Scope};
use monconf::render::Selector;
use monconf::verify::diagnosis::{Cause, explain};
use serde_json::json;

use super::texts::TEXTS;

const BEGIN: &str = "<!-- causes: written by tests/explain where MONCONF_WRITE_DOCS=1 -->\n";
const END: &str = "<!-- causes: end -->";

/// What no text alone tells, and `monconf verify` finds out.
fn only_verified() -> Vec<Cause> {
    let denied = || Denied {
        user: "system:serviceaccount:monitoring:monitoring-sa".to_owned(),
        right: Right::resource("", "nodes/metrics", "get"),
        scope: Scope::Cluster,
    };
    let name = |kind, namespace: Option<&str>| Name {
        kind,
        namespace: namespace.map(str::to_owned),
        name: "monitoring".to_owned(),
    };
    vec![
        Cause::ClockSkew { seconds: -90 },
        Cause::Redirected {
            to: "http://10.0.0.5:8080/login".to_owned(),
            follows: false,
        },
        Cause::MissingRule {
            denied: denied(),
            role: Some(name("ClusterRole", None)),
        },
        Cause::MissingBinding {
            denied: denied(),
            role: name("ClusterRole", None),
        },
        Cause::WrongSubjectNamespace {
            denied: denied(),
            binding: name("ClusterRoleBinding", None),
            namespace: "default".to_owned(),
        },
        Cause::RoleNotClusterRole {
            denied: denied(),
            binding: name("RoleBinding", Some("monitoring")),
        },
    ]
}

/// What is found out of the objects of an operator and of the running Prometheus.
fn only_asked() -> Vec<Cause> {
    let monitor = || ObjectRef::namespaced(Kind::ServiceMonitor, "monitoring", "k8s");
    let prometheus = json!({
        "metadata": {"namespace": "monitoring", "name": "main"},
        "spec": {"serviceMonitorSelector": {"matchLabels": {"release": "main"}}},
    });
    let selector = Selector::of_prometheus(&prometheus, Kind::ServiceMonitor);
    let none = BTreeMap::new();
    vec![
        Cause::NotApplied { object: monitor() },
        Cause::NotSelected {
            object: monitor(),
            by: selector
                .mismatch("monitoring", &none, &none)
                .into_iter()
                .collect(),
        },
        Cause::NoService {
            monitor: monitor(),
            selector: "app=shop".to_owned(),
            namespaces: vec!["shop".to_owned()],
        },
        Cause::NoPort {
            monitor: monitor(),
            ports: vec!["metrics".to_owned()],
            has: vec!["http".to_owned()],
        },
        Cause::RejectedByOperator {
            object: monitor(),
            said: "ServiceMonitor k8s was rejected due to invalid configuration".to_owned(),
        },
        Cause::NotLoaded {
            pool: "serviceMonitor/monitoring/k8s/0".to_owned(),
            url: "http://127.0.0.1:9090".to_owned(),
        },
    ]
}

fn table() -> String {
    let seen = TEXTS
        .iter()
        .flat_map(|(_, text, _)| explain(text))
        .map(|finding| finding.cause);
    let mut examples = BTreeMap::new();
    for cause in seen.chain(only_verified()).chain(only_asked()) {
        examples.entry(cause.code()).or_insert(cause);
    }
    let mut text =
        String::from("| code | what it means, in an example | lines to paste |\n|---|---|---|\n");
    for code in Cause::CODES {
        let cause = examples
            .remove(code)
            .unwrap_or_else(|| panic!("no text has the cause {code}"));
        let fix = cause.fix().unwrap();
        let lines: Vec<String> = fix.lines().map(line).collect();
        let _ = writeln!(
            text,
            "| `{code}` | {} | {} |",
            cell(&cause.sentence()),
            lines.join("<br>")
        );
    }
    assert!(examples.is_empty(), "not in CODES: {examples:?}");
    text
}

/// What explains in words, what is pasted as code.
fn line(line: &str) -> String {
    match line.strip_prefix("# ") {
        Some(words) => cell(words),
        None => format!("`{}`", line.replace('|', "\\|")),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

#[test]
fn every_cause_is_in_the_table_as_it_is_explained() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnosis.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("MONCONF_WRITE_DOCS").is_some() {
        fs::write(&path, [before, BEGIN, &table, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(shown, table);
}
