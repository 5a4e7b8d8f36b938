//! kube-proxy, on every node.

use super::control_plane::at_pod_port;
use super::{Discovery, Job, Relabelling};

pub(super) fn kube_proxy() -> Job {
    Job {
        name: "kube-proxy".to_owned(),
        summary: "kube-proxy's own metrics; it must run with metricsBindAddress 0.0.0.0:10249"
            .to_owned(),
        job_name: "kube-proxy".to_owned(),
        discovery: Discovery::pods("kube-system", "k8s-app=kube-proxy"),
        relabelling: vec![
            at_pod_port(10249),
            Relabelling::copy("__meta_kubernetes_pod_name", "instance"),
            Relabelling::copy("__meta_kubernetes_pod_node_name", "node"),
        ],
        ..Job::open()
    }
}
