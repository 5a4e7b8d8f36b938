//! What discovery makes of Kubernetes' objects: a target's labels, as Prometheus has them before relabelling
//! (`discovery/kubernetes` of Prometheus).

mod endpoints;
mod ingress;
mod node;
mod pod;
mod service;
#[cfg(test)]
mod tests;

use promconf::{TargetLabels, sanitized};
use serde_json::Value;

use crate::job::Role;

pub(super) use endpoints::Beside;

/// Where a target is asked.
pub(super) const ADDRESS: &str = "__address__";

/// The targets that one object of `role` stands for. `beside` holds what endpoints are looked up in.
#[must_use]
pub(super) fn targets(role: Role, object: &Value, beside: &Beside) -> Vec<TargetLabels> {
    match role {
        Role::Node => node::target(object).into_iter().collect(),
        Role::Pod => pod::targets(object),
        Role::Service => service::targets(object),
        Role::Endpoints => endpoints::of_endpoints(object, beside),
        Role::EndpointSlice => endpoints::of_slice(object, beside),
        Role::Ingress => ingress::targets(object),
    }
}

/// The labels of an object's metadata: `name`, `label_*`, `labelpresent_*`, `annotation_*`, `annotationpresent_*` behind
/// `__meta_kubernetes_<role>_`, and the namespace of an object that has one.
fn metadata(role: &str, object: &Value) -> TargetLabels {
    let metadata = &object["metadata"];
    let mut labels = TargetLabels::new();
    if let Some(namespace) = metadata["namespace"].as_str() {
        put(&mut labels, "namespace", namespace);
    }
    put(
        &mut labels,
        &format!("{role}_name"),
        text(&metadata["name"]),
    );
    for (field, of) in [("labels", "label"), ("annotations", "annotation")] {
        for (key, value) in metadata[field].as_object().into_iter().flatten() {
            let key = sanitized(key);
            put(&mut labels, &format!("{role}_{of}_{key}"), text(value));
            put(&mut labels, &format!("{role}_{of}present_{key}"), "true");
        }
    }
    labels
}

/// Writes `__meta_kubernetes_<name>`; an empty value is none.
fn put(labels: &mut TargetLabels, name: &str, value: &str) {
    if !value.is_empty() {
        labels.insert(format!("__meta_kubernetes_{name}"), value.to_owned());
    }
}

fn address(labels: &mut TargetLabels, address: &str) {
    labels.insert(ADDRESS.to_owned(), address.to_owned());
}

/// `HOST:PORT`, with an IPv6 address in brackets.
fn join(host: &str, port: u64) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
