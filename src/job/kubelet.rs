//! What every kubelet serves, scraped from the node directly.

use super::{Discovery, Endpoint, Job, Relabelling};

pub(super) fn kubelet() -> Job {
    Job {
        name: "kubelet",
        summary: "each kubelet's own metrics",
        job_name: "kubernetes-nodes",
        metrics_path: "/metrics",
        honor_timestamps: true,
        ..from_node()
    }
}

pub(super) fn cadvisor() -> Job {
    Job {
        name: "cadvisor",
        summary: "resource use of every container, from the kubelet's cAdvisor",
        job_name: "kubernetes-cadvisor",
        metrics_path: "/metrics/cadvisor",
        // cAdvisor stamps samples with the time of its own, slower collection: kept, a container's
        // last value would linger after its end and overlap with its successor's.
        honor_timestamps: false,
        ..from_node()
    }
}

fn from_node() -> Job {
    Job {
        name: "",
        summary: "",
        job_name: "",
        discovery: Discovery::Nodes,
        endpoint: Endpoint::Kubelet,
        metrics_path: "",
        // The scraped `namespace`, `pod` and `container` describe what was measured; without this
        // they would become `exported_namespace` and so on.
        honor_labels: true,
        honor_timestamps: true,
        relabelling: vec![
            Relabelling {
                action: "replace",
                source_labels: vec!["__metrics_path__"],
                regex: None,
                target_label: Some("metrics_path"),
            },
            Relabelling {
                action: "replace",
                source_labels: vec!["__meta_kubernetes_node_name"],
                regex: None,
                target_label: Some("node"),
            },
        ],
    }
}
