//! A real Prometheus, outside the cluster or in a Pod of it, or a real Grafana Agent.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use testbed::client::Identity;
use testbed::poll::poll;
use testbed::prometheus::Target;
use testbed::{Client, GrafanaAgent, Pod, Prometheus, Scope};

use super::world::{PROMETHEUS, World};

/// Where its configuration is mounted.
const CONFIG: &str = "/config";
/// Where the token Secret is mounted.
pub(super) const SECRET: &str = "/secret";
const PORT: u16 = 9090;

/// A main configuration that reads a drop-in.
pub(super) const MAIN: &str =
    "global: {scrape_interval: 2s, scrape_timeout: 2s}\nscrape_config_files: [k8s.yml]\n";

/// A running Prometheus, or Grafana Agent.
pub(super) enum Consumer {
    /// On this machine, with the folder of its configuration.
    Host {
        prometheus: Prometheus,
        _folder: TempDir,
    },
    /// In a Pod.
    Pod(Client),
    /// Static mode or flow mode on this machine, with the folder of its configuration.
    Grafana {
        agent: GrafanaAgent,
        _folder: TempDir,
    },
}

impl Consumer {
    /// Starts one on this machine with `prometheus.yml` of a folder.
    pub(super) fn on_host(folder: TempDir, environment: &[(&str, &str)]) -> Self {
        Self::Host {
            prometheus: Prometheus::start_with(folder.path(), &[], environment),
            _folder: folder,
        }
    }

    /// Starts one in a Pod of the instance's namespace with `configs` as its drop-in.
    pub(super) fn in_pod(
        world: &World,
        scope: &Scope,
        configs: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let namespace = &scope.namespace;
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "prometheus"},
            "data": {"prometheus.yml": MAIN, "k8s.yml": configs},
        });
        scope
            .admin()
            .post(&format!("/api/v1/namespaces/{namespace}/configmaps"), &map)
            .unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}));
        let container = json!({
            "env": environment.collect::<Vec<_>>(),
            "volumeMounts": [
                {"name": "config", "mountPath": CONFIG},
                {"name": "secret", "mountPath": SECRET, "readOnly": true},
            ],
        });
        let spec = json!({
            "volumes": [
                {"name": "config", "configMap": {"name": "prometheus"}},
                {"name": "secret", "secret": {"secretName": format!("{}-k8s-token", scope.name)}},
            ],
            // Nothing here answers for the cluster's names.
            "hostAliases": [{"ip": "10.96.0.1", "hostnames": ["kubernetes.default.svc"]}],
            "automountServiceAccountToken": false,
        });
        let config = format!("--config.file={CONFIG}/prometheus.yml");
        let pod = Pod {
            image: PROMETHEUS,
            args: &[&config, "--storage.tsdb.path=/data"],
            container: container.as_object().unwrap().clone(),
            spec: spec.as_object().unwrap().clone(),
            ..Pod::default()
        };
        let address: Ipv4Addr = world.cluster.run_pod(namespace, "prometheus", &pod);
        let url = format!("http://{address}:{PORT}");
        let client = Client::unverified(&url, &Identity::Anonymous);
        poll(Duration::from_secs(30), || client.get(Target::PATH).ok()).unwrap_or_else(|| {
            panic!(
                "Prometheus in a Pod does not answer: {}",
                world.cluster.pod_log(namespace, "prometheus")
            )
        });
        Self::Pod(client)
    }

    /// Everything that it scrapes now.
    pub(super) fn targets(&self) -> Vec<Target> {
        match self {
            Self::Host { prometheus, .. } => prometheus.targets(),
            Self::Grafana { agent, .. } => agent.targets(),
            Self::Pod(client) => Target::all(&client.get(Target::PATH).unwrap()["data"]),
        }
    }
}
