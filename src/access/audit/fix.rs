//! The smallest change of a role that takes a right away, where it can be told from the rule.

use serde_json::{Map, Value, json};

use super::check::{Check, KUBELET_EXEC};
use crate::access::bindings::{Held, Role};
use crate::access::{Right, Rule};
use crate::diff::{Line, unified};
use crate::yaml;

/// What to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// In words.
    pub advice: String,
    /// In the role's YAML; empty where the rule does not tell what else it is for.
    pub diff: Vec<Line>,
}

/// What a monitoring role needs of kubelets.
const METRICS: [&str; 2] = ["nodes/metrics", "nodes/stats"];

/// How to take `rights` from the rule.
pub(super) fn of(check: &Check, held: &Held<'_>, rights: &[Right]) -> Fix {
    let role = held.role;
    if role.is_default() {
        return Fix {
            advice: format!(
                "leave {} as it is and bind a role of its own instead, with what is needed; or take the subject out of {}",
                role.name, held.binding.name
            ),
            diff: Vec::new(),
        };
    }
    let Some(without) = without(check, role, held.rule, rights) else {
        return Fix {
            advice: format!(
                "write out what the rule is for in place of `*`: {}",
                check.remedy
            ),
            diff: Vec::new(),
        };
    };
    let mut rules = role.rules.clone();
    rules.splice(held.index..=held.index, without);
    Fix {
        advice: check.remedy.to_owned(),
        diff: unified(&manifest(role, &role.rules), &manifest(role, &rules), 2),
    }
}

/// The rules that take the rule's place; `None` where a `*` stands for the resource.
fn without(check: &Check, role: &Role, rule: &Rule, rights: &[Right]) -> Option<Vec<Rule>> {
    let (mut taken, mut verbs) = (Vec::new(), Vec::new());
    for right in rights {
        let Right::Resource { resource, verb, .. } = right else {
            continue;
        };
        let wild = resource.split_once('/').map(|(_, of)| format!("*/{of}"));
        if rule.resources.iter().any(|held| held == "*") {
            return None;
        }
        taken.extend([resource.clone()]);
        taken.extend(wild);
        verbs.push(verb.as_str());
    }
    let is_taken = |resource: &String| taken.contains(resource);
    let mut kept = rule.clone();
    kept.resources.retain(|resource| !is_taken(resource));
    if check.id == KUBELET_EXEC && monitors(role) && reads(rule) {
        let at = rule.resources.iter().position(is_taken).unwrap_or(0);
        let news = METRICS.iter().filter(|&&new| !grants(role, new));
        kept.resources
            .splice(at..at, news.map(|&new| new.to_owned()));
    }
    // On a subresource the other verbs mean nothing.
    let mut rest = rule.clone();
    rest.resources
        .retain(|resource| is_taken(resource) && !resource.contains('/'));
    rest.verbs
        .retain(|verb| verb != "*" && !verbs.contains(&verb.as_str()));
    let mut rules = vec![kept, rest];
    rules.retain(|rule| !rule.resources.is_empty() && !rule.verbs.is_empty());
    Some(rules)
}

fn reads(rule: &Rule) -> bool {
    rule.verbs.iter().any(|verb| verb == "get" || verb == "*")
}

fn grants(role: &Role, resource: &str) -> bool {
    let right = Right::resource("", resource, "get");
    role.rules.iter().any(|rule| rule.allows(&right))
}

/// Whether the role looks as if somebody scraped with it.
fn monitors(role: &Role) -> bool {
    const WORDS: [&str; 12] = [
        "prometheus",
        "monitor",
        "metric",
        "scrape",
        "grafana",
        "alloy",
        "agent",
        "telemetry",
        "otel",
        "observ",
        "collector",
        "datadog",
    ];
    let name = role.name.name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
        || METRICS.iter().any(|resource| grants(role, resource))
        || role
            .rules
            .iter()
            .any(|rule| rule.allows(&Right::get_url("/metrics")))
}

/// The role with these rules, as a manifest.
fn manifest(role: &Role, rules: &[Rule]) -> String {
    let mut metadata = json!({"name": role.name.name});
    if let Some(namespace) = &role.name.namespace {
        metadata["namespace"] = namespace.as_str().into();
    }
    let rules: Vec<Value> = rules.iter().map(value).collect();
    yaml::emit(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": role.name.kind,
        "metadata": metadata,
        "rules": rules,
    }))
}

/// A rule as it stands in a role, without what is empty.
pub(super) fn value(rule: &Rule) -> Value {
    let fields = [
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
        ("verbs", &rule.verbs),
    ];
    let fields = fields.into_iter().filter(|(_, values)| !values.is_empty());
    let map: Map<String, Value> = fields
        .map(|(name, values)| (name.to_owned(), json!(values)))
        .collect();
    Value::Object(map)
}
