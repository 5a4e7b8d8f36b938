//! Which rights a rotation takes: those that `docs/rotate.md` lists, and no other.

use std::fs;

use serde_json::Value;
use testbed::{ControlPlane, Scope};

use crate::support::docs::block;
use crate::support::rights::asked;
use crate::support::{Monconf, token};

/// The rules of the document for an instance, each with the namespace that it is about.
fn documented(scope: &Scope) -> Vec<(Option<String>, Value)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rotate.md");
    let text = fs::read_to_string(path).unwrap();
    let text = block(&text, "yaml")
        .replace("NAMESPACE", &scope.namespace)
        .replace("NAME", &scope.name);
    let roles = yaml::parse(&text, path).unwrap();
    let of = |role: &Value| {
        let namespace = role["metadata"]["namespace"].as_str();
        (namespace.map(str::to_owned), role["rules"].clone())
    };
    roles.iter().map(of).collect()
}

/// Each right of a rule as `VERB GROUP/RESOURCE NAME`.
fn rights(rule: &Value) -> Vec<String> {
    let list = |key: &str| {
        let values = rule[key].as_array().cloned().unwrap_or_default();
        let values = values
            .iter()
            .map(|value| value.as_str().unwrap().to_owned());
        let values: Vec<String> = values.collect();
        if values.is_empty() {
            vec![String::new()]
        } else {
            values
        }
    };
    let mut all = Vec::new();
    for verb in list("verbs") {
        for url in list("nonResourceURLs").iter().filter(|url| !url.is_empty()) {
            all.push(format!("{verb} {url}"));
        }
        for resource in list("resources")
            .iter()
            .filter(|resource| !resource.is_empty())
        {
            for name in list("resourceNames") {
                all.push(format!("{verb} {}/{resource} {name}", list("apiGroups")[0]));
            }
        }
    }
    all
}

#[test]
fn the_documented_rights_suffice_and_each_is_used() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("rotate-rights");
    let jobs = ["--jobs", "apiserver"];
    Monconf::prometheus(&scope, &["--apply"])
        .args(jobs)
        .run()
        .ok();
    let limited = cp.limited_user("rotator", &serde_json::json!([]));
    let documented = documented(&scope);
    for (namespace, rules) in &documented {
        cp.grant(&limited.name, namespace.as_deref(), rules);
    }
    let first = token::of_secret(&scope);
    for _ in 0..2 {
        let run = Monconf::for_consumer("rotate", &scope, &["--apply", "--overlap", "0s"])
            .args(jobs)
            .kubeconfig(&limited.kubeconfig)
            .run()
            .ok();
        assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    }
    assert_ne!(token::of_secret(&scope), first);
    let events = cp.audit(&limited.name);
    let refused = events.iter().filter(|event| event.code == 403);
    let refused: Vec<String> = refused.flat_map(asked).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let used: Vec<String> = events.iter().flat_map(asked).collect();
    let rules = documented.iter();
    let rules = rules.flat_map(|(_, rules)| rules.as_array().unwrap());
    for right in rules.flat_map(rights) {
        assert!(used.contains(&right), "{right} is not used: {used:#?}");
    }
}

#[test]
fn whoever_may_not_find_the_targets_is_told_and_the_token_is_not_blamed() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("rotate-blind");
    let jobs = ["--jobs", "apiserver"];
    Monconf::prometheus(&scope, &["--apply"])
        .args(jobs)
        .run()
        .ok();
    let limited = cp.limited_user("blind", &serde_json::json!([]));
    for (namespace, mut rules) in documented(&scope) {
        let finds_targets = |rule: &Value| {
            let resources = rule["resources"].as_array().into_iter().flatten();
            resources
                .into_iter()
                .any(|resource| *resource == "services")
        };
        rules
            .as_array_mut()
            .unwrap()
            .retain(|rule| !finds_targets(rule));
        cp.grant(&limited.name, namespace.as_deref(), &rules);
    }
    let first = token::of_secret(&scope);
    let run = Monconf::for_consumer("rotate", &scope, &["--apply", "--overlap", "0s"])
        .args(jobs)
        .kubeconfig(&limited.kubeconfig)
        .run()
        .ok();
    let told = format!(
        "warning: the new token is not tried at every target: {} may not list services in namespace default",
        limited.name
    );
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    assert_ne!(token::of_secret(&scope), first);
}

#[test]
fn where_the_token_is_in_a_file_less_suffices() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("rotate-file-rights");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    let form = [
        "--jobs",
        "apiserver",
        "--drop-in",
        drop_in.to_str().unwrap(),
    ];
    Monconf::prometheus(&scope, &["--apply"])
        .args(form)
        .run()
        .ok();
    let limited = cp.limited_user("file-rotator", &serde_json::json!([]));
    let token_secret = format!("{}-k8s-token", scope.name);
    for (namespace, mut rules) in documented(&scope) {
        let first = |rule: &Value, key: &str, value: &str| rule[key][0] == value;
        let rules = rules.as_array_mut().unwrap();
        rules.retain(|rule| {
            !first(rule, "resources", "services")
                && !first(rule, "apiGroups", "discovery.k8s.io")
                && !first(rule, "apiGroups", "monitoring.coreos.com")
        });
        for rule in rules.iter_mut() {
            if first(rule, "resourceNames", &token_secret) {
                rule["verbs"] = serde_json::json!(["get"]);
            }
        }
        let rules = Value::from(rules.clone());
        cp.grant(&limited.name, namespace.as_deref(), &rules);
    }
    let token = || fs::read_to_string(folder.path().join("k8s-credentials/token")).unwrap();
    let first = token();
    let run = Monconf::for_consumer("rotate", &scope, &["--apply", "--overlap", "0s"])
        .args(form)
        .kubeconfig(&limited.kubeconfig)
        .run()
        .ok();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_ne!(token(), first);
}
