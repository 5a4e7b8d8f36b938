//! kube-controller-manager and kube-scheduler, as the static pods that kubeadm makes of them.
//!
//! Both ask the API server whether the caller may `get` the path. Both listen on loopback only, unless they are started
//! with `--bind-address=0.0.0.0`, and make their own certificate, which nothing can verify.

use super::{Authority, Discovery, Job};
use promconf::{RelabelConfig, at_port};

pub(super) fn controller_manager() -> Job {
    static_pod("controller-manager", "kube-controller-manager", 10257)
}

pub(super) fn scheduler() -> Job {
    static_pod("scheduler", "kube-scheduler", 10259)
}

fn static_pod(name: &str, component: &str, port: u16) -> Job {
    Job {
        name: name.to_owned(),
        summary: format!("{component}'s own metrics; it must run with --bind-address=0.0.0.0"),
        job_name: component.to_owned(),
        discovery: Discovery::pods("kube-system", &format!("component={component}")),
        insecure_tls: true,
        relabelling: on_node(port),
        ..Job::secure(Authority::Component)
    }
}

/// The pods declare no port for metrics, or another one beside it; targets that then are equal are one.
pub(super) fn on_node(port: u16) -> Vec<RelabelConfig> {
    let mut steps = at_port("__meta_kubernetes_pod_ip", port.into());
    steps.extend([
        RelabelConfig::copy("__meta_kubernetes_pod_name", "instance"),
        RelabelConfig::copy("__meta_kubernetes_pod_node_name", "node"),
    ]);
    steps
}
