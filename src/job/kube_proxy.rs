//! kube-proxy, on every node.

use super::control_plane::on_node;
use super::{Discovery, Job};

pub(super) fn kube_proxy() -> Job {
    Job {
        name: "kube-proxy".to_owned(),
        summary: "kube-proxy's own metrics; it must run with metricsBindAddress 0.0.0.0:10249"
            .to_owned(),
        job_name: "kube-proxy".to_owned(),
        discovery: Discovery::pods("kube-system", "k8s-app=kube-proxy"),
        relabelling: on_node(10249),
        ..Job::open()
    }
}
