//! The smallest change of a role that takes a right away, where it can be told from the rule.

use serde_json::{Map, Value, json};

use super::built_in::is_of_control_plane;
use super::check::{Check, FULL_ACCESS, KUBELET_EXEC};
use crate::diff::{Line, unified};
use crate::rbac::bindings::{Binding, Held, Role, Subject};
use crate::rbac::{Right, Rule};

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

impl Fix {
    /// Of what Kubernetes creates and relies on.
    pub(super) fn none(binding: &Binding) -> Self {
        Self {
            advice: format!(
                "none: Kubernetes creates {} and needs it as it is",
                binding.name
            ),
            diff: Vec::new(),
        }
    }
}

/// How to take `rights` from the rule.
pub(super) fn of(check: &Check, held: &Held<'_>, rights: &[Right], subject: &Subject) -> Fix {
    let role = held.role;
    if is_of_control_plane(subject) {
        return Fix {
            advice: format!(
                "none for {subject}, which the cluster needs: compare {} with that of a new cluster of the same version, or with the documentation of the tool that created it",
                held.binding.name
            ),
            diff: Vec::new(),
        };
    }
    if role.is_default() {
        return Fix {
            advice: format!(
                "{} comes with the cluster, so bind a role with what is needed instead, or take {subject} out of {}",
                held.binding.role, held.binding.name
            ),
            diff: Vec::new(),
        };
    }
    let Some(without) = without(check, role, held.rule, rights) else {
        let advice = match check.id {
            FULL_ACCESS => check.remedy.to_owned(),
            _ => format!(
                "write out what the rule is for in place of `*`, without {}",
                resources(rights).join(", ")
            ),
        };
        return Fix {
            advice,
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
fn without(check: &Check, role: &Role, of: &Rule, rights: &[Right]) -> Option<Vec<Rule>> {
    let (mut taken, mut verbs) = (Vec::new(), Vec::new());
    for right in rights {
        let Right::Resource { resource, verb, .. } = right else {
            continue;
        };
        let wild = resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
        if of.resources.iter().any(|held| held == "*") {
            return None;
        }
        taken.extend([resource.clone()]);
        taken.extend(wild);
        verbs.push(verb.as_str());
    }
    let is_taken = |resource: &String| taken.contains(resource);
    let mut kept = of.clone();
    kept.resources.retain(|resource| !is_taken(resource));
    if check.id == KUBELET_EXEC && monitors(role) && reads(of) {
        let at = of.resources.iter().position(is_taken).unwrap_or(0);
        let news = METRICS.iter().filter(|&&new| !grants(role, new));
        kept.resources
            .splice(at..at, news.map(|&new| new.to_owned()));
    }
    // On a subresource the other verbs mean nothing.
    let mut rest = of.clone();
    rest.resources
        .retain(|resource| is_taken(resource) && !resource.contains('/'));
    rest.verbs
        .retain(|verb| verb != "*" && !verbs.contains(&verb.as_str()));
    let mut rules = vec![kept, rest];
    rules.retain(|rule| !rule.resources.is_empty() && !rule.verbs.is_empty());
    Some(rules)
}

/// The resources of `rights`, each once.
fn resources(rights: &[Right]) -> Vec<&str> {
    let mut resources: Vec<&str> = Vec::new();
    for right in rights {
        if let Right::Resource { resource, .. } = right
            && !resources.contains(&resource.as_str())
        {
            resources.push(resource);
        }
    }
    resources
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
    let map: Map<String, Value> = rule
        .fields()
        .map(|(name, values)| (name.to_owned(), json!(values)))
        .collect();
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::LineKind;
    use crate::rbac::audit::audit;
    use crate::rbac::bindings::Roles;

    /// A ClusterRole with these rules, bound to everybody.
    fn roles(name: &str, rules: &Value) -> Roles {
        let mut all = Roles::default();
        let api = "rbac.authorization.k8s.io";
        for object in [
            json!({"apiVersion": format!("{api}/v1"), "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}),
            json!({
                "apiVersion": format!("{api}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": name},
                "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": name},
                "subjects": [{"kind": "Group", "name": "all"}],
            }),
        ] {
            all.add(&object, None).expect("well-formed");
        }
        all
    }

    fn changed(diff: &[Line]) -> Vec<String> {
        let sign = |line: &Line| match line.kind {
            LineKind::Added => Some(format!("+{}", line.text)),
            LineKind::Removed => Some(format!("-{}", line.text)),
            LineKind::Context | LineKind::Hunk => None,
        };
        diff.iter().filter_map(sign).collect()
    }

    #[test]
    fn a_fix_takes_away_the_right_and_nothing_else() {
        let rule = |resources: &[&str], verbs: &[&str]| json!([{"apiGroups": [""], "resources": resources, "verbs": verbs}]);
        for (name, rules, expected) in [
            (
                "prometheus",
                rule(&["nodes", "nodes/proxy"], &["get", "list"]),
                vec![
                    "-  resources: [nodes, nodes/proxy]",
                    "+  resources: [nodes, nodes/metrics, nodes/stats]",
                ],
            ),
            // What is there already is not given twice.
            (
                "any",
                rule(&["nodes/metrics", "nodes/proxy"], &["get"]),
                vec![
                    "-  resources: [nodes/metrics, nodes/proxy]",
                    "+  resources: [nodes/metrics, nodes/stats]",
                ],
            ),
            // Nobody scrapes with it.
            (
                "debugger",
                rule(&["nodes", "nodes/proxy"], &["get"]),
                vec![
                    "-  resources: [nodes, nodes/proxy]",
                    "+  resources: [nodes]",
                ],
            ),
            // A verb less for one resource of two makes two rules.
            (
                "writer",
                rule(&["secrets", "configmaps"], &["get", "create"]),
                vec![
                    "-  resources: [secrets, configmaps]",
                    "+  resources: [configmaps]",
                    "+- apiGroups: [\"\"]",
                    "+  resources: [secrets]",
                    "+  verbs: [create]",
                ],
            ),
            (
                "proxies",
                rule(&["*/proxy", "pods"], &["get"]),
                vec!["-  resources: [\"*/proxy\", pods]", "+  resources: [pods]"],
            ),
            ("star", rule(&["*"], &["get"]), vec![]),
        ] {
            let roles = roles(name, &rules);
            let findings = audit(&roles, false);
            let diff = changed(&findings[0].fix.diff);
            assert_eq!(diff, expected, "{name}");
        }
    }

    #[test]
    fn a_rule_without_the_right_is_no_finding() {
        let rules = json!([
            {"apiGroups": [""], "resources": ["nodes/proxy", "pods/exec", "secrets", "pods"], "verbs": ["get", "create"]},
            {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]},
            {"apiGroups": ["", "apps"], "resources": ["secrets", "deployments"], "verbs": ["*"], "resourceNames": ["a"]},
        ]);
        let before = roles("many", &rules);
        let findings = audit(&before, false);
        assert!(findings.len() >= 6);
        for finding in &findings {
            let held = before.given(before.bindings().next().expect("one"));
            let held = held
                .iter()
                .find(|held| held.index == finding.index)
                .expect("held");
            let without =
                without(finding.check, held.role, held.rule, &finding.rights).expect("no wildcard");
            let mut rules = held.role.rules.clone();
            rules.splice(finding.index..=finding.index, without);
            let rules: Vec<Value> = rules.iter().map(value).collect();
            let left = audit(&roles("many", &json!(rules)), false);
            let count = |findings: &[super::super::Finding]| {
                findings
                    .iter()
                    .filter(|left| left.check.id == finding.check.id)
                    .count()
            };
            assert_eq!(
                count(&left),
                count(&findings) - 1,
                "{}: {rules:?}",
                finding.check.id
            );
        }
    }
}
