//! A Prometheus in a Pod that mounts the token Secret.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Value, json};
use testbed::client::Identity;
use testbed::poll::poll;
use testbed::prometheus::Target;
use testbed::{Client, Cluster, Component, Pod, Scope};

/// The image of a Prometheus.
pub(crate) const IMAGE: &str = "testbed.invalid/prometheus:1";
/// Where the token Secret is mounted.
pub(crate) const SECRET: &str = "/secret";
/// Makes Prometheus say in its log why a scrape failed, of each.
pub(crate) const TELLS_FAILURES: &str = "--log.level=debug";
/// Where its configuration is mounted.
const CONFIG: &str = "/config";
const PORT: u16 = 9090;

/// Gives the image to the cluster's node, once.
pub(crate) fn import(cluster: &Cluster) {
    static IMPORTED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut imported = IMPORTED.lock().unwrap();
    if imported.insert(cluster.node.directory()) {
        let program = Component::Prometheus.binary("prometheus");
        cluster.node.import_image(IMAGE, &[&program]);
    }
}

/// One in the namespace of a test; it has no token but the one in the Secret.
pub(crate) struct PrometheusPod(Client);

impl PrometheusPod {
    /// Starts one whose `prometheus.yml` is `main` and whose `k8s.yml` is `configs`, and waits until it answers.
    pub(crate) fn start(
        cluster: &Cluster,
        scope: &Scope,
        (main, configs): (&str, &str),
        environment: &[(&str, &str)],
    ) -> Self {
        import(cluster);
        let namespace = &scope.namespace;
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "prometheus"},
            "data": {"prometheus.yml": main, "k8s.yml": configs},
        });
        let maps = format!("/api/v1/namespaces/{namespace}/configmaps");
        scope.admin().post(&maps, &map).unwrap();
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
            image: IMAGE,
            args: &[&config, "--storage.tsdb.path=/data", TELLS_FAILURES],
            container: container.as_object().unwrap().clone(),
            spec: spec.as_object().unwrap().clone(),
            ..Pod::default()
        };
        let address: Ipv4Addr = cluster.run_pod(namespace, "prometheus", &pod);
        let url = format!("http://{address}:{PORT}");
        let client = Client::unverified(&url, &Identity::Anonymous);
        poll(|| client.get(Target::PATH).ok()).unwrap_or_else(|| {
            panic!(
                "Prometheus in a Pod does not answer: {}",
                cluster.pod_log(namespace, "prometheus")
            )
        });
        Self(client)
    }

    /// Everything that it scrapes now.
    pub(crate) fn targets(&self) -> Vec<Target> {
        Target::all(&self.0.get(Target::PATH).unwrap()["data"])
    }

    /// The result of an instant query: the API's `result` list.
    pub(crate) fn query(&self, promql: &str) -> Value {
        let promql = promql.replace('[', "%5B").replace(']', "%5D");
        let answer = self.0.get(&format!("/api/v1/query?query={promql}"));
        answer.unwrap()["data"]["result"].clone()
    }
}
