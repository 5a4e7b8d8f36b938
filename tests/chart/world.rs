//! A cluster with a node, prometheus-operator, and the images that Pods of the chart's tests are made of.

use std::os::unix::fs::symlink;
use std::sync::LazyLock;

use serde_json::{Value, json};
use testbed::operator::RELOADER;
use testbed::poll::poll;
use testbed::prometheus::Target;
use testbed::{Client, Cluster, Component, Crds, Operator, Options, Scope, root};

use crate::support::image;

const PROMETHEUS: &str = "testbed.invalid/prometheus-server:1";
/// The cluster and what runs beside it.
pub(super) struct World {
    _operator: Operator,
    pub(super) cluster: Cluster,
}

impl World {
    /// The one of these tests; `None` where the user is not root.
    pub(super) fn shared() -> Option<&'static Self> {
        static SHARED: LazyLock<Option<World>> = LazyLock::new(World::start);
        root::is_available("a cluster for the chart").then(|| SHARED.as_ref())?
    }

    fn start() -> Option<Self> {
        let cluster = Cluster::start(Options {
            crds: Crds::All,
            ..Options::default()
        })?;
        image::import(&cluster);
        // Where the operator mounts Prometheus' data, an image with the program's own name has the program.
        let folder = tempfile::tempdir().unwrap();
        let server = folder.path().join("server");
        symlink(Component::Prometheus.binary("prometheus"), &server).unwrap();
        cluster.node.import_image(PROMETHEUS, &[&server]);
        let reloader = Component::PrometheusOperator.binary("prometheus-config-reloader");
        cluster.node.import_image(RELOADER, &[&reloader]);
        Some(Self {
            _operator: Operator::start(&cluster.cp),
            cluster,
        })
    }
}

/// A Prometheus of the operator's in the namespace of a test, which enforces `restricted`.
pub(super) struct Consumer(Client);

impl Consumer {
    /// Has the operator run one that selects every monitor of its namespace, and waits until it answers.
    pub(super) fn start(scope: &Scope) -> Self {
        let namespace = &scope.namespace;
        let admin = scope.admin();
        let create = |path: &str, object: &Value| {
            if let Err(failure) = admin.post(path, object) {
                panic!("{failure}");
            }
        };
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "prometheus"}});
        create(
            &format!("/api/v1/namespaces/{namespace}/serviceaccounts"),
            &account,
        );
        // Prometheus itself discovers for monitors; what it scrapes with is monconf's token.
        let verbs = json!(["get", "list", "watch"]);
        let name = format!("system:serviceaccount:{namespace}:prometheus");
        let rules = json!([
            {"apiGroups": [""], "resources": ["nodes", "services", "endpoints", "pods"], "verbs": verbs},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs},
        ]);
        scope.cp.grant(&name, None, &rules);
        let every = json!({});
        // Images of the testbed have their program in the root folder.
        let reloader =
            |name: &str| json!({"name": name, "command": ["/prometheus-config-reloader"]});
        let mut watching = reloader("config-reloader");
        // As the operator has them, but it looks at once, where it would look every three minutes for what it has missed.
        watching["args"] = json!([
            "--reload-url=http://localhost:9090/-/reload",
            "--config-file=/etc/prometheus/config/prometheus.yaml.gz",
            "--config-envsubst-file=/etc/prometheus/config_out/prometheus.env.yaml",
            "--watch-interval=1s",
        ]);
        let prometheus = json!({
            "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"},
            "spec": {
                "image": PROMETHEUS, "imagePullPolicy": "IfNotPresent", "version": "v3.13.5",
                "serviceAccountName": "prometheus", "replicas": 1, "scrapeInterval": "3s",
                "serviceDiscoveryRole": "EndpointSlice",
                "serviceMonitorSelector": every, "podMonitorSelector": every, "scrapeConfigSelector": every,
                "ruleSelector": every,
                "initContainers": [reloader("init-config-reloader")],
                "containers": [watching],
                "securityContext": {
                    "runAsNonRoot": true, "runAsUser": 1000, "fsGroup": 2000,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            },
        });
        let path = format!("/apis/monitoring.coreos.com/v1/namespaces/{namespace}/prometheuses");
        create(&path, &prometheus);
        let pod = format!("/api/v1/namespaces/{namespace}/pods/prometheus-main-0");
        let address = poll(|| {
            admin.get(&pod).ok()?["status"]["podIP"]
                .as_str()
                .map(str::to_owned)
        });
        let status = || admin.get(&pod).map(|pod| pod["status"].to_string());
        let address = address.unwrap_or_else(|| panic!("Prometheus has no Pod: {:?}", status()));
        let identity = testbed::client::Identity::Anonymous;
        let client = Client::unverified(&format!("http://{address}:9090"), &identity);
        let answer = poll(|| client.get(Target::PATH).ok());
        answer.unwrap_or_else(|| panic!("Prometheus does not answer: {:?}", status()));
        Self(client)
    }

    /// Everything that it scrapes now.
    pub(super) fn targets(&self) -> Vec<Target> {
        Target::all(&self.0.get(Target::PATH).unwrap()["data"])
    }

    /// Waits until it scrapes as many targets as that, and all are up.
    pub(super) fn wait_for(&self, count: usize) {
        let all_up = || {
            let targets = self.targets();
            (targets.len() == count && targets.iter().all(|target| target.health == "up"))
                .then_some(())
        };
        poll(all_up).unwrap_or_else(|| panic!("{:#?}", self.targets()));
    }

    /// The result of an instant query.
    pub(super) fn query(&self, promql: &str) -> Value {
        let promql = promql
            .replace('[', "%5B")
            .replace(']', "%5D")
            .replace(' ', "%20");
        let answer = self.0.get(&format!("/api/v1/query?query={promql}"));
        answer.unwrap()["data"]["result"].clone()
    }
}
