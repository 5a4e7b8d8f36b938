//! Steps of relabelling, from both spellings to `rule` blocks.

use super::build::Build;
use super::context::Context;
use super::fields::Fields;
use crate::alloy::{Value, reads};
use promconf::{ACTIONS, RelabelConfig};

/// The steps of a MetricsInstance, in which an empty text is an absent one
/// (`component/metrics/relabel_config.libsonnet` of the operator).
pub(super) fn of_object(fields: Vec<Fields<'_>>, context: &mut Context) -> Vec<RelabelConfig> {
    let names = ["sourceLabels", "targetLabel"];
    let steps = read(fields, names, context).into_iter();
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    steps
        .map(|step| RelabelConfig {
            separator: given(step.separator),
            regex: given(step.regex),
            replacement: given(step.replacement),
            target_label: given(step.target_label),
            modulus: step.modulus.filter(|modulus| *modulus > 0),
            ..step
        })
        .collect()
}

/// The steps of a scrape config.
pub(super) fn of_text(fields: Vec<Fields<'_>>, context: &mut Context) -> Vec<RelabelConfig> {
    read(fields, ["source_labels", "target_label"], context)
}

fn read(
    steps: Vec<Fields<'_>>,
    [sources, target]: [&str; 2],
    context: &mut Context,
) -> Vec<RelabelConfig> {
    let mut found = Vec::new();
    for mut fields in steps {
        let action = fields.text("action", context).unwrap_or_default();
        let action = match action.to_lowercase() {
            empty if empty.is_empty() => "replace".to_owned(),
            action => action,
        };
        let path = fields.at("action");
        let modulus = fields.text("modulus", context);
        let step = RelabelConfig {
            source_labels: fields.texts(sources, context),
            separator: fields.text("separator", context),
            regex: fields.text("regex", context),
            modulus: modulus.and_then(|modulus| modulus.parse().ok()),
            target_label: fields.text(target, context),
            replacement: fields.text("replacement", context),
            action,
        };
        fields.rest(context);
        if ACTIONS.contains(&step.action.as_str()) {
            found.push(step);
        } else {
            context
                .findings
                .error(path, "is no action that Alloy knows, correct it");
        }
    }
    found
}

/// Steps as blocks of that name.
pub(super) fn push(steps: &[RelabelConfig], block: &str, out: &mut Build) {
    for step in steps {
        let mut rule = Build::default();
        if step.action != "replace" {
            rule.text("action", step.action.clone());
        }
        if !step.source_labels.is_empty() {
            rule.texts("source_labels", step.source_labels.iter().cloned());
        }
        for (name, text) in [
            ("separator", &step.separator),
            ("regex", &step.regex),
            ("target_label", &step.target_label),
            ("replacement", &step.replacement),
        ] {
            if let Some(text) = text {
                rule.text(name, text.clone());
            }
        }
        if let Some(modulus) = step.modulus {
            rule.set("modulus", Value::Number(modulus.into()));
        }
        out.block(block, rule);
    }
}

/// The steps with those before them that write what Prometheus itself writes before it relabels and Alloy only after, where
/// a step reads it; what a target has already stays.
pub(super) fn with_defaults(
    steps: Vec<RelabelConfig>,
    defaults: &[(String, String)],
) -> Vec<RelabelConfig> {
    let read = defaults
        .iter()
        .filter(|(label, _)| steps.iter().any(|step| reads(step, label)));
    let written = read.map(|(label, value)| RelabelConfig {
        source_labels: vec![label.clone()],
        regex: Some(String::new()),
        ..RelabelConfig::constant(label, value)
    });
    written
        .collect::<Vec<_>>()
        .into_iter()
        .chain(steps)
        .collect()
}
