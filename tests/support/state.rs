//! What exists of an instance, in a form that two instances can be compared by.

use serde_json::{Value, json};
use testbed::{Event, Scope};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const MONITORING: &str = "/apis/monitoring.coreos.com";

/// Every object of the instance without what differs from run to run, with its names made general.
pub(crate) fn of(scope: &Scope) -> Vec<Value> {
    let selector = format!("app.kubernetes.io%2Finstance%3D{}", scope.name);
    let namespaced = format!("namespaces/{}", scope.namespace);
    [
        "/api/v1/namespaces".to_owned(),
        format!("{RBAC}/clusterroles"),
        format!("{RBAC}/clusterrolebindings"),
        format!("{RBAC}/roles"),
        format!("{RBAC}/rolebindings"),
        format!("/api/v1/{namespaced}/serviceaccounts"),
        format!("/api/v1/{namespaced}/secrets"),
        format!("{MONITORING}/v1/{namespaced}/servicemonitors"),
        format!("{MONITORING}/v1/{namespaced}/podmonitors"),
        format!("{MONITORING}/v1alpha1/{namespaced}/scrapeconfigs"),
    ]
    .iter()
    .flat_map(|path| {
        let list = scope
            .admin()
            .get(&format!("{path}?labelSelector={selector}"))
            .unwrap();
        list["items"].as_array().unwrap().clone()
    })
    .map(|object| general(scope, object))
    .collect()
}

fn general(scope: &Scope, mut object: Value) -> Value {
    let metadata = object["metadata"].take();
    let annotations = metadata["annotations"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    // Times differ from run to run; that they are there does not.
    let annotations: Vec<String> = annotations.keys().cloned().collect();
    object["metadata"] = json!({
        "name": metadata["name"], "labels": metadata["labels"], "annotations": annotations,
    });
    if let Some(data) = object["data"].as_object() {
        object["data"] = data.keys().cloned().collect();
    }
    object.as_object_mut().unwrap().remove("status");
    let text = object
        .to_string()
        .replace(&scope.namespace, "NAMESPACE")
        .replace(&scope.name, "NAME");
    serde_json::from_str(&text).unwrap()
}

/// `ClusterRole NAME` for a request about an object, as monconf calls it.
pub(crate) fn target(event: &Event) -> String {
    let kind = match event.resource.as_str() {
        "namespaces" => return format!("Namespace {}", event.name),
        "clusterroles" => "ClusterRole",
        "clusterrolebindings" => "ClusterRoleBinding",
        "roles" => "Role",
        "rolebindings" => "RoleBinding",
        "podmonitors" => "PodMonitor",
        "serviceaccounts" => "ServiceAccount",
        "secrets" => "Secret",
        "servicemonitors" => "ServiceMonitor",
        "scrapeconfigs" => "ScrapeConfig",
        other => other,
    };
    match event.namespace.as_str() {
        "" => format!("{kind} {}", event.name),
        namespace => format!("{kind} {namespace}/{}", event.name),
    }
}
