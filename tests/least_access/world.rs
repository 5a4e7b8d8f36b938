//! A cluster where every job of the catalogue finds something to scrape.

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use serde_json::{Value, json};
use testbed::{AgentOperator, Cluster, Component, Crds, Exporter, Operator, Options, Pod, root};

/// The namespace of what is scraped, and of the `Prometheus` object that selects everything.
const NAMESPACE: &str = "scraped";

/// That `Prometheus` object.
pub(crate) const SELECTS_ALL: &str = "scraped/all";

/// The cluster and what runs beside it.
pub(crate) struct World {
    operator: Operator,
    pub(super) agent_operator: AgentOperator,
    pub(crate) cluster: Cluster,
    /// For `--blackbox-exporter`.
    pub(crate) blackbox: SocketAddr,
    _exporters: [Exporter; 4],
}

impl World {
    /// The one of this file; `None` where the user is not root.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: LazyLock<Option<World>> = LazyLock::new(World::start);
        root::is_available("a cluster where everything is scraped").then(|| SHARED.as_ref())?
    }

    fn start() -> Option<Self> {
        let cluster = Cluster::start(Options {
            crds: Crds::All,
            agent_crds: true,
            ..Options::default()
        })?;
        cluster.start_control_plane_pods();
        let create = |path: &str, object: &Value| {
            if let Err(failure) = cluster.cp.admin().post(path, object) {
                panic!("{failure}");
            }
        };
        create(
            "/api/v1/namespaces",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        );
        let host = host_address(&cluster);
        let coredns = Exporter::coredns((host, 0));
        let blackbox = Exporter::blackbox((host, 0));
        let node = Exporter::node((host, 0));
        // kube-state-metrics cannot be built from what the testbed may download: any exporter behind a Service with its
        // labels and the name of its port stands in for it. Which rights the job needs is a matter of discovery alone.
        let state = Exporter::node((host, 0));
        for (namespace, name, labels, port, exporter) in [
            (
                "kube-system",
                "kube-dns",
                json!({"k8s-app": "kube-dns"}),
                "metrics",
                &coredns,
            ),
            (
                NAMESPACE,
                "kube-state-metrics",
                json!({"app.kubernetes.io/name": "kube-state-metrics"}),
                "http-metrics",
                &state,
            ),
            (
                NAMESPACE,
                "node-exporter",
                json!({"app.kubernetes.io/name": "node-exporter"}),
                "metrics",
                &node,
            ),
        ] {
            for (path, object) in exposed(namespace, name, &labels, port, exporter.address()) {
                create(&path, &object);
            }
        }
        annotated(&cluster, &create);
        prometheus_object(&create);
        Some(Self {
            operator: Operator::start(&cluster.cp),
            agent_operator: AgentOperator::start(&cluster.cp),
            blackbox: blackbox.address(),
            cluster,
            _exporters: [coredns, blackbox, node, state],
        })
    }

    /// The configuration that the operator writes for everything that exists.
    pub(super) fn generated_config(&self) -> String {
        self.operator.generated_config(NAMESPACE, "all")
    }
}

/// What both ends of the node's network reach: where the API server advertises itself.
fn host_address(cluster: &Cluster) -> IpAddr {
    let slice = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes";
    let slice = cluster.cp.admin().get(slice).unwrap();
    slice["endpoints"][0]["addresses"][0]
        .as_str()
        .and_then(|address| address.parse().ok())
        .expect("the API server has an address")
}

/// A Service without a selector, its EndpointSlice, and the Endpoints that say the same to older readers: the endpoint is
/// outside the cluster.
fn exposed(
    namespace: &str,
    name: &str,
    labels: &Value,
    port: &str,
    address: SocketAddr,
) -> [(String, Value); 3] {
    let ports = json!([{"name": port, "port": address.port()}]);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels}, "spec": {"ports": ports},
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
        "endpoints": [{"addresses": [address.ip()], "conditions": {"ready": true}}], "ports": ports,
    });
    // As the API server does for itself.
    let skip_mirror = json!({"endpointslice.kubernetes.io/skip-mirror": "true"});
    let endpoints = json!({
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name, "labels": skip_mirror},
        "subsets": [{"addresses": [{"ip": address.ip()}], "ports": ports}],
    });
    [
        (format!("/api/v1/namespaces/{namespace}/services"), service),
        (
            format!("/api/v1/namespaces/{namespace}/endpoints"),
            endpoints,
        ),
        (
            format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"),
            slice,
        ),
    ]
}

/// A Pod, a Service and an Ingress that ask for it by annotation.
fn annotated(cluster: &Cluster, create: &impl Fn(&str, &Value)) {
    let image = "testbed.invalid/etcd:1";
    cluster
        .node
        .import_image(image, &[&Component::Etcd.binary("etcd")]);
    let scrape = json!({"prometheus.io/scrape": "true", "prometheus.io/port": "2379"});
    let pod = Pod {
        image,
        args: &[
            "--data-dir=/data",
            "--listen-client-urls=http://0.0.0.0:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
        ],
        labels: json!({"app": "store"}),
        annotations: scrape.clone(),
        ports: &[("client", 2379)],
        ..Pod::default()
    };
    cluster.run_pod(NAMESPACE, "store", &pod);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "store", "annotations": scrape},
        "spec": {"selector": {"app": "store"}, "ports": [{"name": "client", "port": 2379}]},
    });
    create(
        &format!("/api/v1/namespaces/{NAMESPACE}/services"),
        &service,
    );
    // Nothing answers there: that a target is found and probed is all that rights are about.
    let backend = json!({"service": {"name": "store", "port": {"name": "client"}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "store", "annotations": {"prometheus.io/probe": "true"}},
        "spec": {"rules": [{"host": "localhost", "http": {"paths": [path]}}]},
    });
    let ingresses = format!("/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/ingresses");
    create(&ingresses, &ingress);
}

/// It has no Pods: its configuration is run outside the cluster.
fn prometheus_object(create: &impl Fn(&str, &Value)) {
    let object = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "all"},
        "spec": {
            "replicas": 0, "scrapeInterval": "2s", "scrapeTimeout": "2s",
            "serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {},
            "podMonitorSelector": {}, "podMonitorNamespaceSelector": {},
            "scrapeConfigSelector": {}, "scrapeConfigNamespaceSelector": {},
        },
    });
    let path = format!("/apis/monitoring.coreos.com/v1/namespaces/{NAMESPACE}/prometheuses");
    create(&path, &object);
}
