//! A Prometheus for monconf to find.

use serde_json::{Value, json};
use testbed::Client;

/// Creates the object `main` in the namespace `prometheus`; no operator acts on it.
pub(crate) fn create(admin: &Client) {
    let selector = json!({"matchLabels": {"release": "main"}});
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prometheus"}});
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
        "metadata": {"name": "main", "namespace": "prometheus"},
        "spec": {
            "serviceMonitorSelector": selector, "serviceMonitorNamespaceSelector": {},
            "scrapeConfigSelector": selector, "scrapeConfigNamespaceSelector": {},
        },
    });
    apply(admin, "/api/v1/namespaces/prometheus", &namespace);
    apply(
        admin,
        "/apis/monitoring.coreos.com/v1/namespaces/prometheus/prometheuses/main",
        &prometheus,
    );
}

fn apply(admin: &Client, path: &str, object: &Value) {
    if let Err(failure) = admin.apply(path, object, "playground") {
        panic!("{failure}");
    }
}
