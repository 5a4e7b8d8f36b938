//! A Prometheus for monconf to find.

use serde_json::{Value, json};
use testbed::Client;

/// A Prometheus beside the monitors selects them without being named.
const NAMESPACE: &str = "monitoring";

/// Creates the object `main` in the namespace `monitoring`, where monconf's monitors go, with an account that may discover
/// as prometheus-operator's own charts let it; no operator acts on it.
pub(crate) fn create(admin: &Client) {
    let selector = json!({"matchLabels": {"release": "main"}});
    let mut spec = json!({"serviceAccountName": "prometheus"});
    for kind in ["serviceMonitor", "podMonitor", "scrapeConfig"] {
        spec[format!("{kind}Selector")] = selector.clone();
        spec[format!("{kind}NamespaceSelector")] = json!({});
    }
    let named = |name: &str| json!({"name": name, "namespace": NAMESPACE});
    let read = json!(["get", "list", "watch"]);
    let rbac = "rbac.authorization.k8s.io";
    let in_namespace = format!("namespaces/{NAMESPACE}");
    for (path, object) in [
        (
            format!("/api/v1/{in_namespace}"),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        ),
        (
            format!("/api/v1/{in_namespace}/serviceaccounts/prometheus"),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named("prometheus")}),
        ),
        (
            format!("/apis/{rbac}/v1/clusterroles/prometheus"),
            json!({
                "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": {"name": "prometheus"},
                "rules": [
                    {"apiGroups": [""], "resources": ["nodes", "services", "pods", "endpoints"], "verbs": read},
                    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
                    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": read},
                ],
            }),
        ),
        (
            format!("/apis/{rbac}/v1/clusterrolebindings/prometheus"),
            json!({
                "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": "prometheus"},
                "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "prometheus"},
                "subjects": [{"kind": "ServiceAccount", "name": "prometheus", "namespace": NAMESPACE}],
            }),
        ),
        (
            format!("/apis/monitoring.coreos.com/v1/{in_namespace}/prometheuses/main"),
            json!({
                "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": named("main"), "spec": spec,
            }),
        ),
    ] {
        apply(admin, &path, &object);
    }
}

fn apply(admin: &Client, path: &str, object: &Value) {
    if let Err(failure) = admin.apply(path, object, "playground") {
        panic!("{failure}");
    }
}
