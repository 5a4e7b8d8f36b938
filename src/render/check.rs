//! What a template gave must be exactly the object that was asked for.

use serde_json::Value;

use super::schema::{Violation, violations};
use super::templates::Rendered;
use crate::error::{Error, Result};
use crate::object::{Kind, ObjectRef, metadata};

/// Parses `rendered` and checks that it is `wanted`, carries `labels`, and has the fields that its
/// kind requires and no field that it does not know.
///
/// # Errors
/// The template's file and line, and what is wrong.
pub(super) fn object(
    rendered: &Rendered,
    wanted: &ObjectRef,
    labels: &std::collections::BTreeMap<String, String>,
) -> Result<Value> {
    let mut documents = documents(rendered)?;
    let object = match (documents.pop(), documents.is_empty()) {
        (Some(object), true) => object,
        (None, _) => return Err(rendered.failure("", "renders no object")),
        (Some(_), false) => {
            return Err(rendered.failure(
                "---",
                format!(
                    "renders {} documents; it may render {wanted} and nothing else",
                    documents.len() + 1
                ),
            ));
        }
    };
    identity(rendered, &object, wanted)?;
    for (key, value) in labels {
        if metadata(&object, "labels", key) != Some(value) {
            return Err(rendered.failure(
                "labels:",
                format!("the label {key}: {value} is missing: monconf knows its objects by it"),
            ));
        }
    }
    shape(rendered, wanted.kind, &object)?;
    Ok(object)
}

fn identity(rendered: &Rendered, object: &Value, wanted: &ObjectRef) -> Result<()> {
    let found = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    for (field, pointer, fragment, expected) in [
        (
            "apiVersion",
            "/apiVersion",
            "apiVersion:",
            Some(wanted.kind.api_version()),
        ),
        ("kind", "/kind", "kind:", Some(wanted.kind.name())),
        (
            "metadata.name",
            "/metadata/name",
            "name:",
            Some(wanted.name.as_str()),
        ),
        (
            "metadata.namespace",
            "/metadata/namespace",
            "namespace:",
            wanted.namespace.as_deref(),
        ),
    ] {
        if found(pointer) != expected || (expected.is_none() && object.pointer(pointer).is_some()) {
            let shown = object
                .pointer(pointer)
                .map_or("missing".to_owned(), yaml::flow);
            let expected = expected.unwrap_or("absent");
            return Err(rendered.failure(
                fragment,
                format!("{field} must be {expected}, but is {shown}: this template may render {wanted} and nothing else"),
            ));
        }
    }
    Ok(())
}

fn shape(rendered: &Rendered, kind: Kind, object: &Value) -> Result<()> {
    let allowed: &[&str] = match kind {
        Kind::ServiceAccount => &["automountServiceAccountToken", "imagePullSecrets"],
        // `data` is monconf's: a template cannot put anything beside the token.
        Kind::Secret => &["type"],
        Kind::ClusterRole | Kind::Role => &["rules"],
        Kind::ClusterRoleBinding | Kind::RoleBinding => &["roleRef", "subjects"],
        // No template renders one.
        Kind::ConfigMap => &[],
        Kind::Namespace
        | Kind::ServiceMonitor
        | Kind::PodMonitor
        | Kind::ScrapeConfig
        | Kind::PrometheusRule
        | Kind::GrafanaAgent
        | Kind::MetricsInstance => &["spec"],
    };
    let fields = object.as_object().into_iter().flatten();
    for (field, _) in fields {
        if !["apiVersion", "kind", "metadata"].contains(&field.as_str())
            && !allowed.contains(&field.as_str())
        {
            return Err(rendered.failure(
                &format!("{field}:"),
                format!(
                    "{field}: unknown field of a {}, or one that its template may not set",
                    kind.name()
                ),
            ));
        }
    }
    let required: &[&str] = match kind {
        Kind::ClusterRole | Kind::Role => &["rules"],
        Kind::ClusterRoleBinding | Kind::RoleBinding => &["roleRef", "subjects"],
        Kind::Secret => &["type"],
        _ => &[],
    };
    if let Some(missing) = required.iter().find(|field| object.get(**field).is_none()) {
        return Err(rendered.failure("kind:", format!("{missing}: Required value")));
    }
    if kind == Kind::Secret && object["type"] != "Opaque" {
        return Err(rendered.failure(
            "type:",
            "type must be Opaque: of another type, the cluster writes into the Secret itself",
        ));
    }
    if let Some(violation) = violations(kind, object).into_iter().next() {
        return Err(violated(rendered, &violation));
    }
    Ok(())
}

/// Parses a scrape configuration and checks that it holds exactly the jobs of `job_names`; returns them.
///
/// # Errors
/// The template's file and line, and what is wrong.
pub(super) fn scrape_configs(rendered: &Rendered, job_names: &[&str]) -> Result<Vec<Value>> {
    let documents = documents(rendered)?;
    let [document] = documents.as_slice() else {
        return Err(rendered.failure("---", "must render one document"));
    };
    let top = document.as_object();
    if let Some(field) = top
        .into_iter()
        .flatten()
        .map(|(field, _)| field)
        .find(|field| *field != "scrape_configs")
    {
        return Err(rendered.failure(
            &format!("{field}:"),
            format!("{field}: Prometheus allows nothing but scrape_configs in such a file"),
        ));
    }
    let Some(jobs) = document["scrape_configs"].as_array() else {
        return Err(rendered.failure("scrape_configs:", "scrape_configs must be a list"));
    };
    let found: Vec<&str> = jobs
        .iter()
        .filter_map(|job| job["job_name"].as_str())
        .collect();
    if found.len() != jobs.len() || found != job_names {
        return Err(rendered.failure(
            "- job_name:",
            format!(
                "must render the jobs {}, but renders {}",
                job_names.join(", "),
                found.join(", ")
            ),
        ));
    }
    Ok(jobs.clone())
}

/// Parses a file of rules and checks it as the `spec` of a PrometheusRule is; returns its groups.
///
/// # Errors
/// The template's file and line, and what is wrong.
pub(super) fn rules(rendered: &Rendered) -> Result<Vec<Value>> {
    let documents = documents(rendered)?;
    let [document] = documents.as_slice() else {
        return Err(rendered.failure("---", "must render one document"));
    };
    let object = serde_json::json!({"metadata": {}, "spec": document});
    if let Some(mut violation) = violations(Kind::PrometheusRule, &object).into_iter().next() {
        // A file of rules is what the object has under `spec`.
        if let Some(path) = violation.path.strip_prefix("spec.") {
            violation.path = path.to_owned();
        }
        return Err(violated(rendered, &violation));
    }
    match document["groups"].as_array() {
        Some(groups) => Ok(groups.clone()),
        None => Err(rendered.failure("groups:", "groups must be a list of groups of rules")),
    }
}

fn violated(rendered: &Rendered, violation: &Violation) -> Error {
    let last = violation.path.rsplit('.').next().unwrap_or_default();
    let last = last.split('[').next().unwrap_or_default();
    rendered.failure(
        &format!("{last}:"),
        format!("{}: {}", violation.path, violation.reason),
    )
}

fn documents(rendered: &Rendered) -> Result<Vec<Value>> {
    yaml::parse(&rendered.text, &rendered.origin).map_err(|error| {
        let line = rendered
            .text
            .lines()
            .nth(error.line.saturating_sub(1))
            .unwrap_or_default();
        rendered.failure_at(
            Some(error.line),
            format!(
                "renders no valid YAML: {}, in `{}`",
                error.message,
                line.trim()
            ),
        )
    })
}
