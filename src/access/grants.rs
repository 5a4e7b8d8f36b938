//! From needs to the fewest readable rules, for the cluster and for single namespaces.

use std::collections::BTreeMap;

use super::{Need, Right, Rule, Scope};

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

    /// How many rules these are.
    #[must_use]
    pub fn rules(&self) -> usize {
        let namespaced: usize = self.namespaces.values().map(Vec::len).sum();
        self.cluster.len() + namespaced
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

/// What makes two rights fit into one rule: group, verbs, names and jobs.
type Common = (String, Vec<String>, Vec<String>, Vec<String>);

fn merge(rights: Vec<(&Right, Vec<String>)>) -> Vec<Rule> {
    // First the verbs of one resource, then the resources that share everything else.
    let mut verbs_of: BTreeMap<(&str, &str, Option<&str>), BTreeMap<Vec<String>, Vec<String>>> =
        BTreeMap::new();
    let mut paths: BTreeMap<(&str, Vec<String>), Vec<String>> = BTreeMap::new();
    for (right, jobs) in rights {
        match right {
            Right::Resource {
                group,
                resource,
                verb,
                name,
            } => verbs_of
                .entry((group, resource, name.as_deref()))
                .or_default()
                .entry(jobs)
                .or_default()
                .push(verb.clone()),
            Right::Url { path, verb } => paths.entry((verb, jobs)).or_default().push(path.clone()),
        }
    }
    let mut resources: BTreeMap<(String, String, Vec<String>, Vec<String>), Vec<String>> =
        BTreeMap::new();
    for ((group, resource, name), by_jobs) in verbs_of {
        for (jobs, mut verbs) in by_jobs {
            verbs.sort();
            let key = (group.to_owned(), resource.to_owned(), verbs, jobs);
            resources
                .entry(key)
                .or_default()
                .extend(name.map(str::to_owned));
        }
    }
    let mut rules: Vec<(Common, Vec<String>)> = Vec::new();
    for ((group, resource, verbs, jobs), names) in resources {
        let common = (group, verbs, names, jobs);
        match rules.iter_mut().find(|(other, _)| *other == common) {
            Some((_, resources)) => resources.push(resource),
            None => rules.push((common, vec![resource])),
        }
    }
    let on_resources = rules
        .into_iter()
        .map(|((group, verbs, names, reasons), resources)| Rule {
            api_groups: vec![group],
            resources,
            resource_names: names,
            verbs,
            reasons,
            ..Rule::default()
        });
    let on_paths = paths.into_iter().map(|((verb, reasons), mut paths)| {
        paths.sort();
        Rule {
            non_resource_urls: paths,
            verbs: vec![verb.to_owned()],
            reasons,
            ..Rule::default()
        }
    });
    on_resources.chain(on_paths).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{both, scraping};
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
    fn what_the_cluster_grants_no_namespace_grants_again() {
        let grants = Grants::of(&both(&jobs(&["apiserver", "services"])));
        assert!(grants.namespaces.is_empty());
        assert_eq!(
            shown(&grants.cluster)[0],
            "pods,services list,watch # services,apiserver"
        );
    }
}
