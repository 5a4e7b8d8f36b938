//! By whom an object is selected.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Carrier, Finding, Pickup};
use crate::cluster::Cluster;
use crate::object::Kind;
use crate::render::Selector;
use crate::verify::diagnosis::Cause;
use crate::verify::report::Outcome;

/// Those who may select monitors, beside the objects that were read already.
pub(super) struct Selecting {
    /// Every `PrometheusAgent`, or why they are not known.
    prometheus_agents: Result<Vec<Value>, String>,
}

impl Pickup {
    pub(super) async fn selecting(&self, cluster: &Cluster) -> Selecting {
        let is_asked = self.instance().is_none();
        let prometheus_agents = if is_asked {
            let found = cluster.prometheus_agents().await;
            found.map_err(|failure| failure.to_string())
        } else {
            Ok(Vec::new())
        };
        Selecting { prometheus_agents }
    }

    /// Whether somebody selects it, and who.
    pub(super) fn selected(
        &self,
        carrier: &Carrier,
        live: &Value,
        selecting: &Selecting,
    ) -> Finding {
        let kind = carrier.object.kind;
        let selectors = match self.selectors(kind, selecting) {
            Ok(selectors) => selectors,
            Err(why) => return (Outcome::Nothing, format!("not known: {why}")),
        };
        if selectors.is_empty() {
            let who = match kind {
                Kind::MetricsInstance => "GrafanaAgent",
                _ => "Prometheus or PrometheusAgent",
            };
            let result = format!("there is no {who} object that could");
            return (Outcome::Nothing, result);
        }
        let namespace = carrier.object.namespace.as_deref().unwrap_or_default();
        let labels = labels(live);
        let (mut by, mut mismatches) = (Vec::new(), Vec::new());
        for selector in selectors {
            match selector.mismatch(namespace, &self.namespace_labels, &labels) {
                None => by.push(selector.to_string()),
                Some(mismatch) => mismatches.push(mismatch),
            }
        }
        if by.is_empty() {
            let result = "by nobody".to_owned();
            let cause = Cause::NotSelected {
                object: carrier.object.clone(),
                by: mismatches,
            };
            return (Outcome::Failed(cause), result);
        }
        (Outcome::Passed, format!("by {}", by.join(", ")))
    }

    /// Everybody who may select objects of `kind`, or why they are not known.
    fn selectors<'a>(
        &'a self,
        kind: Kind,
        selecting: &'a Selecting,
    ) -> Result<Vec<Selector<'a>>, String> {
        let unread = |who: &str| format!("{who} objects may not be listed");
        if kind == Kind::MetricsInstance {
            let agents = self.agents.as_ref().ok_or_else(|| unread("GrafanaAgent"))?;
            return Ok(agents.iter().map(Selector::of_agent).collect());
        }
        if let Some(instance) = self.instance() {
            let live = instance.live.iter();
            return Ok(live
                .map(|live| Selector::of_metrics_instance(live, kind))
                .collect());
        }
        let prometheuses = self.prometheuses.as_ref();
        let prometheuses = prometheuses.ok_or_else(|| unread("Prometheus"))?;
        let agents = selecting.prometheus_agents.as_ref();
        let agents = agents.map_err(Clone::clone)?;
        let prometheuses = prometheuses
            .iter()
            .map(|object| Selector::of_prometheus(object, kind));
        let agents = agents
            .iter()
            .map(|object| Selector::of_prometheus_agent(object, kind));
        Ok(prometheuses.chain(agents).collect())
    }

    /// The MetricsInstance, with Grafana Agent's operator.
    fn instance(&self) -> Option<&Carrier> {
        let mut carriers = self.carriers.iter();
        carriers.find(|carrier| carrier.object.kind == Kind::MetricsInstance)
    }
}

fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object["metadata"]["labels"].as_object();
    let labels = labels.into_iter().flatten();
    labels
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}
