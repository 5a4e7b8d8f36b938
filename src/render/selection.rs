//! Which objects of operators will pick one of ours up, and the labels that make them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::label_selector::{demands, labels_for, matches};
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

/// What objects of operators ask of one of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The labels to carry, beside those of the instance.
    pub labels: BTreeMap<String, String>,
    /// Each object that then selects it: `Prometheus monitoring/main`.
    pub selected_by: Vec<String>,
    /// Why each of the others does not.
    pub not_selected_by: Vec<String>,
    /// What cannot be met together. Then nothing selects it.
    pub conflict: Option<Conflict>,
}

/// Demands on one label that no value meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The key of the label.
    pub label: String,
    /// Each object that asks for the label, by namespace and name, and what it asks: `label release=main`.
    pub asked: Vec<Asked>,
}

/// What one object asks of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `Prometheus monitoring/main`.
    pub who: String,
    /// `monitoring/main`.
    pub place: String,
    /// `label release=main`.
    pub what: String,
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
        format!("{what} by {}{labels}", self.selected_by.join(", "))
    }
}

/// Reads the selectors for an object in `namespace`, whose labels are `namespace_labels`. The object carries `own` labels,
/// which cannot change.
///
/// An absent selector selects nothing, an empty one everything; an absent namespace selector selects
/// the object's own namespace (API reference of prometheus-operator, `PrometheusSpec`;
/// `static/operator/hierarchy/selector.go` of grafana/agent).
#[must_use]
pub fn select(
    selectors: &[Selector<'_>],
    own: &BTreeMap<String, String>,
    namespace: &str,
    namespace_labels: &BTreeMap<String, String>,
) -> Selection {
    let mut sorted: Vec<&Selector<'_>> = selectors.iter().collect();
    sorted.sort_by_key(|selector| (selector.place(), selector.who));
    let mut selection = Selection::default();
    let mut able: Vec<&Selector<'_>> = Vec::new();
    for selector in sorted {
        match selector.obstacle(own, namespace, namespace_labels) {
            None => able.push(selector),
            Some(why) => selection.not_selected_by.push(format!("{selector}: {why}")),
        }
    }
    let asked: Vec<&Value> = able.iter().map(|selector| selector.of_labels()).collect();
    match labels_for(&asked, own) {
        Ok(labels) => {
            selection.labels = labels;
            selection.selected_by = able.iter().map(ToString::to_string).collect();
        }
        Err(label) => selection.conflict = Some(Conflict::of(label, &able)),
    }
    selection
}

impl Conflict {
    fn of(label: &str, selectors: &[&Selector<'_>]) -> Self {
        let asked = selectors.iter().filter_map(|selector| {
            let demand = demands(&[selector.of_labels()])?.remove(label)?;
            Some(Asked {
                who: selector.to_string(),
                place: selector.location(),
                what: demand.words(label),
            })
        });
        Self {
            label: label.to_owned(),
            asked: asked.collect(),
        }
    }
}

impl<'a> Selector<'a> {
    /// Namespace and name of the object that selects.
    fn place(&self) -> (&'a str, &'a str) {
        let text = |key: &str| self.object["metadata"][key].as_str().unwrap_or_default();
        (text("namespace"), text("name"))
    }

    /// `monitoring/main`.
    #[must_use]
    pub fn location(&self) -> String {
        let (namespace, name) = self.place();
        format!("{namespace}/{name}")
    }

    /// The namespace of the object that selects.
    #[must_use]
    pub fn namespace(&self) -> &'a str {
        self.place().0
    }

    /// The object that selects.
    #[must_use]
    pub const fn object(&self) -> &'a Value {
        self.object
    }

    fn of_labels(&self) -> &'a Value {
        &self.parent[format!("{}Selector", self.field)]
    }

    fn of_namespaces(&self) -> &'a Value {
        &self.parent[format!("{}NamespaceSelector", self.field)]
    }

    /// Why no labels beside `own` make it select an object; `None` where some do.
    fn obstacle(
        &self,
        own: &BTreeMap<String, String>,
        namespace: &str,
        namespace_labels: &BTreeMap<String, String>,
    ) -> Option<String> {
        let looks_here = match self.of_namespaces() {
            Value::Null => self.namespace() == namespace,
            selector => matches(selector, namespace_labels),
        };
        if !looks_here {
            return Some(format!("it does not look into namespace {namespace}"));
        }
        let label = labels_for(&[self.of_labels()], own).err()?;
        let field = self.field;
        let demand = demands(&[self.of_labels()]).and_then(|mut demands| demands.remove(label));
        Some(match (own.get(label), demand) {
            (Some(value), Some(demand)) => format!(
                "its {field}Selector asks for {}, and monconf sets that label to {value}",
                demand.words(label)
            ),
            _ => format!("its {field}Selector selects nothing"),
        })
    }
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
        let own = [("app.kubernetes.io/managed-by", "monconf")];
        let own = own.map(|(key, value)| (key.to_owned(), value.to_owned()));
        select(&selectors, &own.into(), "monitoring", &labels)
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
        assert_eq!(
            selection.selected_by,
            ["Prometheus monitoring/own", "Prometheus x/all"]
        );
        assert_eq!(
            selection.not_selected_by,
            [
                "Prometheus x/nothing: its serviceMonitorSelector selects nothing",
                "Prometheus x/own: it does not look into namespace monitoring"
            ]
        );
        assert_eq!(
            selection.note("selected", "Prometheus"),
            "selected by Prometheus monitoring/own, Prometheus x/all"
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
            &BTreeMap::new(),
            "monitoring",
            &BTreeMap::new(),
        );
        assert_eq!(
            selection.note("run", "GrafanaAgent"),
            "run by GrafanaAgent monitoring/theirs (label agent=theirs)"
        );
        let elsewhere = select(
            &[Selector::of_agent(&agent)],
            &BTreeMap::new(),
            "shop",
            &BTreeMap::new(),
        );
        assert_eq!(
            elsewhere.not_selected_by,
            ["GrafanaAgent monitoring/theirs: it does not look into namespace shop"]
        );
    }

    fn asks(selector: &Value) -> Value {
        json!({"serviceMonitorSelector": selector, "serviceMonitorNamespaceSelector": {}})
    }

    #[test]
    fn demands_that_no_value_meets_select_nothing_and_name_who_asks() {
        let release = |value: &str| asks(&json!({"matchLabels": {"release": value}}));
        let selection = in_monitoring(&[
            prometheus("x", "b", &release("b")),
            prometheus("x", "a", &release("a")),
            prometheus("x", "all", &asks(&json!({}))),
        ]);
        assert!(selection.selected_by.is_empty() && selection.labels.is_empty());
        let conflict = selection.conflict.expect("a conflict");
        assert_eq!(conflict.label, "release");
        let asked: Vec<String> = conflict
            .asked
            .iter()
            .map(|asked| format!("{} asks for {}", asked.who, asked.what))
            .collect();
        assert_eq!(
            asked,
            [
                "Prometheus x/a asks for label release=a",
                "Prometheus x/b asks for label release=b"
            ]
        );
    }

    #[test]
    fn demands_that_one_value_meets_are_no_conflict() {
        let one = |operator: &str, values: &[&str]| {
            asks(
                &json!({"matchExpressions": [{"key": "team", "operator": operator, "values": values}]}),
            )
        };
        for (first, second, expected) in [
            (one("In", &["a", "b"]), one("In", &["b", "c"]), Some("b")),
            (one("In", &["a", "b"]), one("NotIn", &["a"]), Some("b")),
            (one("Exists", &[]), one("NotIn", &["true"]), Some("monconf")),
            (one("NotIn", &["a"]), one("DoesNotExist", &[]), None),
        ] {
            let selection =
                in_monitoring(&[prometheus("x", "a", &first), prometheus("x", "b", &second)]);
            assert_eq!(selection.conflict, None, "{first} {second}");
            assert_eq!(selection.selected_by.len(), 2);
            let label = selection.labels.get("team").map(String::as_str);
            assert_eq!(label, expected);
        }
    }

    #[test]
    fn a_selector_that_asks_another_value_of_a_label_of_ours_selects_nothing() {
        let key = "app.kubernetes.io/managed-by";
        let expression = |operator: &str, values: &[&str]| {
            asks(
                &json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}),
            )
        };
        for (spec, asked) in [
            (
                asks(&json!({"matchLabels": {key: "Helm"}})),
                Some("label app.kubernetes.io/managed-by=Helm"),
            ),
            (
                expression("In", &["Helm", "Argo"]),
                Some("label app.kubernetes.io/managed-by in (Helm, Argo)"),
            ),
            (
                expression("NotIn", &["monconf"]),
                Some("label app.kubernetes.io/managed-by not in (monconf)"),
            ),
            (
                expression("DoesNotExist", &[]),
                Some("no label app.kubernetes.io/managed-by"),
            ),
            (expression("In", &["Helm", "monconf"]), None),
            (expression("Exists", &[]), None),
        ] {
            let selection = in_monitoring(&[prometheus("x", "p", &spec)]);
            let expected: Vec<String> = asked
                .into_iter()
                .map(|asked| {
                    format!("Prometheus x/p: its serviceMonitorSelector asks for {asked}, and monconf sets that label to monconf")
                })
                .collect();
            assert_eq!(selection.not_selected_by, expected);
            assert!(selection.labels.is_empty());
        }
    }
}
