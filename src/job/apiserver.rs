//! The API server, found behind the Service `default/kubernetes`.

use super::{Discovery, Endpoint, Job};

pub(super) fn apiserver() -> Job {
    Job {
        name: "apiserver",
        summary: "kube-apiserver's own metrics",
        job_name: "kubernetes-apiservers",
        discovery: Discovery::Service {
            namespace: "default",
            name: "kubernetes",
            // The API server maintains this Service itself, with these labels.
            labels: &[("component", "apiserver"), ("provider", "kubernetes")],
            port: "https",
        },
        endpoint: Endpoint::ApiServer,
        metrics_path: "/metrics",
        honor_labels: false,
        honor_timestamps: true,
        relabelling: Vec::new(),
    }
}
