//! The objects of operators that select others by their labels, and which of them are meant to select ours.

use std::collections::BTreeMap;

use serde_json::Value;

use super::selection::{Selection, Selector, select};
use crate::object::Kind;
use crate::spec::Spec;

/// Every object of these kinds in the cluster; `None` for a kind that was not read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operators {
    /// `Prometheus`.
    pub prometheuses: Option<Vec<Value>>,
    /// `PrometheusAgent`.
    pub prometheus_agents: Option<Vec<Value>>,
    /// `GrafanaAgent`.
    pub grafana_agents: Option<Vec<Value>>,
    /// `MetricsInstance`.
    pub metrics_instances: Option<Vec<Value>>,
}

impl Operators {
    /// Of a cluster that has none.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            prometheuses: Some(Vec::new()),
            prometheus_agents: Some(Vec::new()),
            grafana_agents: Some(Vec::new()),
            metrics_instances: Some(Vec::new()),
        }
    }

    /// Every `Prometheus` and `PrometheusAgent` that was read, as they select monitors or rules of `kind`.
    #[must_use]
    pub fn selectors(&self, kind: Kind) -> Vec<Selector<'_>> {
        let prometheuses = self.prometheuses.iter().flatten();
        let agents = self.prometheus_agents.iter().flatten();
        prometheuses
            .map(|object| Selector::of_prometheus(object, kind))
            .chain(agents.map(|object| Selector::of_prometheus_agent(object, kind)))
            .collect()
    }

    /// Whether every `Prometheus` and `PrometheusAgent` was read.
    #[must_use]
    pub const fn knows_selectors(&self) -> bool {
        self.prometheuses.is_some() && self.prometheus_agents.is_some()
    }

    /// What is asked of monitors or rules of `kind` by the objects that are meant to select them.
    #[must_use]
    pub fn selection(
        &self,
        kind: Kind,
        spec: &Spec,
        namespace_labels: &BTreeMap<String, String>,
    ) -> Selection {
        let mut selectors = self.selectors(kind);
        selectors.retain(|selector| is_meant(spec, selector));
        self::selection(&selectors, spec, namespace_labels)
    }

    /// The same for all others outside the instance's namespace: which of them labels would make select the monitors.
    #[must_use]
    pub fn elsewhere(
        &self,
        kind: Kind,
        spec: &Spec,
        namespace_labels: &BTreeMap<String, String>,
    ) -> Vec<(Selector<'_>, Selection)> {
        let mut selectors = self.selectors(kind);
        selectors.retain(|selector| {
            !is_meant(spec, selector) && selector.namespace() != spec.names.namespace
        });
        selectors
            .into_iter()
            .map(|selector| (selector, selection(&[selector], spec, namespace_labels)))
            .collect()
    }
}

fn selection(
    selectors: &[Selector<'_>],
    spec: &Spec,
    namespace_labels: &BTreeMap<String, String>,
) -> Selection {
    let own = spec.names.labels();
    select(selectors, &own, &spec.names.namespace, namespace_labels)
}

/// Whether an object is meant to select those of the instance: it is named, or where none is named it lies beside them.
pub(super) fn is_meant(spec: &Spec, selector: &Selector<'_>) -> bool {
    if spec.selected_by.is_empty() {
        return selector.namespace() == spec.names.namespace;
    }
    let place = selector.location();
    spec.selected_by
        .iter()
        .any(|named| named.to_string() == place)
}
