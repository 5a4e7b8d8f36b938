//! What every kubelet serves.

use super::{Authority, Discovery, Job, Role};
use promconf::RelabelConfig;

pub(super) fn kubelet() -> Job {
    from_node(
        "kubelet",
        "kubernetes-nodes",
        "/metrics",
        "each kubelet's own metrics",
    )
}

pub(super) fn cadvisor() -> Job {
    Job {
        // cAdvisor stamps samples with the time of its own, slower collection: kept, a container's
        // last value would linger after its end and overlap with its successor's.
        honor_timestamps: false,
        ..from_node(
            "cadvisor",
            "kubernetes-cadvisor",
            "/metrics/cadvisor",
            "resource use of every container, from the kubelet's cAdvisor",
        )
    }
}

pub(super) fn resource() -> Job {
    from_node(
        "kubelet-resource",
        "kubernetes-resource",
        "/metrics/resource",
        "CPU and memory of nodes, pods and containers, as autoscalers read them",
    )
}

pub(super) fn probes() -> Job {
    from_node(
        "kubelet-probes",
        "kubernetes-probes",
        "/metrics/probes",
        "results of liveness, readiness and startup probes",
    )
}

pub(super) fn slis() -> Job {
    from_node(
        "kubelet-slis",
        "kubernetes-kubelet-slis",
        "/metrics/slis",
        "health checks of each kubelet, for service level indicators",
    )
}

fn from_node(name: &str, job_name: &str, path: &str, summary: &str) -> Job {
    Job {
        name: name.to_owned(),
        summary: summary.to_owned(),
        job_name: job_name.to_owned(),
        discovery: Discovery::all(Role::Node),
        metrics_path: path.to_owned(),
        // The scraped `namespace`, `pod` and `container` describe what was measured; without this
        // they would become `exported_namespace` and so on.
        honor_labels: true,
        relabelling: vec![
            RelabelConfig::copy("__metrics_path__", "metrics_path"),
            RelabelConfig::copy("__meta_kubernetes_node_name", "node"),
        ],
        ..Job::secure(Authority::Kubelet)
    }
}

impl Job {
    /// A kubelet's job by way of the API server at the URL `server`, which asks for `nodes/proxy`; any other job as it
    /// is.
    #[must_use]
    pub fn through_api_server(mut self, server: &str) -> Self {
        if self.authority != Authority::KubeletProxy {
            return self;
        }
        let address = server
            .split_once("://")
            .map_or(server, |(_, address)| address);
        // Behind a gateway an API server has a path of its own.
        let (address, prefix) = address.split_once('/').unwrap_or((address, ""));
        let prefix = prefix.trim_end_matches('/').replace('$', "$$");
        let prefix = if prefix.is_empty() {
            prefix
        } else {
            format!("/{prefix}")
        };
        let path = format!(
            "{prefix}/api/v1/nodes/$1/proxy{}",
            self.metrics_path.replace('$', "$$")
        );
        // Last, so that the label `metrics_path` is the kubelet's path still.
        self.relabelling.extend([
            RelabelConfig::constant("__address__", address),
            RelabelConfig::replace(
                &["__meta_kubernetes_node_name"],
                "(.+)",
                "__metrics_path__",
                &path,
            ),
        ]);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_through_the_api_server_keeps_its_address_and_path_apart() {
        for (server, address, path) in [
            (
                "https://10.0.0.1:6443",
                "10.0.0.1:6443",
                "/api/v1/nodes/$1/proxy/metrics",
            ),
            (
                "https://10.0.0.1:6443/",
                "10.0.0.1:6443",
                "/api/v1/nodes/$1/proxy/metrics",
            ),
            (
                "https://gate.example/k8s/c-1",
                "gate.example",
                "/k8s/c-1/api/v1/nodes/$1/proxy/metrics",
            ),
        ] {
            let mut job = kubelet();
            job.authority = Authority::KubeletProxy;
            let steps = job.through_api_server(server).relabelling;
            let written: Vec<&str> = steps
                .iter()
                .rev()
                .take(2)
                .filter_map(|step| step.replacement.as_deref())
                .collect();
            assert_eq!(written, [path, address], "{server}");
        }
    }
}
