//! Which objects of operators will pick one of ours up, and the labels that make them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::object::Kind;

/// Who selects objects of one kind by their labels.
#[derive(Clone, Copy, Debug)]
pub struct Selector<'a> {
    /// `Prometheus` or `GrafanaAgent`.
    pub(super) who: &'static str,
    /// The object that selects.
    pub(super) object: &'a Value,
    /// Where its selectors are.
    pub(super) parent: &'a Value,
    /// The path of that: `spec`.
    pub(super) place: &'static str,
    /// What their names begin with: `serviceMonitor`.
    pub(super) field: &'static str,
}

impl<'a> Selector<'a> {
    /// A `Prometheus`, which selects monitors or rules of `kind`.
    #[must_use]
    pub fn of_prometheus(object: &'a Value, kind: Kind) -> Self {
        let field = match kind {
            Kind::ServiceMonitor => "serviceMonitor",
            Kind::PodMonitor => "podMonitor",
            Kind::PrometheusRule => "rule",
            _ => "scrapeConfig",
        };
        Self {
            who: "Prometheus",
            object,
            parent: &object["spec"],
            place: "spec",
            field,
        }
    }

    /// A `PrometheusAgent`, which has the selectors of a `Prometheus`.
    #[must_use]
    pub fn of_prometheus_agent(object: &'a Value, kind: Kind) -> Self {
        Self {
            who: "PrometheusAgent",
            ..Self::of_prometheus(object, kind)
        }
    }

    /// A `MetricsInstance`, which selects monitors of `kind` as a `Prometheus` does.
    #[must_use]
    pub fn of_metrics_instance(object: &'a Value, kind: Kind) -> Self {
        Self {
            who: "MetricsInstance",
            ..Self::of_prometheus(object, kind)
        }
    }

    /// A `GrafanaAgent`, which selects MetricsInstances.
    #[must_use]
    pub fn of_agent(object: &'a Value) -> Self {
        Self {
            who: "GrafanaAgent",
            object,
            parent: &object["spec"]["metrics"],
            place: "spec.metrics",
            field: "instance",
        }
    }

    /// Whether it selects an object with `labels` in `namespace`, as both are.
    #[must_use]
    pub fn selects(
        &self,
        namespace: &str,
        namespace_labels: &BTreeMap<String, String>,
        labels: &BTreeMap<String, String>,
    ) -> bool {
        self.mismatch(namespace, namespace_labels, labels).is_none()
    }
}

impl fmt::Display for Selector<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |key: &str| self.object["metadata"][key].as_str().unwrap_or_default();
        write!(f, "{} {}/{}", self.who, text("namespace"), text("name"))
    }
}

/// What the cluster's selecting objects ask of one of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The labels to carry.
    pub labels: BTreeMap<String, String>,
    /// `namespace/name` of each that then selects it.
    pub selected_by: Vec<String>,
    /// Why each of the others does not.
    pub not_selected_by: Vec<String>,
}

impl Selection {
    /// `selected by Prometheus monitoring/main (label release=main)`.
    #[must_use]
    pub fn note(&self, what: &str, who: &str) -> String {
        if self.selected_by.is_empty() {
            return format!("{what} by no {who}");
        }
        let labels: Vec<String> = self
            .labels
            .iter()
            .map(|(key, value)| format!("label {key}={value}"))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!(" ({})", labels.join(", "))
        };
        format!("{what} by {who} {}{labels}", self.selected_by.join(", "))
    }
}

/// Reads the selectors for an object in `namespace`, whose labels are `namespace_labels`.
///
/// An absent selector selects nothing, an empty one everything; an absent namespace selector selects
/// the object's own namespace (API reference of prometheus-operator, `PrometheusSpec`;
/// `static/operator/hierarchy/selector.go` of grafana/agent).
/// Where two objects ask for different values of one label, the first by name has its way and the
/// other is reported.
#[must_use]
pub fn select(
    selectors: &[Selector<'_>],
    namespace: &str,
    namespace_labels: &BTreeMap<String, String>,
) -> Selection {
    let mut selection = Selection::default();
    let mut sorted: Vec<(&str, &str, &Selector<'_>)> = selectors
        .iter()
        .filter_map(|selector| {
            let metadata = &selector.object["metadata"];
            let place = (metadata["namespace"].as_str()?, metadata["name"].as_str()?);
            Some((place.0, place.1, selector))
        })
        .collect();
    sorted.sort_by_key(|&(namespace, name, _)| (namespace, name));
    for (own_namespace, name, selector) in sorted {
        let Selector {
            who: kind,
            parent,
            field,
            ..
        } = *selector;
        let who = format!("{own_namespace}/{name}");
        let looks_here = match &parent[format!("{field}NamespaceSelector")] {
            Value::Null => own_namespace == namespace,
            selector => matches(selector, namespace_labels),
        };
        let wanted = wanted_labels(&parent[format!("{field}Selector")]);
        let reason = match wanted {
            _ if !looks_here => format!("it does not look into namespace {namespace}"),
            None => format!("its {field}Selector selects nothing"),
            Some(wanted) => {
                if let Some((key, value)) = wanted.iter().find(|(key, value)| {
                    selection
                        .labels
                        .get(*key)
                        .is_some_and(|have| have != *value)
                }) {
                    format!("it asks for label {key}={value}, another for a different value")
                } else {
                    selection.labels.extend(wanted);
                    selection.selected_by.push(who);
                    continue;
                }
            }
        };
        selection
            .not_selected_by
            .push(format!("{kind} {who}: {reason}"));
    }
    selection
}

/// Labels that satisfy a label selector; `None` where it selects nothing or no label can satisfy it.
pub(super) fn wanted_labels(selector: &Value) -> Option<BTreeMap<String, String>> {
    let selector = selector.as_object()?;
    let mut labels: BTreeMap<String, String> = selector
        .get("matchLabels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    for expression in expressions(&Value::Object(selector.clone())) {
        match expression.operator {
            "In" if !labels.contains_key(expression.key) => {
                labels.insert(
                    expression.key.to_owned(),
                    (*expression.values.first()?).to_owned(),
                );
            }
            "Exists" => {
                labels
                    .entry(expression.key.to_owned())
                    .or_insert_with(|| "true".to_owned());
            }
            _ => {}
        }
    }
    let all = Value::Object(selector.clone());
    matches(&all, &labels).then_some(labels)
}

struct Expression<'a> {
    key: &'a str,
    operator: &'a str,
    values: Vec<&'a str>,
}

fn expressions(selector: &Value) -> Vec<Expression<'_>> {
    selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|expression| {
            Some(Expression {
                key: expression["key"].as_str()?,
                operator: expression["operator"].as_str()?,
                values: expression["values"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect(),
            })
        })
        .collect()
}

/// Whether a label selector matches `labels`.
#[must_use]
pub fn matches(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    equal
        && expressions(selector).iter().all(|expression| {
            let value = labels.get(expression.key).map(String::as_str);
            match expression.operator {
                "In" => value.is_some_and(|value| expression.values.contains(&value)),
                "NotIn" => value.is_none_or(|value| !expression.values.contains(&value)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prometheus(namespace: &str, name: &str, spec: &Value) -> Value {
        json!({"metadata": {"namespace": namespace, "name": name}, "spec": spec})
    }

    fn in_monitoring(objects: &[Value]) -> Selection {
        let labels = [(
            "kubernetes.io/metadata.name".to_owned(),
            "monitoring".to_owned(),
        )]
        .into();
        let selectors: Vec<Selector<'_>> = objects
            .iter()
            .map(|object| Selector::of_prometheus(object, Kind::ServiceMonitor))
            .collect();
        select(&selectors, "monitoring", &labels)
    }

    #[test]
    fn labels_are_copied_from_the_selector() {
        let selection = in_monitoring(&[prometheus(
            "prom",
            "main",
            &json!({"serviceMonitorSelector": {"matchLabels": {"release": "main"}}, "serviceMonitorNamespaceSelector": {}}),
        )]);
        assert_eq!(
            selection.note("selected", "Prometheus"),
            "selected by Prometheus prom/main (label release=main)"
        );
    }

    #[test]
    fn null_and_empty_selectors_differ() {
        let all = json!({"serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {}});
        let nothing = json!({"serviceMonitorNamespaceSelector": {}});
        let own = json!({"serviceMonitorSelector": {}});
        let selection = in_monitoring(&[
            prometheus("x", "all", &all),
            prometheus("x", "nothing", &nothing),
            prometheus("x", "own", &own),
            prometheus("monitoring", "own", &own),
        ]);
        assert_eq!(selection.selected_by, ["monitoring/own", "x/all"]);
        assert_eq!(
            selection.not_selected_by,
            [
                "Prometheus x/nothing: its serviceMonitorSelector selects nothing",
                "Prometheus x/own: it does not look into namespace monitoring"
            ]
        );
        assert_eq!(
            selection.note("selected", "Prometheus"),
            "selected by Prometheus monitoring/own, x/all"
        );
    }

    #[test]
    fn expressions_are_satisfied_where_a_label_can() {
        let of = |expression: Value| {
            in_monitoring(&[prometheus(
                "x",
                "p",
                &json!({
                    "serviceMonitorSelector": {"matchExpressions": [expression]},
                    "serviceMonitorNamespaceSelector": {"matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["monitoring"]}
                    ]},
                }),
            )])
        };
        let key = "team";
        assert_eq!(
            of(json!({"key": key, "operator": "In", "values": ["a", "b"]})).labels[key],
            "a"
        );
        assert_eq!(
            of(json!({"key": key, "operator": "Exists"})).labels[key],
            "true"
        );
        assert!(
            of(json!({"key": key, "operator": "DoesNotExist"}))
                .labels
                .is_empty()
        );
        assert_eq!(
            of(json!({"key": key, "operator": "In", "values": []}))
                .selected_by
                .len(),
            0
        );
        assert_eq!(
            of(json!({"key": key, "operator": "Unheard"}))
                .selected_by
                .len(),
            0
        );
    }

    #[test]
    fn an_agent_selects_instances_by_what_it_has_for_metrics() {
        let agent = json!({
            "metadata": {"namespace": "monitoring", "name": "theirs"},
            "spec": {"metrics": {"instanceSelector": {"matchLabels": {"agent": "theirs"}}}},
        });
        let selection = select(
            &[Selector::of_agent(&agent)],
            "monitoring",
            &BTreeMap::new(),
        );
        assert_eq!(
            selection.note("run", "GrafanaAgent"),
            "run by GrafanaAgent monitoring/theirs (label agent=theirs)"
        );
        let elsewhere = select(&[Selector::of_agent(&agent)], "shop", &BTreeMap::new());
        assert_eq!(
            elsewhere.not_selected_by,
            ["GrafanaAgent monitoring/theirs: it does not look into namespace shop"]
        );
    }

    #[test]
    fn of_two_values_for_one_label_the_first_by_name_wins() {
        let asks = |value: &str| json!({"serviceMonitorSelector": {"matchLabels": {"release": value}}, "serviceMonitorNamespaceSelector": {}});
        let selection = in_monitoring(&[
            prometheus("x", "b", &asks("b")),
            prometheus("x", "a", &asks("a")),
        ]);
        assert_eq!(selection.selected_by, ["x/a"]);
        assert_eq!(selection.not_selected_by.len(), 1);
    }
}
