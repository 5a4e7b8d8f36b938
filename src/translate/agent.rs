//! What a GrafanaAgent gives to all of its instances.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::build::Build;
use super::context::Context;
use super::duration;
use super::variables::undone;
use crate::alloy::Value;
use crate::render::Selector;

/// The GrafanaAgent that runs the instance, if one does.
pub(super) struct Agent<'a> {
    object: &'a Json,
    /// Whether Alloy's members share the targets.
    clustering: bool,
}

impl<'a> Agent<'a> {
    /// Those that select the instance: first those of its own namespace, then by name.
    pub(super) fn of(
        agents: &'a [Json],
        instance: &Json,
        namespace_labels: &BTreeMap<String, String>,
    ) -> Vec<&'a Json> {
        let namespace = instance["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default();
        let labels = super::labels(instance);
        let mut found: Vec<&Json> = agents
            .iter()
            .filter(|agent| Selector::of_agent(agent).selects(namespace, namespace_labels, &labels))
            .collect();
        found.sort_by_key(|agent| {
            let is_elsewhere = agent["metadata"]["namespace"] != namespace;
            (is_elsewhere, name(agent))
        });
        found
    }

    /// The first by name; none and several are findings.
    pub(super) fn chosen(
        found: &[&'a Json],
        clustering: Option<bool>,
        context: &mut Context,
    ) -> Self {
        let place = format!("MetricsInstance {}/{}", context.namespace, context.name);
        let object = match found {
            [] => {
                context.findings.error(
                    place,
                    "no GrafanaAgent selects it, so that no external labels and no defaults are known: add them yourself",
                );
                &Json::Null
            }
            [only] => only,
            [first, ..] => {
                let names: Vec<String> = found.iter().map(|agent| name(agent)).collect();
                context.findings.error(
                    place,
                    format!(
                        "is run by several GrafanaAgents, {}: that of {} is translated, run one Alloy for each",
                        names.join(", "),
                        names[0]
                    ),
                );
                first
            }
        };
        let shards = object["spec"]["metrics"]["shards"].as_u64().unwrap_or(1);
        let agent = Self {
            object,
            clustering: clustering.unwrap_or(shards > 1),
        };
        if agent.clustering {
            context.findings.note(
                agent.at("shards"),
                "are members of Alloy's cluster now, which divide the targets among them: run Alloy with --cluster.enabled",
            );
        }
        if !object["spec"]["apiServer"].is_null() {
            context.findings.error(
                format!("GrafanaAgent {} spec.apiServer", name(object)),
                "another API server is nothing that is translated, add a `client` block to each component",
            );
        }
        agent
    }

    fn metrics(&self) -> &'a Json {
        &self.object["spec"]["metrics"]
    }

    fn at(&self, field: &str) -> String {
        format!("GrafanaAgent {} spec.metrics.{field}", name(self.object))
    }

    /// `remoteWrite`, for an instance that has none, and where it stands.
    pub(super) fn remote_write(&self) -> (&'a Json, String) {
        (&self.metrics()["remoteWrite"], self.at("remoteWrite"))
    }

    /// How often and how long, where a job does not say.
    pub(super) fn timing(&self) -> [Option<String>; 2] {
        ["scrapeInterval", "scrapeTimeout"]
            .map(|field| duration::for_alloy(self.metrics()[field].as_str()?))
    }

    pub(super) fn scrape(&self) -> Build {
        let mut out = Build::default();
        let names = ["default_scrape_interval", "default_scrape_timeout"];
        for (name, value) in names.iter().zip(self.timing()) {
            if let Some(value) = value {
                out.text(name, value);
            }
        }
        out
    }

    pub(super) fn clustering(&self) -> Build {
        let mut out = Build::default();
        if self.clustering {
            out.set("enabled", Value::Bool(true));
        }
        out
    }

    /// Those of `component/metrics/external_labels.libsonnet` of the operator.
    pub(super) fn external_labels(&self, context: &mut Context) -> Vec<(String, Value)> {
        let metrics = self.metrics();
        let mut labels: BTreeMap<String, Value> = BTreeMap::new();
        if self.object.is_null() {
            return Vec::new();
        }
        let label = |field: &str, default: &str| {
            let name = metrics[field].as_str().unwrap_or(default);
            (!name.is_empty()).then(|| name.to_owned())
        };
        if let Some(label) = label("metricsExternalLabelName", "cluster") {
            labels.insert(label, Value::String(name(self.object)));
        }
        let path = self.at("externalLabels");
        let own = undone(&metrics["externalLabels"], &path, &mut context.findings);
        if let Value::Object(own) = super::http_client::texts(&own, &path, context) {
            labels.extend(own);
        }
        if let Some(label) = label("replicaExternalLabelName", "__replica__") {
            let replicas = metrics["replicas"].as_u64().unwrap_or(1);
            let value = if replicas > 1 {
                context.findings.note(
                    self.at("replicas"),
                    format!("each Alloy writes its host's name into the label {label}, so that a receiver can take one copy of several: with clustering, write one text for all members instead"),
                );
                Value::Expression("constants.hostname".to_owned())
            } else {
                Value::String("replica-0".to_owned())
            };
            labels.insert(label, value);
        }
        labels.into_iter().collect()
    }

    /// What it makes of all monitors and Alloy does not.
    pub(super) fn unenforced(&self, context: &mut Context) {
        let metrics = self.metrics();
        let given = |value: &Json| match value {
            Json::Bool(truth) => *truth,
            Json::String(text) => !text.is_empty(),
            Json::Null => false,
            _ => true,
        };
        for (field, what) in [
            (
                "enforcedNamespaceLabel",
                "cannot be enforced by Alloy on monitors, relabel at the receiver",
            ),
            (
                "enforcedSampleLimit",
                "cannot be enforced by Alloy on monitors, set sampleLimit in each",
            ),
            (
                "enforcedTargetLimit",
                "cannot be enforced by Alloy on monitors, set targetLimit in each",
            ),
            (
                "overrideHonorLabels",
                "cannot be enforced by Alloy on monitors, set honorLabels in each",
            ),
            (
                "overrideHonorTimestamps",
                "cannot be enforced by Alloy on monitors, set honorTimestamps in each",
            ),
            (
                "ignoreNamespaceSelectors",
                "cannot be enforced by Alloy on monitors, take namespaceSelector out of each",
            ),
        ] {
            if given(&metrics[field]) {
                context.findings.error(self.at(field), what);
            }
        }
        if metrics["arbitraryFSAccessThroughSMs"]["deny"] == true {
            context.findings.error(
                self.at("arbitraryFSAccessThroughSMs"),
                "Alloy lets every monitor name files of its Pods, restrict who may write monitors",
            );
        }
    }
}

fn name(object: &Json) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}
