//! An object of prometheus-operator as the `scrape_config`s that the operator makes of it (its
//! `pkg/prometheus/promcfg.go`).
//!
//! What the operator adds to every job, the labels `namespace`, `service`, `pod`, `container` and `endpoint` and the
//! phases of pods that it drops, is in no object and is not told.

use promconf::{regex::literal, sanitized};
use serde_json::{Map, Value, json};

use super::references::References;
use super::scrape_config::of_scrape_config;
use super::spelling::in_words;
use super::step::canonical;

/// One job in the vocabulary of [`expected`](super::expected) for each endpoint of a ServiceMonitor or PodMonitor, one
/// for a ScrapeConfig. Endpoints differ by their port at most: each is told with the ports of all, as the whole finds
/// the same targets as a job that keeps all these ports.
pub(in crate::render) fn of_monitor(object: &Value, references: &References) -> Vec<Value> {
    let Value::Object(mut spec) = in_words(&object["spec"]) else {
        return Vec::new();
    };
    spec.retain(|_, value| !value.is_null());
    let jobs = match object["kind"].as_str() {
        Some("ServiceMonitor") => endpoints(spec, object, true),
        Some("PodMonitor") => endpoints(spec, object, false),
        _ => vec![scrape_config(spec)],
    };
    let jobs = jobs.into_iter().map(|mut job| {
        lower(&mut job, "scheme");
        for discovery in items(job.get_mut("kubernetes_sd_configs")) {
            lower(discovery, "role");
            items(discovery.get_mut("selectors")).for_each(|selector| lower(selector, "role"));
        }
        for key in ["relabel_configs", "metric_relabel_configs"] {
            // The operator writes an empty one as none.
            items(job.get_mut(key))
                .for_each(|step| step.retain(|field, value| field != "regex" || value != ""));
        }
        of_scrape_config(&job.into(), references)
    });
    jobs.collect()
}

fn scrape_config(mut spec: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::String(name)) = spec.get_mut("job_name") {
        *name = unescaped(name);
    }
    rename(&mut spec, &STEPS);
    spec
}

/// The operator's names of both lists of steps.
const STEPS: [(&str, &str); 2] = [
    ("relabelings", "relabel_configs"),
    ("metric_relabelings", "metric_relabel_configs"),
];

/// Fields of the object are handed to each of its endpoints; what is not understood is left there, and so differs.
fn endpoints(
    mut spec: Map<String, Value>,
    object: &Value,
    of_services: bool,
) -> Vec<Map<String, Value>> {
    let list = if of_services {
        "endpoints"
    } else {
        "pod_metrics_endpoints"
    };
    let Some(Value::Array(endpoints)) = spec.remove(list) else {
        return Vec::new();
    };
    let role = if of_services {
        // What the Prometheus object says holds where a monitor does not say it, and by default this.
        let role = spec.remove("service_discovery_role");
        role.unwrap_or_else(|| json!("endpoints"))
    } else {
        json!("pod")
    };
    let mut discovery = json!({"role": role});
    if let Some(namespaces) = namespaces(&mut spec, object) {
        discovery["namespaces"] = json!({"names": namespaces});
    }
    if let Some(attached) = spec.remove("attach_metadata") {
        discovery["attach_metadata"] = attached;
    }
    let ports: Vec<String> = endpoints
        .iter()
        .filter_map(|endpoint| endpoint["port"].as_str().map(str::to_owned))
        .collect();
    let without_port = endpoints.len() - ports.len();
    if without_port > 1 {
        // Each would scrape the same targets.
        spec.insert("endpoints_without_port".to_owned(), json!(without_port));
    }
    let kept = kept(
        selected(&mut spec),
        &ports,
        &role_labels(&discovery["role"]),
    );
    let job = |endpoint: &Value| {
        let mut job = endpoint.as_object().cloned().unwrap_or_default();
        job.retain(|_, value| !value.is_null());
        job.extend(spec.clone());
        job.remove("port");
        rename(
            &mut job,
            &[("path", "metrics_path"), ("interval", "scrape_interval")],
        );
        rename(&mut job, &STEPS);
        let mut steps = match job.remove("relabel_configs") {
            Some(Value::Array(steps)) => steps,
            _ => Vec::new(),
        };
        if let Some(name) = steps.first().and_then(job_label) {
            job.insert("job_name".to_owned(), name.into());
            steps.remove(0);
        }
        let steps: Vec<Value> = kept.iter().cloned().chain(steps).collect();
        job.insert("relabel_configs".to_owned(), steps.into());
        job.insert("kubernetes_sd_configs".to_owned(), json!([discovery]));
        job
    };
    endpoints.iter().map(job).collect()
}

/// Namespaces that are looked into; `None` for all.
fn namespaces(spec: &mut Map<String, Value>, object: &Value) -> Option<Value> {
    let selector = spec.remove("namespace_selector");
    let mut selector = match selector {
        Some(Value::Object(selector)) => selector,
        _ => Map::new(),
    };
    let (any, names) = (selector.remove("any"), selector.remove("match_names"));
    if !selector.is_empty() {
        spec.insert("namespace_selector".to_owned(), selector.into());
    }
    if any == Some(json!(true)) {
        return None;
    }
    let names = names.filter(|names| *names != json!([]));
    Some(names.unwrap_or_else(|| json!([object["metadata"]["namespace"]])))
}

/// Each label with its values, taken out of the selector where that can say no more.
fn selected(spec: &mut Map<String, Value>) -> Vec<(String, Vec<String>)> {
    let mut labels = Vec::new();
    let Some(Value::Object(mut selector)) = spec.remove("selector") else {
        return labels;
    };
    if let Some(Value::Object(matched)) = selector.remove("match_labels") {
        for (label, value) in matched {
            let value = value.as_str().unwrap_or_default().to_owned();
            labels.push((label, vec![value]));
        }
    }
    if let Some(Value::Array(expressions)) = selector.remove("match_expressions") {
        let (within, others): (Vec<_>, Vec<_>) = expressions.into_iter().partition(is_within);
        for expression in within {
            let key = expression["key"].as_str().unwrap_or_default().to_owned();
            let values = expression["values"].as_array().into_iter().flatten();
            let values = values.filter_map(Value::as_str).map(str::to_owned);
            labels.push((key, values.collect()));
        }
        if !others.is_empty() {
            selector.insert("match_expressions".to_owned(), others.into());
        }
    }
    if !selector.is_empty() {
        spec.insert("selector".to_owned(), selector.into());
    }
    labels.sort();
    labels
}

/// Whether an expression says no more than which values a label may have.
fn is_within(expression: &Value) -> bool {
    let fields = expression.as_object().map_or(0, Map::len);
    expression["operator"] == "In" && expression["values"].is_array() && fields == 3
}

/// How the meta labels of a role begin, for labels of its object and for the name of a port.
fn role_labels(role: &Value) -> (&'static str, &'static str) {
    match role.as_str() {
        Some("pod") => ("pod_label_", "pod_container_port_name"),
        Some("EndpointSlice") => ("service_label_", "endpointslice_port_name"),
        _ => ("service_label_", "endpoint_port_name"),
    }
}

/// The operator's steps for selected labels and ports, as the one step that a job has for both.
fn kept(
    labels: Vec<(String, Vec<String>)>,
    ports: &[String],
    (label_prefix, port_label): &(&str, &str),
) -> Option<Value> {
    let meta = |name: &str| format!("__meta_kubernetes_{name}");
    let (mut sources, mut regex) = (Vec::new(), Vec::new());
    for (label, values) in labels {
        sources.push(meta(&format!("{label_prefix}{}", sanitized(&label))));
        regex.push(alternatives(&values));
    }
    if !ports.is_empty() {
        sources.push(meta(port_label));
        regex.push(alternatives(ports));
    }
    let keep = json!({"action": "keep", "source_labels": sources, "regex": regex.join(";")});
    (!sources.is_empty()).then_some(keep)
}

fn alternatives(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
    match values.as_slice() {
        [value] => value.clone(),
        values => format!("({})", values.join("|")),
    }
}

/// The name that a step writes into the label `job`, over the operator's own.
fn job_label(step: &Value) -> Option<String> {
    let step = canonical(step.clone());
    let name = step["replacement"].as_str()?;
    let expected = json!({"action": "replace", "target_label": "job", "replacement": name});
    (step == expected).then(|| unescaped(name))
}

/// `$$` is how a replacement says `$`.
fn unescaped(text: &str) -> String {
    text.replace("$$", "$")
}

fn rename(fields: &mut Map<String, Value>, names: &[(&str, &str)]) {
    for (operator, prometheus) in names {
        if let Some(value) = fields.remove(*operator) {
            fields.insert((*prometheus).to_owned(), value);
        }
    }
}

fn lower(fields: &mut Map<String, Value>, field: &str) {
    if let Some(Value::String(text)) = fields.get_mut(field) {
        *text = text.to_lowercase();
    }
}

fn items(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = list.and_then(Value::as_array_mut).into_iter().flatten();
    items.filter_map(Value::as_object_mut)
}
