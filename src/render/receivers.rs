//! The namespaces that receive the token: an operator copies the Secrets that a monitor names into a Secret that it
//! generates beside each object that selects the monitor.

use std::collections::BTreeMap;

use serde_json::Value;

use super::desired::{Desired, DesiredObject};
use super::label_selector::matches;
use super::operators::{Operators, is_meant};
use super::selection::Selector;
use crate::object::{Kind, ObjectRef};
use crate::spec::Spec;

/// The label that every Namespace has, with its name.
const NAME_OF_NAMESPACE: &str = "kubernetes.io/metadata.name";

/// An object into whose namespace an operator copies the token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receiver {
    /// The namespace.
    pub namespace: String,
    /// The object: `Prometheus monitoring/main`.
    pub who: String,
    /// `monitoring/main`.
    pub place: String,
    /// Whether it lies in the instance's namespace or is named by the user.
    pub is_meant: bool,
    /// Whether it selects a monitor with the token today.
    pub receives_already: bool,
}

/// Every object that was read and selects a monitor that names the token Secret. `live` are the objects that exist.
///
/// Grafana Agent's operator copies every Secret that a selected monitor names, also those that its configuration does not
/// use (`static/operator/config/config_references.go` of grafana/agent).
#[must_use]
pub fn receivers(
    desired: &Desired,
    spec: &Spec,
    operators: &Operators,
    namespace_labels: &BTreeMap<String, String>,
    live: &BTreeMap<ObjectRef, Value>,
) -> Vec<Receiver> {
    let secret = spec.names.token_secret();
    let namespace = &spec.names.namespace;
    let written = desired.objects.iter();
    let monitors = written.filter(|object| {
        Kind::MONITORS.contains(&object.reference.kind) && names_token(&object.value, &secret)
    });
    let agents = Agents::of(desired, spec, operators);
    let mut found: BTreeMap<(String, String), Receiver> = BTreeMap::new();
    for monitor in monitors {
        let kind = monitor.reference.kind;
        let before = live.get(&monitor.reference);
        let before = before.filter(|before| names_token(before, &secret));
        let before = before.map(labels_of);
        let labels = labels_of(&monitor.value);
        let mut add = |who: &Selector<'_>, selects: &dyn Fn(&BTreeMap<String, String>) -> bool| {
            if !selects(&labels) {
                return;
            }
            let receiver = found
                .entry((who.location(), who.to_string()))
                .or_insert_with(|| Receiver {
                    namespace: who.namespace().to_owned(),
                    who: who.to_string(),
                    place: who.location(),
                    is_meant: who.namespace() == namespace || is_meant(spec, who),
                    receives_already: false,
                });
            receiver.receives_already |= before.as_ref().is_some_and(selects);
        };
        for selector in operators.selectors(kind) {
            add(&selector, &|labels| {
                selector.selects(namespace, namespace_labels, labels)
            });
        }
        for (instance, agent) in agents.running() {
            let selector = Selector::of_metrics_instance(instance, kind);
            add(&Selector::of_agent(agent), &|labels| {
                selector.selects(namespace, namespace_labels, labels)
            });
        }
    }
    found.into_values().collect()
}

/// Whether a monitor names the key `token` of the Secret.
fn names_token(value: &Value, secret: &str) -> bool {
    match value {
        Value::Object(map) => {
            (value["name"] == secret && value["key"] == "token")
                || map.values().any(|value| names_token(value, secret))
        }
        Value::Array(items) => items.iter().any(|value| names_token(value, secret)),
        _ => false,
    }
}

fn labels_of(object: &Value) -> BTreeMap<String, String> {
    let labels = object["metadata"]["labels"].as_object();
    let labels = labels.into_iter().flatten();
    labels
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The agents and what they run, with those that are about to be written.
struct Agents<'a> {
    agents: Vec<&'a Value>,
    instances: Vec<&'a Value>,
}

impl<'a> Agents<'a> {
    fn of(desired: &'a Desired, spec: &Spec, operators: &'a Operators) -> Self {
        let of = |kind: Kind, existing: &'a Option<Vec<Value>>| {
            let is_kind = |object: &&DesiredObject| object.reference.kind == kind;
            let written: Vec<&Value> = desired
                .objects
                .iter()
                .filter(is_kind)
                .map(|object| &object.value)
                .collect();
            let is_written = |object: &&Value| {
                !written.is_empty()
                    && object["metadata"]["namespace"] == spec.names.namespace.as_str()
                    && object["metadata"]["name"] == spec.names.agent().as_str()
            };
            let existing = existing.iter().flatten();
            let mut all: Vec<&Value> = existing.filter(|object| !is_written(object)).collect();
            all.extend(written);
            all
        };
        Self {
            agents: of(Kind::GrafanaAgent, &operators.grafana_agents),
            instances: of(Kind::MetricsInstance, &operators.metrics_instances),
        }
    }

    /// Every MetricsInstance with each GrafanaAgent that runs it.
    fn running(&self) -> Vec<(&'a Value, &'a Value)> {
        let pairs = self.instances.iter().flat_map(|instance| {
            let agents = self.agents.iter();
            agents
                .filter(|agent| runs(agent, instance))
                .map(|agent| (*instance, *agent))
        });
        pairs.collect()
    }
}

/// Whether an agent runs an instance, as far as can be told: of the labels of the instance's Namespace only its name is
/// known. A selector that asks for others counts as one that matches.
fn runs(agent: &Value, instance: &Value) -> bool {
    let namespace = instance["metadata"]["namespace"]
        .as_str()
        .unwrap_or_default();
    let home: BTreeMap<String, String> =
        [(NAME_OF_NAMESPACE.to_owned(), namespace.to_owned())].into();
    let selector = &agent["spec"]["metrics"]["instanceNamespaceSelector"];
    let looks_there = match selector {
        Value::Null => agent["metadata"]["namespace"] == namespace,
        selector => !asks_name_alone(selector) || matches(selector, &home),
    };
    let selector = &agent["spec"]["metrics"]["instanceSelector"];
    looks_there && selector.is_object() && matches(selector, &labels_of(instance))
}

fn asks_name_alone(selector: &Value) -> bool {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let expressions = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    let mut expressions = expressions.map(|expression| &expression["key"]);
    labels
        .map(|(key, _)| key)
        .all(|key| key == NAME_OF_NAMESPACE)
        && expressions.all(|key| key == NAME_OF_NAMESPACE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_agent_runs_an_instance_as_its_operator_has_it() {
        let instance =
            json!({"metadata": {"namespace": "shop", "name": "i", "labels": {"a": "b"}}});
        let agent = |namespace: &str, metrics: &Value| json!({"metadata": {"namespace": namespace}, "spec": {"metrics": metrics}});
        let named = |name: &str| json!({"matchLabels": {NAME_OF_NAMESPACE: name}});
        for (namespace, metrics, expected) in [
            ("shop", json!({"instanceSelector": {}}), true),
            ("other", json!({"instanceSelector": {}}), false),
            ("shop", json!({}), false),
            (
                "shop",
                json!({"instanceSelector": {"matchLabels": {"a": "c"}}}),
                false,
            ),
            (
                "other",
                json!({"instanceSelector": {}, "instanceNamespaceSelector": {}}),
                true,
            ),
            (
                "other",
                json!({"instanceSelector": {}, "instanceNamespaceSelector": named("shop")}),
                true,
            ),
            (
                "other",
                json!({"instanceSelector": {}, "instanceNamespaceSelector": named("else")}),
                false,
            ),
            (
                "other",
                json!({"instanceSelector": {}, "instanceNamespaceSelector": {"matchLabels": {"team": "x"}}}),
                true,
            ),
        ] {
            let agent = agent(namespace, &metrics);
            assert_eq!(runs(&agent, &instance), expected, "{namespace} {metrics}");
        }
    }

    #[test]
    fn a_monitor_names_the_token_by_name_and_key() {
        let monitor = json!({"spec": {"endpoints": [
            {"authorization": {"credentials": {"name": "tok", "key": "token"}}},
        ]}});
        assert!(names_token(&monitor, "tok") && !names_token(&monitor, "other"));
        let ca = json!({"tlsConfig": {"ca": {"secret": {"name": "tok", "key": "ca.crt"}}}});
        assert!(!names_token(&ca, "tok"));
    }
}
