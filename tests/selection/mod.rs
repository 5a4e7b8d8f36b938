//! Who selects the monitors, and so receives the token: the operator copies it into a Secret beside each object that does.

mod conflicts;
mod copies;
mod elsewhere;
mod received;

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use crate::support::{Monconf, Run};

const MONITORING: &str = "/apis/monitoring.coreos.com";

fn create_namespace(cp: &ControlPlane, name: &str) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
}

/// Creates a Prometheus, or replaces its `spec`.
fn prometheus(cp: &ControlPlane, namespace: &str, name: &str, spec: &Value) {
    let object = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    });
    let path = format!("{MONITORING}/v1/namespaces/{namespace}/prometheuses/{name}");
    cp.admin().apply(&path, &object, "owner").unwrap();
}

fn prometheus_agent(cp: &ControlPlane, namespace: &str, name: &str, spec: &Value) {
    let object = json!({
        "apiVersion": "monitoring.coreos.com/v1alpha1", "kind": "PrometheusAgent",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    });
    let path = format!("{MONITORING}/v1alpha1/namespaces/{namespace}/prometheusagents/{name}");
    cp.admin().apply(&path, &object, "owner").unwrap();
}

/// Selectors for every kind of monitor, in every namespace.
fn everywhere(selector: &Value) -> Value {
    let mut spec = in_own_namespace(selector);
    for kind in ["serviceMonitor", "scrapeConfig"] {
        spec[format!("{kind}NamespaceSelector")] = json!({});
    }
    spec
}

/// The same in the namespace of the object that selects.
fn in_own_namespace(selector: &Value) -> Value {
    json!({
        "serviceAccountName": "default", "replicas": 0,
        "serviceMonitorSelector": selector, "scrapeConfigSelector": selector,
    })
}

fn release(value: &str) -> Value {
    json!({"matchLabels": {"release": value}})
}

fn monconf(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, arguments).run()
}

/// The labels of the ServiceMonitor that exists.
fn labels(scope: &Scope) -> Value {
    let path = format!(
        "{MONITORING}/v1/namespaces/{}/servicemonitors/{}-k8s",
        scope.namespace, scope.name
    );
    scope.admin().get(&path).unwrap()["metadata"]["labels"].clone()
}

/// What the user of a test wrote.
fn writes(scope: &Scope) -> Vec<String> {
    let events = scope.cp.audit(&scope.user.name);
    let writes = events.iter().filter(|event| event.is_write());
    writes
        .map(|event| format!("{} {}", event.verb, event.uri))
        .collect()
}

/// The plan as data.
fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}
