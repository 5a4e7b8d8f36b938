//! A job as its rendered form should be, straight from the model.

use promconf::RelabelConfig;
use serde_json::{Map, Value, json};

use super::step::canonical;
use super::{CA, TOKEN};
use crate::job::{Discovery, Job};

/// The template of an object that has no field for whether the scrape follows redirects.
const SILENT_ABOUT_REDIRECTS: &str = "scrapeconfig.yaml";

/// The job in the vocabulary of `scrape_config`, with [`TOKEN`] and [`CA`] where they are used.
///
/// `api_server` is the address at which targets are looked up with the instance's own token; `None` where whoever reads
/// the configuration looks them up in its own cluster, with its own ServiceAccount.
///
/// The job's `template` is named because not every form says whether redirects are followed.
pub(in crate::render) fn expected(template: &str, job: &Job, api_server: Option<&str>) -> Value {
    let mut fields = Map::new();
    let mut put = |field: &str, value: Value| fields.insert(field.to_owned(), value);
    put("job_name", json!(job.job_name));
    put("scheme", json!(if job.tls { "https" } else { "http" }));
    put("metrics_path", json!(job.metrics_path));
    if !job.params.is_empty() {
        let params = job.params.iter().cloned();
        let params: Map<String, Value> =
            params.map(|(name, values)| (name, json!(values))).collect();
        put("params", params.into());
    }
    if let Some(interval) = job.interval {
        put("scrape_interval", json!(interval.to_string()));
    }
    if let Some(timeout) = job.timeout {
        put("scrape_timeout", json!(timeout.to_string()));
    }
    put("honor_labels", json!(job.honor_labels));
    put("honor_timestamps", json!(job.honor_timestamps));
    if job.authority.wants_token() {
        put("authorization", json!({"credentials": TOKEN}));
        if template != SILENT_ABOUT_REDIRECTS {
            put("follow_redirects", json!(false));
        }
    }
    if let Some(tls) = tls(job) {
        put("tls_config", tls);
    }
    put(
        "kubernetes_sd_configs",
        json!([discovery(&job.discovery, api_server)]),
    );
    for (field, steps) in [
        ("relabel_configs", job.raw_relabelling()),
        ("metric_relabel_configs", job.metric_relabelling.clone()),
    ] {
        if !steps.is_empty() {
            put(field, steps.iter().map(step).collect());
        }
    }
    fields.into()
}

/// The cluster's CA verifies those whom the token is shown to; any other target a public one.
fn tls(job: &Job) -> Option<Value> {
    if job.insecure_tls {
        return Some(json!({"insecure_skip_verify": true}));
    }
    if !job.authority.wants_token() {
        return None;
    }
    let mut tls = json!({"ca": CA});
    if let Some(name) = job.authority.server_name() {
        tls["server_name"] = json!(name);
    }
    Some(tls)
}

fn discovery(discovery: &Discovery, api_server: Option<&str>) -> Value {
    let mut fields = json!({"role": discovery.role.name()});
    if !discovery.namespaces.is_empty() {
        fields["namespaces"] = json!({"names": discovery.namespaces});
    }
    if !discovery.selectors.is_empty() {
        let selectors = discovery.selectors.iter().map(|selector| {
            let mut fields = json!({"role": selector.role.name()});
            for (field, text) in [("label", &selector.label), ("field", &selector.field)] {
                if let Some(text) = text {
                    fields[field] = json!(text);
                }
            }
            fields
        });
        fields["selectors"] = selectors.collect();
    }
    for attachment in &discovery.attach_metadata {
        fields["attach_metadata"][attachment.name()] = json!(true);
    }
    if let Some(api_server) = api_server {
        fields["api_server"] = json!(api_server);
        fields["authorization"] = json!({"credentials": TOKEN});
        fields["follow_redirects"] = json!(false);
        fields["tls_config"] = json!({"ca": CA});
    }
    fields
}

fn step(step: &RelabelConfig) -> Value {
    let mut fields = json!({"action": step.action, "source_labels": step.source_labels});
    for (field, text) in [
        ("separator", &step.separator),
        ("regex", &step.regex),
        ("target_label", &step.target_label),
        ("replacement", &step.replacement),
    ] {
        if let Some(text) = text {
            fields[field] = json!(text);
        }
    }
    if let Some(modulus) = step.modulus {
        fields["modulus"] = json!(modulus);
    }
    canonical(fields)
}
