//! From needs to the fewest readable rules, for the cluster and for single namespaces.

use std::collections::BTreeMap;
use std::fmt;

use super::Need;
use crate::rbac::{Right, Rule, Scope};

/// What the roles of one identity grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The rules of its ClusterRole.
    pub cluster: Vec<Rule>,
    /// The rules of its Role in each namespace.
    pub namespaces: BTreeMap<String, Vec<Rule>>,
}

impl Grants {
    /// The rules that grant exactly `needs`. Rights that the same jobs need with the same verbs share a rule; what is
    /// granted in the whole cluster is not granted again in a namespace.
    #[must_use]
    pub fn of(needs: &[Need]) -> Self {
        let mut by_scope: BTreeMap<&Scope, Vec<(&Right, Vec<String>)>> = BTreeMap::new();
        for need in needs.iter().filter(|need| !is_covered(need, needs)) {
            let jobs = jobs_of(need, needs);
            by_scope
                .entry(&need.scope)
                .or_default()
                .push((&need.right, jobs));
        }
        let mut grants = Self::default();
        for (scope, rights) in by_scope {
            let rules = merge(rights);
            match scope {
                Scope::Cluster => grants.cluster = rules,
                Scope::Namespace(namespace) => {
                    grants.namespaces.insert(namespace.clone(), rules);
                }
            }
        }
        grants
    }

    /// `wider` rules for the whole cluster, and beside them what grants the needs that those leave open.
    #[must_use]
    pub fn beside(wider: Vec<Rule>, needs: &[Need]) -> Self {
        let is_open = |need: &&Need| !wider.iter().any(|rule| rule.allows(&need.right));
        let open: Vec<Need> = needs.iter().filter(is_open).cloned().collect();
        let mut grants = Self::of(&open);
        grants.cluster.splice(0..0, wider);
        grants
    }

    /// Every single right that they grant, with the jobs that it is for.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        let of = |rules: &[Rule], scope: &Scope| -> Vec<Need> {
            let needs = rules.iter().flat_map(|rule| {
                rule.rights().into_iter().map(|right| Need {
                    right,
                    scope: scope.clone(),
                    jobs: rule.reasons.clone(),
                })
            });
            needs.collect()
        };
        let mut needs = of(&self.cluster, &Scope::Cluster);
        for (namespace, rules) in &self.namespaces {
            needs.extend(of(rules, &Scope::Namespace(namespace.clone())));
        }
        needs
    }

    /// Whether they allow a right in the whole cluster.
    #[must_use]
    pub fn allow(&self, right: &Right) -> bool {
        self.cluster.iter().any(|rule| rule.allows(right))
    }

    /// Whether they allow what is needed, where it is needed.
    #[must_use]
    pub fn meet(&self, need: &Need) -> bool {
        let there = match &need.scope {
            Scope::Cluster => None,
            Scope::Namespace(namespace) => self.namespaces.get(namespace),
        };
        let mut there = there.into_iter().flatten();
        self.allow(&need.right) || there.any(|rule| rule.allows(&need.right))
    }
}

/// `list, watch nodes (for kubelet); list, watch pods in default (for apiserver)`.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence =
            |rule: &Rule, place: &str| format!("{rule}{place} (for {})", rule.reasons.join(", "));
        let mut sentences: Vec<String> =
            self.cluster.iter().map(|rule| sentence(rule, "")).collect();
        for (namespace, rules) in &self.namespaces {
            let place = format!(" in {namespace}");
            sentences.extend(rules.iter().map(|rule| sentence(rule, &place)));
        }
        f.write_str(&sentences.join("; "))
    }
}

/// Whether another need grants it along.
fn is_covered(need: &Need, needs: &[Need]) -> bool {
    needs.iter().any(|other| covers(other, need))
}

/// Whether `other` is wider: in the whole cluster, or about every object.
fn covers(other: &Need, need: &Need) -> bool {
    let wide_enough = other.scope == Scope::Cluster || other.scope == need.scope;
    let same = (&other.scope, &other.right) == (&need.scope, &need.right);
    !same
        && wide_enough
        && (other.right == need.right || other.right == need.right.of_every_object())
}

/// The jobs of a need, and of those that it covers.
fn jobs_of(need: &Need, needs: &[Need]) -> Vec<String> {
    let mut jobs = need.jobs.clone();
    for covered in needs.iter().filter(|other| covers(need, other)) {
        for job in &covered.jobs {
            if !jobs.contains(job) {
                jobs.push(job.clone());
            }
        }
    }
    jobs
}

/// Each right as a rule; then rules that differ in one respect only become one: in their verbs, in the names of
/// objects, in their resources, in their paths.
fn merge(mut rights: Vec<(&Right, Vec<String>)>) -> Vec<Rule> {
    rights.sort();
    let rules = rights
        .into_iter()
        .map(|(right, reasons)| Rule {
            reasons,
            ..Rule::of(right)
        })
        .collect();
    let rules = join(rules, |rule| &mut rule.verbs);
    let rules = join(rules, |rule| &mut rule.resource_names);
    let rules = join(rules, |rule| &mut rule.resources);
    let mut rules = join(rules, |rule| &mut rule.non_resource_urls);
    rules.sort_by_key(|rule| !rule.non_resource_urls.is_empty());
    rules
}

/// Rules that are alike but for the list that `part` gives become one with both lists. An empty list has a meaning of
/// its own, and stays by itself.
fn join(rules: Vec<Rule>, part: fn(&mut Rule) -> &mut Vec<String>) -> Vec<Rule> {
    let mut joined: Vec<(Rule, Vec<String>)> = Vec::new();
    for mut rule in rules {
        let items = std::mem::take(part(&mut rule));
        let like = joined
            .iter_mut()
            .find(|(other, list)| *other == rule && list.is_empty() == items.is_empty());
        match like {
            Some((_, list)) => list.extend(items),
            None => joined.push((rule, items)),
        }
    }
    let whole = joined.into_iter().map(|(mut rule, mut list)| {
        list.sort();
        list.dedup();
        *part(&mut rule) = list;
        rule
    });
    whole.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{both, observer, scraping};
    use crate::job::{BLACKBOX_EXPORTER, DEFAULT, catalogue, select};

    fn shown(rules: &[Rule]) -> Vec<String> {
        rules
            .iter()
            .map(|rule| {
                format!(
                    "{}{}{} {} # {}",
                    rule.api_groups.join(","),
                    rule.resources.join(","),
                    rule.non_resource_urls.join(","),
                    rule.verbs.join(","),
                    rule.reasons.join(",")
                )
            })
            .collect()
    }

    fn jobs(names: &[&str]) -> Vec<crate::job::Job> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        select(&names, catalogue(BLACKBOX_EXPORTER)).expect("known jobs")
    }

    #[test]
    fn whoever_only_scrapes_needs_two_rules_for_three_jobs() {
        let grants = Grants::of(&scraping(&jobs(&DEFAULT)));
        assert_eq!(
            shown(&grants.cluster),
            [
                "nodes/metrics get # kubelet,cadvisor",
                "/metrics get # apiserver"
            ]
        );
        assert!(grants.namespaces.is_empty());
    }

    #[test]
    fn discovery_in_a_namespace_is_granted_there() {
        let grants = Grants::of(&both(&jobs(&DEFAULT)));
        assert_eq!(
            shown(&grants.cluster),
            [
                "nodes list,watch # kubelet,cadvisor",
                "nodes/metrics get # kubelet,cadvisor",
                "/metrics get # apiserver"
            ]
        );
        assert_eq!(
            shown(&grants.namespaces["default"]),
            [
                "pods,services list,watch # apiserver",
                "discovery.k8s.ioendpointslices list,watch # apiserver",
            ]
        );
    }

    #[test]
    fn an_observer_may_also_do_what_its_jobs_need_beyond() {
        let ingress_and_slis = jobs(&["ingresses", "kubelet-slis"]);
        let grants = Grants::beside(observer(false), &both(&ingress_and_slis));
        assert_eq!(grants.cluster, observer(false));
        let mut pods = jobs(&["pods"]);
        pods[0]
            .discovery
            .attach_metadata
            .insert(crate::job::Attachment::Namespace);
        let grants = Grants::beside(observer(false), &both(&pods));
        let last = grants.cluster.last().map(ToString::to_string);
        assert_eq!(last.as_deref(), Some("list, watch namespaces"));
    }

    #[test]
    fn what_the_cluster_grants_no_namespace_grants_again() {
        let grants = Grants::of(&both(&jobs(&["apiserver", "services"])));
        assert!(grants.namespaces.is_empty());
        assert_eq!(
            shown(&grants.cluster)[0],
            "pods,services list,watch # services,apiserver"
        );
    }
}
