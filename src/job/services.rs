//! Well-known Services that serve metrics to everybody.

use super::{Discovery, Job};
use promconf::RelabelConfig;

/// The Service keeps the name and label of its predecessor.
pub(super) fn coredns() -> Job {
    behind(
        "coredns",
        "CoreDNS' own metrics",
        Discovery::service(
            Some("kube-system"),
            &[("k8s-app", &["kube-dns"])],
            &["metrics"],
        ),
    )
}

pub(super) fn kube_state_metrics() -> Job {
    Job {
        // The scraped labels name the object that is described, not the exporter.
        honor_labels: true,
        relabelling: Vec::new(),
        ..behind(
            "kube-state-metrics",
            "the state of every object, from kube-state-metrics",
            Discovery::service(
                None,
                &[("app.kubernetes.io/name", &["kube-state-metrics"])],
                // As its own manifests name the port, and as its chart does.
                &["http-metrics", "http"],
            ),
        )
    }
}

pub(super) fn node_exporter() -> Job {
    Job {
        relabelling: vec![RelabelConfig::copy(
            "__meta_kubernetes_pod_node_name",
            "node",
        )],
        ..behind(
            "node-exporter",
            "hardware and kernel of every node, from node_exporter",
            Discovery::service(
                None,
                &[(
                    "app.kubernetes.io/name",
                    &["node-exporter", "prometheus-node-exporter"],
                )],
                &["metrics", "http-metrics"],
            ),
        )
    }
}

fn behind(name: &str, summary: &str, discovery: Discovery) -> Job {
    Job {
        name: name.to_owned(),
        summary: summary.to_owned(),
        job_name: name.to_owned(),
        discovery,
        relabelling: vec![
            RelabelConfig::copy("__meta_kubernetes_namespace", "namespace"),
            RelabelConfig::copy("__meta_kubernetes_pod_name", "pod"),
        ],
        ..Job::open()
    }
}
