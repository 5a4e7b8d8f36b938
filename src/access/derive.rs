//! From jobs to rules: what each job needs, merged into the fewest readable rules.

use std::collections::BTreeMap;

use super::{Right, Rule};
use crate::job::{Discovery, Endpoint, Job};

/// Whose credentials service discovery uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discoverer {
    /// The identity that monconf makes: `kubernetes_sd_configs` with our token.
    Ours,
    /// Prometheus' own ServiceAccount, as with prometheus-operator; ours then needs no right for it.
    Prometheus,
}

/// The rules that `jobs` need, each with the jobs that need it; nothing more.
///
/// Rights that the same jobs need with the same verbs share a rule.
#[must_use]
pub fn derive(jobs: &[Job], discoverer: Discoverer) -> Vec<Rule> {
    let mut needed_by: BTreeMap<Right, Vec<String>> = BTreeMap::new();
    for job in jobs {
        for right in rights(job, discoverer) {
            needed_by
                .entry(right)
                .or_default()
                .push(job.name.to_owned());
        }
    }
    merge(needed_by)
}

/// What Prometheus' informers list and watch for each role is read from
/// `discovery/kubernetes/kubernetes.go` of Prometheus; what the kubelet checks for each path, from
/// `pkg/kubelet/server/auth.go` of Kubernetes.
fn rights(job: &Job, discoverer: Discoverer) -> Vec<Right> {
    let mut rights = Vec::new();
    if discoverer == Discoverer::Ours {
        let watched: &[(&str, &str)] = match job.discovery {
            Discovery::Service { .. } => &[
                ("discovery.k8s.io", "endpointslices"),
                ("", "services"),
                ("", "pods"),
            ],
            Discovery::Nodes => &[("", "nodes")],
        };
        for (group, resource) in watched {
            rights.push(Right::resource(group, resource, "list"));
            rights.push(Right::resource(group, resource, "watch"));
        }
    }
    rights.push(match job.endpoint {
        Endpoint::ApiServer => Right::get_url(job.metrics_path),
        Endpoint::Kubelet => Right::resource("", "nodes/metrics", "get"),
    });
    rights
}

fn merge(needed_by: BTreeMap<Right, Vec<String>>) -> Vec<Rule> {
    // First the verbs of one resource, then the resources that share group, verbs and jobs.
    let mut by_resource: BTreeMap<(String, String, Vec<String>), Vec<String>> = BTreeMap::new();
    let mut by_url: BTreeMap<(String, Vec<String>), Vec<String>> = BTreeMap::new();
    for (right, jobs) in needed_by {
        match right {
            Right::Resource {
                group,
                resource,
                verb,
                ..
            } => by_resource
                .entry((group, resource, jobs))
                .or_default()
                .push(verb),
            Right::Url { path, verb } => by_url.entry((verb, jobs)).or_default().push(path),
        }
    }
    let mut rules: Vec<Rule> = Vec::new();
    for ((group, resource, reasons), verbs) in by_resource {
        let same = rules.iter_mut().find(|rule| {
            rule.api_groups == [group.as_str()] && rule.verbs == verbs && rule.reasons == reasons
        });
        match same {
            Some(rule) => rule.resources.push(resource),
            None => rules.push(Rule {
                api_groups: vec![group],
                resources: vec![resource],
                verbs,
                reasons,
                ..Rule::default()
            }),
        }
    }
    rules.extend(by_url.into_iter().map(|((verb, reasons), paths)| Rule {
        non_resource_urls: paths,
        verbs: vec![verb],
        reasons,
        ..Rule::default()
    }));
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{catalogue, select};

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

    #[test]
    fn the_operator_format_needs_two_rules_for_three_jobs() {
        assert_eq!(
            shown(&derive(&catalogue(), Discoverer::Prometheus)),
            [
                "nodes/metrics get # kubelet,cadvisor",
                "/metrics get # apiserver"
            ]
        );
    }

    #[test]
    fn our_own_discovery_adds_list_and_watch() {
        assert_eq!(
            shown(&derive(&catalogue(), Discoverer::Ours)),
            [
                "nodes list,watch # kubelet,cadvisor",
                "nodes/metrics get # kubelet,cadvisor",
                "pods,services list,watch # apiserver",
                "discovery.k8s.ioendpointslices list,watch # apiserver",
                "/metrics get # apiserver"
            ]
        );
    }

    #[test]
    fn a_job_less_is_a_right_less() {
        let jobs = select(&["apiserver".to_owned()]).expect("a known job");
        assert_eq!(
            shown(&derive(&jobs, Discoverer::Prometheus)),
            ["/metrics get # apiserver"]
        );
    }
}
