//! `role: ingress`.

use promconf::TargetLabels;
use serde_json::Value;

use super::{address, list, metadata, put, text};

/// One target for each path of each rule.
pub(super) fn targets(ingress: &Value) -> Vec<TargetLabels> {
    let spec = &ingress["spec"];
    let mut of_ingress = metadata("ingress", ingress);
    put(
        &mut of_ingress,
        "ingress_class_name",
        text(&spec["ingressClassName"]),
    );
    let mut targets = Vec::new();
    for rule in list(&spec["rules"]) {
        let host = match text(&rule["host"]) {
            "" => "*",
            host => host,
        };
        for path in paths(rule) {
            let mut labels = of_ingress.clone();
            put(&mut labels, "ingress_scheme", scheme(spec, host));
            put(&mut labels, "ingress_host", host);
            put(&mut labels, "ingress_path", path);
            address(&mut labels, host);
            targets.push(labels);
        }
    }
    targets
}

/// `/` for a path that is not written, also where the rule has none at all.
fn paths(rule: &Value) -> Vec<&str> {
    let paths = list(&rule["http"]["paths"]);
    if paths.is_empty() {
        return vec!["/"];
    }
    let written = |path: &'_ Value| -> bool { !text(&path["path"]).is_empty() };
    paths
        .iter()
        .map(|path| {
            if written(path) {
                text(&path["path"])
            } else {
                "/"
            }
        })
        .collect()
}

/// `https` for a host that one of the certificates is for, a wildcard included.
fn scheme(spec: &Value, host: &str) -> &'static str {
    let mut hosts = list(&spec["tls"])
        .iter()
        .flat_map(|tls| list(&tls["hosts"]));
    let covers = |pattern: &Value| {
        let pattern = text(pattern);
        pattern == host
            || pattern
                .strip_prefix("*.")
                .is_some_and(|domain| host.split_once('.').is_some_and(|(_, rest)| rest == domain))
    };
    if hosts.any(covers) { "https" } else { "http" }
}
