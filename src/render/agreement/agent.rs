//! What a GrafanaAgent and its MetricsInstance must say for the jobs to run as they are written.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::render::label_selector::matches;

/// What an agent needs to run the jobs.
pub(in crate::render) struct Running<'a> {
    /// The ServiceAccount that has the rights.
    pub account: &'a str,
    /// The Secrets that its Pods read files of.
    pub secrets: &'a [String],
    /// The labels of the MetricsInstance.
    pub labels: &'a BTreeMap<String, String>,
    /// The Secret of the jobs that are texts, and its key, where there are such.
    pub jobs: Option<(&'a str, &'a str)>,
    /// The fields that select monitors of the kinds that are written.
    pub selectors: &'a [&'static str],
    /// The labels of the monitors.
    pub monitors: &'a BTreeMap<String, String>,
    /// Where samples go.
    pub url: Option<&'a str>,
}

impl Running<'_> {
    /// What of it a GrafanaAgent does not give.
    pub(in crate::render) fn lacking_of_agent(&self, agent: &Value) -> Vec<String> {
        let spec = &agent["spec"];
        let mut lacking = Vec::new();
        if spec["serviceAccountName"] != self.account {
            lacking.push(format!(
                "spec.serviceAccountName is {}, the rights are those of {}",
                shown(&spec["serviceAccountName"]),
                self.account
            ));
        }
        let mounted = spec["secrets"].as_array();
        for secret in self.secrets {
            let is_it = |mounted: &Value| mounted == secret.as_str();
            if !mounted.is_some_and(|mounted| mounted.iter().any(is_it)) {
                lacking.push(format!(
                    "spec.secrets is without {secret}, which is read from there"
                ));
            }
        }
        if !selects(&spec["metrics"]["instanceSelector"], self.labels) {
            lacking.push(
                "spec.metrics.instanceSelector does not select the MetricsInstance".to_owned(),
            );
        }
        lacking
    }

    /// What of it a MetricsInstance does not give.
    pub(in crate::render) fn lacking_of_instance(&self, instance: &Value) -> Vec<String> {
        let spec = &instance["spec"];
        let mut lacking = Vec::new();
        if let Some((secret, key)) = self.jobs {
            let found = &spec["additionalScrapeConfigs"];
            if found["name"] != secret || found["key"] != key {
                let wanted = json!({"name": secret, "key": key});
                lacking.push(format!(
                    "spec.additionalScrapeConfigs is {}, the jobs are in {}",
                    shown(found),
                    yaml::flow(&wanted)
                ));
            }
        }
        for selector in self.selectors {
            if !selects(&spec[selector], self.monitors) {
                lacking.push(format!(
                    "spec.{selector} does not select the monitors of the jobs"
                ));
            }
        }
        if let Some(url) = self.url {
            let mut receivers = spec["remoteWrite"].as_array().into_iter().flatten();
            if !receivers.any(|receiver| receiver["url"] == url) {
                lacking.push(format!("spec.remoteWrite is without {url}"));
            }
        }
        lacking
    }
}

/// Without a selector nothing is selected; an empty one selects everything.
fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    selector.is_object() && matches(selector, labels)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "missing".to_owned(),
        value => yaml::flow(value),
    }
}
