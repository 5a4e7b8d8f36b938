//! With one right less that right is named, and it is what the command is refused for.

use std::collections::BTreeMap;
use std::thread;

use serde_json::{Value, json};
use testbed::ControlPlane;

use super::case::{Case, operator};
use super::report;
use crate::support::Run;

/// `get secrets NAME`, as it is told to people.
fn words(need: &Value) -> String {
    let text = |key: &str| need[key].as_str().unwrap_or_default();
    let group = match text("apiGroup") {
        "" => String::new(),
        group => format!(".{group}"),
    };
    let (resource, sub) = match text("resource").split_once('/') {
        Some((resource, sub)) => (resource, format!("/{sub}")),
        None => (text("resource"), String::new()),
    };
    format!(
        "{} {resource}{group}{sub} {}",
        text("verb"),
        text("resourceName")
    )
    .trim()
    .to_owned()
}

fn rule(need: &Value) -> Value {
    if need["nonResourceURL"].is_string() {
        return json!({"nonResourceURLs": [need["nonResourceURL"]], "verbs": [need["verb"]]});
    }
    let mut rule = json!({
        "apiGroups": [need["apiGroup"]], "resources": [need["resource"]], "verbs": [need["verb"]],
    });
    if need["resourceName"].is_string() {
        rule["resourceNames"] = json!([need["resourceName"]]);
    }
    rule
}

/// A right of a role that is granted, as a need.
fn held(words: &str) -> Value {
    let (verb, what) = words.split_once(' ').unwrap();
    if what.starts_with('/') {
        return json!({"verb": verb, "nonResourceURL": what});
    }
    json!({"verb": verb, "apiGroup": "", "resource": what})
}

/// The needs by number, those of roles that are granted at the end.
fn numbered(found: &Value) -> Vec<Value> {
    let needs = found["needs"].as_array().unwrap().clone().into_iter();
    let required = needs.filter(|need| need["required"] == true);
    let granted = found["grants"].as_array().unwrap().iter();
    let granted = granted.flat_map(|grant| grant["rights"].as_array().unwrap());
    required
        .chain(granted.map(|right| held(right.as_str().unwrap())))
        .collect()
}

fn optional(found: &Value) -> Vec<Value> {
    let needs = found["needs"].as_array().unwrap().clone().into_iter();
    needs.filter(|need| need["required"] != true).collect()
}

/// Everything but the right of that number; false where there is no such right.
fn without(cp: &ControlPlane, case: &Case, number: usize) -> bool {
    let scope = cp.scope(&format!("less {} {number}", case.name).replace(' ', "-"));
    let folder = tempfile::tempdir().unwrap();
    case.prepare(&scope, folder.path());
    // A Role needs its Namespace, which is made with the roles.
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scope.namespace}});
    let _ = cp.admin().post("/api/v1/namespaces", &namespace);
    let user = cp.user(&format!("less-{}", scope.name), &[]);
    let asked = case
        .ask(&scope, folder.path(), &["--as", &user.name, "-o", "json"])
        .run();
    let found = report(&asked);
    let mut needs = numbered(&found);
    if number >= needs.len() {
        return false;
    }
    let less = needs.remove(number);
    needs.extend(optional(&found));
    let mut rules: BTreeMap<Option<String>, Vec<Value>> = BTreeMap::new();
    for need in &needs {
        let namespace = need["namespace"].as_str().map(str::to_owned);
        rules.entry(namespace).or_default().push(rule(need));
    }
    for (namespace, rules) in &rules {
        cp.grant(&user.name, namespace.as_deref(), &json!(rules));
    }
    let words = if less["nonResourceURL"].is_string() {
        format!(
            "{} {}",
            less["verb"].as_str().unwrap(),
            less["nonResourceURL"].as_str().unwrap()
        )
    } else {
        words(&less)
    };
    let refused = case
        .ask(&scope, folder.path(), &["-o", "json"])
        .kubeconfig(&user.kubeconfig)
        .run();
    let now = report(&refused);
    let missing: Vec<String> = now["needs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|need| need["required"] == true && need["held"] == false)
        .map(self::words)
        .chain(now["grants"].as_array().unwrap().iter().flat_map(|grant| {
            let missing = grant["missing"].as_array().unwrap().iter();
            missing.map(|right| right.as_str().unwrap().to_owned())
        }))
        .collect();
    assert_eq!(
        missing,
        std::slice::from_ref(&words),
        "{}: {now:#}",
        case.name
    );
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("-o yaml | kubectl apply -f -"),
        "{refused:?}"
    );
    let mut runs: Vec<Run> = Vec::new();
    for _ in 0..case.times {
        runs.push(
            case.monconf(&scope, folder.path())
                .kubeconfig(&user.kubeconfig)
                .run(),
        );
    }
    let said: String = runs.iter().map(|run| run.stderr.as_str()).collect();
    assert!(
        runs.iter().any(|run| run.code == 1) && said.contains(&words),
        "{} without {words}: {said}",
        case.name
    );
    true
}

#[test]
fn one_right_less_is_named_and_is_what_the_command_is_refused_for() {
    const AT_ONCE: usize = 6;
    let cp = ControlPlane::shared();
    for case in operator() {
        let case = &case;
        thread::scope(|threads| {
            for first in 0..AT_ONCE {
                threads.spawn(move || {
                    let mut numbers = (first..).step_by(AT_ONCE);
                    numbers.find(|&number| !without(cp, case, number))
                });
            }
        });
    }
}
