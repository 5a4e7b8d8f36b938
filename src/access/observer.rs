//! `--access observer`: the full read set of a general cluster observer, wider than any job needs.

use crate::rbac::Rule;

/// The read set, rule by rule.
///
/// It is what monitoring tutorials grant, corrected: the API group `extensions` is gone (it has
/// served no Ingress since Kubernetes 1.22) and `/metrics/cadvisor` is not a path of the API server.
/// EndpointSlices are added, which discovery reads today. `nodes/proxy` comes only where asked for:
/// `get` on it executes commands in every pod of the node.
#[must_use]
pub fn observer(allow_nodes_proxy: bool) -> Vec<Rule> {
    let mut rules = vec![
        read(
            "",
            &[
                "nodes",
                "services",
                "endpoints",
                "pods",
                "replicationcontrollers",
                "persistentvolumes",
                "persistentvolumeclaims",
            ],
            "what runs where",
        ),
        read("discovery.k8s.io", &["endpointslices"], "service discovery"),
        read(
            "apps",
            &["daemonsets", "deployments", "replicasets", "statefulsets"],
            "state of workloads",
        ),
        read("networking.k8s.io", &["ingresses"], "what is exposed"),
        Rule {
            verbs: vec!["get".into()],
            ..read(
                "",
                &["nodes/metrics", "nodes/stats"],
                "kubelets' metrics and resource statistics",
            )
        },
        Rule {
            non_resource_urls: vec!["/metrics".into()],
            verbs: vec!["get".into()],
            reasons: vec!["the API server's metrics".into()],
            ..Rule::default()
        },
    ];
    if allow_nodes_proxy {
        rules.push(Rule {
            verbs: vec!["get".into()],
            ..read(
                "",
                &["nodes/proxy"],
                "DANGEROUS: executes commands in every pod",
            )
        });
    }
    rules
}

fn read(group: &str, resources: &[&str], reason: &str) -> Rule {
    Rule {
        api_groups: vec![group.to_owned()],
        resources: resources.iter().map(|&name| name.to_owned()).collect(),
        verbs: ["get", "list", "watch"].map(str::to_owned).into(),
        reasons: vec![reason.to_owned()],
        ..Rule::default()
    }
}
