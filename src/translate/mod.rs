//! A MetricsInstance of Grafana Agent's operator as a configuration of Alloy, and what could not be said in it.
//!
//! What the instance does not say is left to Alloy's own defaults. The arguments are those of the components of
//! grafana/agent 0.44.8 (`internal/component`), which Alloy kept; what the operator makes of an instance is in its
//! templates (`static/operator/config/templates`).

mod agent;
mod build;
mod context;
mod duration;
mod fields;
mod finding;
mod http_client;
mod relabelling;
mod remote_write;
mod scrape_config;
mod selection;
mod shards;
mod url;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::alloy::{Body, Value};
use agent::Agent;
use build::Build;
use context::Context;
use duration::milliseconds;
use fields::Fields;
pub use finding::{Finding, Severity};

/// What is translated, as the API server has it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The MetricsInstance.
    pub instance: Json,
    /// Its Namespace.
    pub namespace: Json,
    /// Every GrafanaAgent.
    pub agents: Vec<Json>,
    /// Every Namespace, where [`needs_namespaces`].
    pub namespaces: Vec<Json>,
    /// What the key of `additionalScrapeConfigs` holds, where there is one.
    pub jobs: Option<String>,
}

/// A configuration, and what it lacks.
#[derive(Clone, Debug)]
pub struct Translation {
    /// The configuration.
    pub body: Body,
    /// In the order of the configuration.
    pub findings: Vec<Finding>,
}

/// Whether the translation of an instance depends on which Namespaces there are.
#[must_use]
pub fn needs_namespaces(instance: &Json) -> bool {
    selection::needs_namespaces(&instance["spec"])
}

/// Translates; `clustering` wins over what the agent's shards ask for.
#[must_use]
pub fn translate(source: &Source, clustering: Option<bool>) -> Translation {
    let metadata = &source.instance["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    let found = Agent::of(&source.agents, &source.instance, &labels(&source.namespace));
    let agent_namespace = found
        .first()
        .and_then(|agent| agent["metadata"]["namespace"].as_str());
    let mut context = Context::new(namespace, name, agent_namespace.unwrap_or(namespace));
    let agent = Agent::chosen(&found, clustering, &mut context);
    let spec = &source.instance["spec"];
    let label = context.shared();
    let receiver = format!("prometheus.remote_write.{label}.receiver");

    let mut parts = selection::selection(spec, &source.namespaces, &agent, &receiver, &mut context);
    parts.append(jobs(source, &agent, &receiver, &mut context));
    let written = remote_write(spec, &agent, &mut context);
    parts.component("prometheus.remote_write", &label, written);
    unsaid(spec, &mut context);

    let mut whole = Build::default();
    whole.comment(
        &format!("Translated by monconf from MetricsInstance {namespace}/{name}."),
        true,
    );
    whole.append(context.sources());
    whole.append(parts);
    Translation {
        body: whole.into_body(),
        findings: context.findings.0,
    }
}

fn jobs(source: &Source, agent: &Agent<'_>, receiver: &str, context: &mut Context) -> Build {
    const PATH: &str = "spec.additionalScrapeConfigs";
    let mut out = Build::default();
    let selector = &source.instance["spec"]["additionalScrapeConfigs"];
    if selector.is_null() {
        return out;
    }
    let Some(text) = &source.jobs else {
        let what = "the Secret or its key is not there, so that no job is translated: create it";
        context.findings.error(PATH, what);
        return out;
    };
    let documents = match yaml::parse(text, PATH) {
        Ok(documents) => documents,
        Err(error) => {
            let what = format!(
                "line {} is no YAML that the agent could read, correct it",
                error.line
            );
            context.findings.error(PATH, what);
            return out;
        }
    };
    let configs = documents.first().cloned().unwrap_or_default();
    if !configs.is_array() && !configs.is_null() {
        context
            .findings
            .error(PATH, "must be a list of scrape configs, correct it");
    }
    let mut names = BTreeSet::new();
    for (index, config) in configs.as_array().into_iter().flatten().enumerate() {
        let Some(name) = config["job_name"].as_str().filter(|name| !name.is_empty()) else {
            let what = "a job needs a job_name, give it one";
            context.findings.error(format!("{PATH}[{index}]"), what);
            continue;
        };
        let path = format!("{PATH}[{name}]");
        if names.insert(name.to_owned()) {
            let job = scrape_config::scrape_config(config, &path, agent, receiver, context);
            out.append(job);
        } else {
            context.findings.error(
                path,
                "is there twice, of which the agent takes none: rename one",
            );
        }
    }
    out
}

fn remote_write(spec: &Json, agent: &Agent<'_>, context: &mut Context) -> Build {
    let mut out = Build::default();
    let external = agent.external_labels(context);
    if !external.is_empty() {
        out.set("external_labels", Value::Object(external));
    }
    let own = &spec["remoteWrite"];
    let is_own = own.as_array().is_some_and(|list| !list.is_empty());
    let (list, path, namespace) = if is_own {
        let path = "spec.remoteWrite".to_owned();
        (own, path, context.namespace.clone())
    } else {
        let (list, path) = agent.remote_write();
        (list, path, context.agent_namespace.clone())
    };
    let list = variables::undone(list, &path, &mut context.findings);
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        context.findings.error(
            "spec.remoteWrite",
            "neither the instance nor its GrafanaAgent says where samples go: add an `endpoint` block to prometheus.remote_write",
        );
    }
    for (index, item) in items.iter().enumerate() {
        let item = Fields::of(item, format!("{path}[{index}]"));
        let endpoint = remote_write::endpoint(item, &namespace, context);
        out.block("endpoint", endpoint);
    }
    let mut fields = Fields::of(spec, "spec");
    let mut wal = Build::default();
    let names = [
        ("walTruncateFrequency", "truncate_frequency"),
        ("minWALTime", "min_keepalive_time"),
        ("maxWALTime", "max_keepalive_time"),
    ];
    let mut time = |field: &str, default: u64| {
        let given = fields.duration(field, context);
        given.as_deref().map_or(default, milliseconds)
    };
    // Alloy keeps a write-ahead log for 5 minutes at least and 8 hours at most.
    let (least, most) = (time("minWALTime", 300_000), time("maxWALTime", 28_800_000));
    if least < most {
        fields.copy_durations(&names, context, &mut wal);
    } else {
        fields.copy_durations(&names[..1], context, &mut wal);
        let what =
            "must be longer than minWALTime for Alloy, so that both are left out: choose another";
        context.findings.error("spec.maxWALTime", what);
    }
    out.filled("wal", wal);
    out
}

/// What an instance has and no component.
fn unsaid(spec: &Json, context: &mut Context) {
    let known = [
        "serviceMonitorSelector",
        "serviceMonitorNamespaceSelector",
        "podMonitorSelector",
        "podMonitorNamespaceSelector",
        "probeSelector",
        "probeNamespaceSelector",
        "additionalScrapeConfigs",
        "remoteWrite",
        "walTruncateFrequency",
        "minWALTime",
        "maxWALTime",
    ];
    let mut fields = Fields::of(spec, "spec");
    for field in known {
        fields.take(field);
    }
    if spec["writeStaleOnShutdown"] == false {
        fields.take("writeStaleOnShutdown");
    }
    fields.rest(context);
}

/// The labels of an object.
fn labels(object: &Json) -> BTreeMap<String, String> {
    let labels = object["metadata"]["labels"].as_object();
    labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests;
