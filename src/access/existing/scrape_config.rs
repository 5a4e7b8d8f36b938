//! One `scrape_config` of Prometheus, or a ScrapeConfig of prometheus-operator, which has the same fields.

use super::configured::tls;
use super::discovery::discovery;
use super::identity::credentials;
use super::node::{Node, Spelling};
use super::{Address, Scrape, Settings, Static};
use promconf::RelabelConfig;
use yaml::YamlError;

/// Reads it as the job `name`.
pub(super) fn scrape_config(
    node: &Node<'_>,
    name: String,
    settings: &Settings<'_>,
) -> Result<Scrape, YamlError> {
    let mut found = Vec::new();
    for node in node.list("kubernetes_sd_configs")? {
        found.push(discovery(&node, settings)?);
    }
    let mut statics = Vec::new();
    for group in node.list("static_configs")? {
        let mut labels = Vec::new();
        if let Some(node) = group.get("labels") {
            for (label, value) in node.entries()? {
                labels.push((label.to_owned(), value.as_text()?));
            }
        }
        for target in group.list("targets")? {
            statics.push(Static {
                address: Address::Known(target.as_text()?),
                labels: labels.clone(),
                place: target.place(),
            });
        }
    }
    for (key, value) in node.entries()? {
        let other = key.ends_with("_sd_configs") || key.ends_with("SDConfigs");
        if other && !matches!(key, "kubernetes_sd_configs" | "kubernetesSDConfigs") {
            statics.push(Static {
                address: Address::FoundBy(key.to_owned()),
                labels: Vec::new(),
                place: value.place(),
            });
        }
    }
    let relabelling = match node.source.spelling {
        Spelling::Prometheus => relabelling(node, "relabel_configs")?,
        Spelling::Operator => relabelling(node, "relabelings")?,
    };
    Ok(Scrape {
        name,
        place: node.place(),
        found,
        statics,
        scheme: scheme(node)?,
        path: path(node)?,
        params: params(node)?,
        tls: tls(node)?,
        follows_redirects: node.flag_or("follow_redirects", true)?,
        fallback: node.text("fallback_scrape_protocol")?,
        credentials: credentials(node, settings.namespace)?,
        relabelling,
        kept: Vec::new(),
        remark: None,
    })
}

/// Query parameters, each with its values.
fn params(node: &Node<'_>) -> Result<Vec<(String, Vec<String>)>, YamlError> {
    let Some(params) = node.get("params") else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for (name, values) in params.entries()? {
        let values = values.items()?;
        let values: Result<_, _> = values.iter().map(Node::as_text).collect();
        all.push((name.to_owned(), values?));
    }
    Ok(all)
}

/// `/metrics` unless given; a path without a slash at its beginning gets one when the URL is made.
fn path(node: &Node<'_>) -> Result<String, YamlError> {
    let path = node.text("metrics_path")?;
    let path = path.unwrap_or_else(|| "/metrics".to_owned());
    Ok(if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    })
}

/// `http` unless given.
pub(super) fn scheme(node: &Node<'_>) -> Result<String, YamlError> {
    let scheme = node.text("scheme")?;
    Ok(scheme.map_or_else(|| "http".to_owned(), |scheme| scheme.to_lowercase()))
}

/// The steps of target relabelling under `key`.
pub(super) fn relabelling(node: &Node<'_>, key: &str) -> Result<Vec<RelabelConfig>, YamlError> {
    node.list(key)?
        .iter()
        .map(|step| {
            Ok(RelabelConfig {
                action: step
                    .text("action")?
                    .map_or_else(|| "replace".to_owned(), |action| action.to_lowercase()),
                source_labels: step.texts("source_labels")?,
                separator: step.text("separator")?,
                regex: step.text("regex")?,
                modulus: None,
                target_label: step.text("target_label")?,
                replacement: step.text("replacement")?,
            })
        })
        .collect()
}
