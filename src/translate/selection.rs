//! Which monitors an instance selects, as `prometheus.operator` components.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::agent::Agent;
use super::build::Build;
use super::context::Context;
use crate::alloy::Value;
use crate::render::selector_matches;

const KINDS: [(&str, &str); 3] = [
    ("serviceMonitor", "prometheus.operator.servicemonitors"),
    ("podMonitor", "prometheus.operator.podmonitors"),
    ("probe", "prometheus.operator.probes"),
];

/// Where monitors are looked for.
enum Namespaces {
    All,
    These(Vec<String>),
}

/// Whether namespaces are chosen by their labels, so that the Namespaces have to be known.
pub(super) fn needs_namespaces(spec: &Json) -> bool {
    KINDS.iter().any(|(field, _)| {
        spec[format!("{field}Selector")].is_object()
            && is_by_labels(&spec[format!("{field}NamespaceSelector")])
    })
}

/// The components; `receiver` takes their samples.
pub(super) fn selection(
    spec: &Json,
    namespaces: &[Json],
    agent: &Agent<'_>,
    receiver: &str,
    context: &mut Context,
) -> Build {
    let mut out = Build::default();
    for (field, component) in KINDS {
        let selector = &spec[format!("{field}Selector")];
        // An absent selector selects nothing.
        if !selector.is_object() {
            continue;
        }
        let path = format!("spec.{field}NamespaceSelector");
        let selected = &spec[format!("{field}NamespaceSelector")];
        let namespaces = chosen(selected, namespaces, &path, context);
        let mut body = Build::default();
        body.receivers(receiver);
        match namespaces {
            Namespaces::All => {}
            // To Alloy, no namespaces are all of them.
            Namespaces::These(none) if none.is_empty() => continue,
            Namespaces::These(names) => body.texts("namespaces", names),
        }
        body.filled("selector", labels(selector));
        body.filled("scrape", agent.scrape());
        body.filled("clustering", agent.clustering());
        out.component(component, &context.shared(), body);
        agent.unenforced(context);
    }
    out
}

fn chosen(selector: &Json, namespaces: &[Json], path: &str, context: &mut Context) -> Namespaces {
    if selector.is_null() {
        return Namespaces::These(vec![context.namespace.clone()]);
    }
    if !is_by_labels(selector) {
        return Namespaces::All;
    }
    let matching = namespaces.iter().filter(|namespace| {
        let labels = super::labels(namespace);
        selector_matches(selector, &labels)
    });
    let names: BTreeSet<String> = matching
        .filter_map(|namespace| Some(namespace["metadata"]["name"].as_str()?.to_owned()))
        .collect();
    let message = if names.is_empty() {
        "no namespace matches now and Alloy cannot look for more, so that nothing is written for it: name the namespaces yourself"
    } else {
        "Alloy cannot choose namespaces by their labels: those that match now are fixed from now on, add others yourself"
    };
    context.findings.error(path, message);
    Namespaces::These(names.into_iter().collect())
}

fn is_by_labels(selector: &Json) -> bool {
    let filled = |field: &str| match &selector[field] {
        Json::Object(labels) => !labels.is_empty(),
        Json::Array(expressions) => !expressions.is_empty(),
        _ => false,
    };
    filled("matchLabels") || filled("matchExpressions")
}

/// An empty selector selects everything, as no block does.
fn labels(selector: &Json) -> Build {
    let mut out = Build::default();
    if selector["matchLabels"]
        .as_object()
        .is_some_and(|labels| !labels.is_empty())
    {
        let labels = selector["matchLabels"].as_object().into_iter().flatten();
        let labels = labels.filter_map(|(key, value)| {
            Some((key.clone(), Value::String(value.as_str()?.to_owned())))
        });
        out.set("match_labels", Value::Object(labels.collect()));
    }
    for expression in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let mut body = Build::default();
        for field in ["key", "operator"] {
            body.text(field, expression[field].as_str().unwrap_or_default());
        }
        let values = expression["values"].as_array().into_iter().flatten();
        let values: Vec<String> = values
            .filter_map(|value| Some(value.as_str()?.to_owned()))
            .collect();
        if !values.is_empty() {
            body.texts("values", values);
        }
        out.block("match_expression", body);
    }
    out
}
