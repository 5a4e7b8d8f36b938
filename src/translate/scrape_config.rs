//! A scrape config of `additionalScrapeConfigs` as a pipeline of components.

use promconf::is_label_name;
use serde_json::Value as Json;

use super::agent::Agent;
use super::build::Build;
use super::context::Context;
use super::duration::milliseconds;
use super::fields::{Fields, scalar};
use super::http_client::{http_client, texts};
use super::relabelling;
use super::shards::without_shards;
use super::variables::undone;
use crate::alloy::{Value, identifier, literal};

/// Prometheus' own, where neither job nor agent says.
const DEFAULTS: [&str; 2] = ["1m", "10s"];

/// The components of one job; `receiver` takes its samples.
pub(super) fn scrape_config(
    config: &Json,
    path: &str,
    agent: &Agent<'_>,
    receiver: &str,
    context: &mut Context,
) -> Build {
    let mut config = config.clone();
    without_shards(&mut config, path, context);
    let config = undone(&config, path, &mut context.findings);
    let mut fields = Fields::of(&config, path);
    let mut out = Build::default();
    let job = fields.text("job_name", context).unwrap_or_default();
    let label = identifier::own(&context.name, &job);

    let targets = targets(&mut fields, &job, context, &mut out);
    let mut scrape = Build::default();
    scrape.text("job_name", job.clone());
    let defaults = how(&mut fields, &job, agent, context, &mut scrape);
    let steps = relabelling::of_text(fields.list("relabel_configs"), context);
    let steps = relabelling::with_defaults(steps, &defaults);
    let targets = if steps.is_empty() {
        targets
    } else {
        let mut body = Build::default();
        body.set("targets", targets);
        relabelling::push(&steps, "rule", &mut body);
        out.component("discovery.relabel", &label, body);
        Value::Expression(format!("discovery.relabel.{label}.output"))
    };
    let steps = relabelling::of_text(fields.list("metric_relabel_configs"), context);
    let mut body = Build::default();
    body.set("targets", targets);
    let after = if steps.is_empty() {
        body.receivers(receiver);
        None
    } else {
        body.receivers(&format!("prometheus.relabel.{label}.receiver"));
        let mut after = Build::default();
        after.receivers(receiver);
        relabelling::push(&steps, "rule", &mut after);
        Some(after)
    };
    fields.rest(context);
    body.append(scrape);
    body.filled("clustering", agent.clustering());
    out.component("prometheus.scrape", &label, body);
    if let Some(after) = after {
        out.component("prometheus.relabel", &label, after);
    }
    out
}

/// Where its targets come from: the components for it go to `out`.
fn targets(fields: &mut Fields<'_>, job: &str, context: &mut Context, out: &mut Build) -> Value {
    let mut lists = Vec::new();
    for (index, discovery) in fields.list("kubernetes_sd_configs").into_iter().enumerate() {
        let name = match index {
            0 => job.to_owned(),
            // No job's name has this character.
            further => format!("{job}\0{}", further + 1),
        };
        let label = identifier::own(&context.name, &name);
        let body = kubernetes(discovery, context);
        out.component("discovery.kubernetes", &label, body);
        lists.push(Value::Expression(format!(
            "discovery.kubernetes.{label}.targets"
        )));
    }
    let mut known = Vec::new();
    for mut group in fields.list("static_configs") {
        let labels = group.take("labels").cloned().unwrap_or_default();
        let labels = match texts(&labels, &group.at("labels"), context) {
            Value::Object(labels) => labels,
            _ => Vec::new(),
        };
        for address in group.texts("targets", context) {
            let mut target = vec![("__address__".to_owned(), Value::String(address))];
            target.extend(labels.iter().cloned());
            known.push(Value::Object(target));
        }
        group.rest(context);
    }
    if !known.is_empty() || lists.is_empty() {
        lists.push(Value::Array(known));
    }
    match lists.as_slice() {
        [one] => one.clone(),
        several => {
            let lists: Vec<String> = several.iter().map(literal::literal).collect();
            Value::Expression(format!("concat({})", lists.join(", ")))
        }
    }
}

fn kubernetes(mut discovery: Fields<'_>, context: &mut Context) -> Build {
    let mut out = Build::default();
    discovery.copy(
        &[
            ("role", "role"),
            ("api_server", "api_server"),
            ("kubeconfig_file", "kubeconfig_file"),
        ],
        context,
        &mut out,
    );
    let mut blocks = Build::default();
    if let Some(mut namespaces) = discovery.inner("namespaces") {
        let mut body = Build::default();
        namespaces.copy_plain(&[("own_namespace", "own_namespace")], context, &mut body);
        let names = namespaces.texts("names", context);
        if !names.is_empty() {
            body.texts("names", names);
        }
        namespaces.rest(context);
        blocks.filled("namespaces", body);
    }
    for mut selector in discovery.list("selectors") {
        let mut body = Build::default();
        selector.copy(
            &[("role", "role"), ("label", "label"), ("field", "field")],
            context,
            &mut body,
        );
        selector.rest(context);
        blocks.block("selectors", body);
    }
    if let Some(mut attached) = discovery.inner("attach_metadata") {
        let mut body = Build::default();
        attached.copy_plain(&[("node", "node")], context, &mut body);
        attached.rest(context);
        blocks.filled("attach_metadata", body);
    }
    http_client(&mut discovery, context, &mut out);
    discovery.rest(context);
    out.append(blocks);
    out
}

/// How it is scraped; beside that the labels that say so.
fn how(
    fields: &mut Fields<'_>,
    job: &str,
    agent: &Agent<'_>,
    context: &mut Context,
    out: &mut Build,
) -> Vec<(String, String)> {
    let scheme = fields.text("scheme", context);
    let path = fields.text("metrics_path", context);
    let [global_interval, global_timeout] = agent.timing();
    let interval = fields
        .duration("scrape_interval", context)
        .or(global_interval);
    let every = interval.clone().unwrap_or_else(|| DEFAULTS[0].to_owned());
    let own_timeout = fields.duration("scrape_timeout", context);
    // As Prometheus does, which holds its default, not a job's own, to the interval.
    let timeout = own_timeout.unwrap_or_else(|| {
        let general = global_timeout.unwrap_or_else(|| DEFAULTS[1].to_owned());
        if milliseconds(&general) > milliseconds(&every) {
            every.clone()
        } else {
            general
        }
    });
    for (name, value) in [
        ("scheme", scheme.clone()),
        ("metrics_path", path.clone()),
        ("scrape_interval", interval),
        (
            "scrape_timeout",
            (timeout != DEFAULTS[1]).then(|| timeout.clone()),
        ),
    ] {
        if let Some(value) = value {
            out.text(name, value);
        }
    }
    let mut labels = vec![
        ("job".to_owned(), job.to_owned()),
        ("__scrape_interval__".to_owned(), every),
        ("__scrape_timeout__".to_owned(), timeout),
        (
            "__metrics_path__".to_owned(),
            path.unwrap_or_else(|| "/metrics".to_owned()),
        ),
        (
            "__scheme__".to_owned(),
            scheme.unwrap_or_else(|| "http".to_owned()),
        ),
    ];
    labels.extend(parameters(fields, context, out));
    fields.copy_plain(
        &[
            ("honor_labels", "honor_labels"),
            ("honor_timestamps", "honor_timestamps"),
            ("track_timestamps_staleness", "track_timestamps_staleness"),
            ("sample_limit", "sample_limit"),
            ("target_limit", "target_limit"),
            ("label_limit", "label_limit"),
            ("label_name_length_limit", "label_name_length_limit"),
            ("label_value_length_limit", "label_value_length_limit"),
        ],
        context,
        out,
    );
    fields.copy(&[("body_size_limit", "body_size_limit")], context, out);
    http_client(fields, context, out);
    labels
}

/// The parameters of the URL, and the labels that hold the first of each.
fn parameters(
    fields: &mut Fields<'_>,
    context: &mut Context,
    out: &mut Build,
) -> Vec<(String, String)> {
    let path = fields.at("params");
    let (mut written, mut labels) = (Vec::new(), Vec::new());
    let params = fields.take("params").and_then(Json::as_object);
    for (name, values) in params.into_iter().flatten() {
        let path = format!("{path}.{name}");
        if crate::mask::secrecy(name) != yaml::Extent::Nothing {
            context.secret(&path);
            continue;
        }
        if !literal::is_writable_key(name) {
            let what = "has a name that Alloy's language cannot write, choose another";
            context.findings.error(path, what);
            continue;
        }
        let values = values.as_array().into_iter().flatten().filter_map(scalar);
        let values: Vec<String> = values
            .filter_map(|value| context.plain(&path, value))
            .collect();
        let label = format!("__param_{name}");
        if let Some(first) = values.first()
            && is_label_name(&label)
        {
            labels.push((label, first.clone()));
        }
        let values = values.into_iter().map(Value::String).collect();
        written.push((name.clone(), Value::Array(values)));
    }
    if !written.is_empty() {
        out.set("params", Value::Object(written));
    }
    labels
}
