//! By whom an object is selected.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Carrier, Finding, Pickup};
use crate::object::Kind;
use crate::render::Selector;
use crate::verify::diagnosis::Cause;
use crate::verify::report::Outcome;

impl Pickup {
    /// Whether somebody selects it, and who.
    pub(super) fn selected(&self, carrier: &Carrier, live: &Value) -> Finding {
        let kind = carrier.object.kind;
        let selectors = match self.selectors(kind) {
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

    /// Every object that may select objects of `kind`, or why they are not known.
    fn selectors(&self, kind: Kind) -> Result<Vec<Selector<'_>>, String> {
        let unread = |who: &str| format!("{who} objects may not be listed");
        if kind == Kind::MetricsInstance {
            let agents = self.operators.grafana_agents.as_ref();
            let agents = agents.ok_or_else(|| unread("GrafanaAgent"))?;
            return Ok(agents.iter().map(Selector::of_agent).collect());
        }
        if let Some(instance) = self.instance() {
            let live = instance.live.iter();
            return Ok(live
                .map(|live| Selector::of_metrics_instance(live, kind))
                .collect());
        }
        if !self.operators.knows_selectors() {
            return Err(unread("Prometheus and PrometheusAgent"));
        }
        Ok(self.operators.selectors(kind))
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
