//! What a monitor selects: Services or Pods with its labels, and the ports that they have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Finding, unknown};
use crate::client::Cluster;
use crate::job::{Discovery, Role, Selector};
use crate::object::{Kind, ObjectRef};
use crate::verify::diagnosis::Cause;
use crate::verify::report::Outcome;

/// Whether a monitor as it is selects something with a port of the name that it asks for.
pub(super) async fn found(monitor: &ObjectRef, live: &Value, cluster: &Cluster) -> Finding {
    let (role, endpoints) = match monitor.kind {
        Kind::PodMonitor => (Role::Pod, &live["spec"]["podMetricsEndpoints"]),
        _ => (Role::Service, &live["spec"]["endpoints"]),
    };
    let selector = label_selector(&live["spec"]["selector"]);
    let namespaces = namespaces(monitor, live);
    let discovery = Discovery {
        role,
        namespaces: namespaces.clone(),
        selectors: vec![Selector {
            role,
            label: Some(selector.clone()).filter(|selector| !selector.is_empty()),
            field: None,
        }],
        attach_metadata: BTreeSet::new(),
        service: None,
    };
    let mut count = 0;
    let mut has: BTreeMap<String, usize> = BTreeMap::new();
    let mut take = |object: Value| {
        count += 1;
        for port in ports(role, &object) {
            *has.entry(port).or_default() += 1;
        }
    };
    if let Err(failure) = cluster.each(&discovery, role, &mut take).await {
        return unknown(&failure);
    }
    let (_, resource) = role.resource();
    if count == 0 {
        let cause = Cause::NoService {
            monitor: monitor.clone(),
            selector,
            namespaces,
        };
        return (Outcome::Failed(cause), format!("no {resource}"));
    }
    let wanted: Vec<String> = endpoints
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|endpoint| Some(endpoint["port"].as_str()?.to_owned()))
        .collect();
    // Several names are one port that has not the same name everywhere.
    let with_port: usize = wanted.iter().filter_map(|port| has.get(port)).sum();
    if with_port == 0 && !wanted.is_empty() {
        let cause = Cause::NoPort {
            monitor: monitor.clone(),
            ports: wanted,
            has: has.into_keys().collect(),
        };
        return (Outcome::Failed(cause), "no such port".to_owned());
    }
    (Outcome::Passed, format!("{count} {resource}"))
}

/// Where it looks; empty for every namespace.
fn namespaces(monitor: &ObjectRef, live: &Value) -> Vec<String> {
    let selector = &live["spec"]["namespaceSelector"];
    if selector["any"] == true {
        return Vec::new();
    }
    let names = selector["matchNames"].as_array().into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    if names.is_empty() {
        return monitor.namespace.iter().cloned().collect();
    }
    names
}

/// The names of an object's ports.
fn ports(role: Role, object: &Value) -> Vec<String> {
    let of = |holder: &Value| -> Vec<String> {
        let ports = holder["ports"].as_array().into_iter().flatten();
        ports
            .filter_map(|port| Some(port["name"].as_str()?.to_owned()))
            .collect()
    };
    if role == Role::Service {
        return of(&object["spec"]);
    }
    let containers = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|key| object["spec"][key].as_array().into_iter().flatten());
    containers.flat_map(of).collect()
}

/// A `LabelSelector` as a parameter of a list and an argument of kubectl: `app=shop,tier in (a,b)`.
fn label_selector(selector: &Value) -> String {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let equal = equal.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    let expressions = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    let expressions = expressions.filter_map(|expression| {
        let key = expression["key"].as_str()?;
        let values = expression["values"].as_array().into_iter().flatten();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        let values = values.join(",");
        Some(match expression["operator"].as_str()? {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        })
    });
    equal.chain(expressions).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_selector_is_written_as_kubectl_takes_it() {
        let selector = json!({
            "matchLabels": {"app": "shop"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "x", "operator": "NotIn", "values": ["c"]},
                {"key": "y", "operator": "Exists"},
                {"key": "z", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(
            label_selector(&selector),
            "app=shop,tier in (a,b),x notin (c),y,!z"
        );
        assert_eq!(label_selector(&json!({})), "");
    }
}
