//! RBAC rules, and RBAC's own matching.

use std::fmt;

use serde::Deserialize;

use super::Right;
use super::right::in_group;

/// A `PolicyRule` of RBAC, with the jobs that need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// `apiGroups`, empty for a rule on URLs.
    pub api_groups: Vec<String>,
    /// `resources`, empty for a rule on URLs.
    pub resources: Vec<String>,
    /// `resourceNames`; empty means every name.
    pub resource_names: Vec<String>,
    /// `nonResourceURLs`.
    #[serde(rename = "nonResourceURLs")]
    pub non_resource_urls: Vec<String>,
    /// `verbs`.
    pub verbs: Vec<String>,
    /// Why the rule is there: the jobs that need it, or a description.
    #[serde(skip)]
    pub reasons: Vec<String>,
}

impl Rule {
    /// The rule that grants one right alone.
    #[must_use]
    pub fn of(right: &Right) -> Self {
        match right {
            Right::Resource {
                group,
                resource,
                verb,
                name,
            } => Self {
                api_groups: vec![group.clone()],
                resources: vec![resource.clone()],
                resource_names: name.iter().cloned().collect(),
                verbs: vec![verb.clone()],
                ..Self::default()
            },
            Right::Url { path, verb } => Self {
                non_resource_urls: vec![path.clone()],
                verbs: vec![verb.clone()],
                ..Self::default()
            },
        }
    }

    /// Whether this rule alone allows `right`, as RBAC matches
    /// (`pkg/registry/rbac/validation/policy_comparator.go` of Kubernetes).
    #[must_use]
    pub fn allows(&self, right: &Right) -> bool {
        match right {
            Right::Resource {
                group,
                resource,
                verb,
                name,
            } => {
                self.allows_name(name.as_deref())
                    && matches(&self.verbs, verb)
                    && matches(&self.api_groups, group)
                    && self
                        .resources
                        .iter()
                        .any(|held| resource_matches(held, resource))
            }
            Right::Url { path, verb } => {
                matches(&self.verbs, verb)
                    && self
                        .non_resource_urls
                        .iter()
                        .any(|held| url_matches(held, path))
            }
        }
    }

    /// Whether the rule allows `verb` on the RBAC resource of that name.
    #[must_use]
    pub fn may(&self, verb: &str, resource: &str, name: &str) -> bool {
        matches(&self.verbs, verb)
            && matches(&self.api_groups, "rbac.authorization.k8s.io")
            && self
                .resources
                .iter()
                .any(|held| resource_matches(held, resource))
            && self.allows_name(Some(name))
    }

    /// A rule on some objects allows nothing that is asked about all of them.
    fn allows_name(&self, name: Option<&str>) -> bool {
        self.resource_names.is_empty()
            || name.is_some_and(|name| self.resource_names.iter().any(|held| held == name))
    }

    /// The fields of the rule as it stands in a role, in their usual order, without what is empty.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let fields = [
            ("apiGroups", &self.api_groups),
            ("resources", &self.resources),
            ("resourceNames", &self.resource_names),
            ("nonResourceURLs", &self.non_resource_urls),
            ("verbs", &self.verbs),
        ];
        let fields = fields.map(|(name, values)| (name, values.as_slice()));
        fields.into_iter().filter(|(_, values)| !values.is_empty())
    }

    /// The rule as an item of a role's `rules`, each field on a line of its own.
    #[must_use]
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        for (key, values) in self.fields() {
            let begin = if out.is_empty() { "- " } else { "  " };
            let values = yaml::flow(&values.into());
            out.extend([begin, key, ": ", &values, "\n"]);
        }
        out
    }

    /// Every single right that the rule grants.
    #[must_use]
    pub fn rights(&self) -> Vec<Right> {
        let mut rights = Vec::new();
        for verb in &self.verbs {
            for path in &self.non_resource_urls {
                rights.push(Right::Url {
                    path: path.clone(),
                    verb: verb.clone(),
                });
            }
            for group in &self.api_groups {
                for resource in &self.resources {
                    let right = Right::resource(group, resource, verb);
                    if self.resource_names.is_empty() {
                        rights.push(right);
                    } else {
                        let names = self.resource_names.iter();
                        rights.extend(names.map(|name| right.clone().named(name)));
                    }
                }
            }
        }
        rights
    }
}

/// `list, watch endpointslices.discovery.k8s.io`, `get nodes/metrics`, `list nodes (node-1)`, `get /metrics`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut what = self.non_resource_urls.clone();
        for group in &self.api_groups {
            what.extend(
                self.resources
                    .iter()
                    .map(|resource| in_group(resource, group)),
            );
        }
        write!(f, "{} {}", self.verbs.join(", "), what.join(", "))?;
        if self.resource_names.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.resource_names.join(", "))
    }
}

/// The rights of `wanted` that none of `held` allows, each once, in order.
#[must_use]
pub fn missing(wanted: &[Rule], held: &[Rule]) -> Vec<Right> {
    let mut missing: Vec<Right> = Vec::new();
    for right in wanted.iter().flat_map(Rule::rights) {
        if !held.iter().any(|rule| rule.allows(&right)) && !missing.contains(&right) {
            missing.push(right);
        }
    }
    missing
}

fn matches(held: &[String], wanted: &str) -> bool {
    held.iter().any(|held| held == "*" || held == wanted)
}

/// `*`, the resource itself, or `*/subresource`.
fn resource_matches(held: &str, wanted: &str) -> bool {
    held == "*"
        || held == wanted
        || matches!(
            (held.strip_prefix("*/"), wanted.split_once('/')),
            (Some(held), Some((_, wanted))) if held == wanted
        )
}

/// `*`, the path itself, or a prefix that ends in `*`.
fn url_matches(held: &str, wanted: &str) -> bool {
    held == wanted
        || held
            .strip_suffix('*')
            .is_some_and(|prefix| wanted.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(
        groups: &[&str],
        resources: &[&str],
        names: &[&str],
        urls: &[&str],
        verbs: &[&str],
    ) -> Rule {
        let own = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
        Rule {
            api_groups: own(groups),
            resources: own(resources),
            resource_names: own(names),
            non_resource_urls: own(urls),
            verbs: own(verbs),
            reasons: Vec::new(),
        }
    }

    #[test]
    fn matching_is_that_of_rbac() {
        let metrics = Right::resource("", "nodes/metrics", "get");
        let slices = Right::resource("discovery.k8s.io", "endpointslices", "list");
        let url = Right::get_url("/metrics");
        for (held, right, allowed) in [
            (rule(&["*"], &["*"], &[], &[], &["*"]), &metrics, true),
            (
                rule(&[""], &["*/metrics"], &[], &[], &["get"]),
                &metrics,
                true,
            ),
            (
                rule(&[""], &["*/proxy"], &[], &[], &["get"]),
                &metrics,
                false,
            ),
            (rule(&[""], &["nodes"], &[], &[], &["*"]), &metrics, false),
            (rule(&[""], &["nodes/*"], &[], &[], &["*"]), &metrics, false),
            (
                rule(&[""], &["nodes/metrics"], &["n1"], &[], &["get"]),
                &metrics,
                false,
            ),
            (
                rule(&[""], &["nodes/metrics"], &["n1"], &[], &["get"]),
                &metrics.clone().named("n1"),
                true,
            ),
            (
                rule(&[""], &["nodes/metrics"], &["n2"], &[], &["get"]),
                &metrics.clone().named("n1"),
                false,
            ),
            (rule(&[""], &["*"], &[], &[], &["*"]), &slices, false),
            (
                rule(
                    &["discovery.k8s.io"],
                    &["endpointslices"],
                    &[],
                    &[],
                    &["list"],
                ),
                &slices,
                true,
            ),
            (rule(&["*"], &["*"], &[], &[], &["*"]), &url, false),
            (rule(&[], &[], &[], &["/met*"], &["get"]), &url, true),
            (rule(&[], &[], &[], &["*"], &["*"]), &url, true),
            (rule(&[], &[], &[], &["/metrics/*"], &["get"]), &url, false),
        ] {
            assert_eq!(held.allows(right), allowed, "{held:?} and {right}");
        }
    }

    #[test]
    fn what_is_missing_is_said_once() {
        let wanted = [
            rule(&[""], &["nodes"], &[], &[], &["list", "watch"]),
            rule(&[""], &["nodes"], &[], &[], &["list"]),
            rule(&[], &[], &[], &["/metrics"], &["get"]),
        ];
        let held = [rule(&[""], &["nodes"], &[], &[], &["watch"])];
        let missing: Vec<String> = super::missing(&wanted, &held)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(missing, ["list nodes", "get /metrics"]);
    }
}
