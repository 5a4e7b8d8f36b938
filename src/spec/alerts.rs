//! Whether alert rules are written, and where.

use std::path::PathBuf;

use super::format::absolute;
use super::{Form, Format, Settings};
use crate::error::{Error, Result};

/// Where alert rules go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alerts {
    /// Into a PrometheusRule.
    Object,
    /// Into a file of their own, for `rule_files` of prometheus.yml.
    File(PathBuf),
}

/// What `--with-alerts` and `--rules-file` ask for.
pub(super) fn alerts(settings: &Settings, format: &Format) -> Result<Option<Alerts>> {
    if let Some(file) = &settings.rules_file {
        if settings.with_alerts == Some(false) {
            return Err(Error::usage_hint(
                "--rules-file is for alert rules, and --with-alerts is false",
                "leave out one of the two",
            ));
        }
        let file = absolute("--rules-file", file)?;
        return Ok(Some(Alerts::File(file)));
    }
    if !settings.with_alerts.unwrap_or(false) {
        return Ok(None);
    }
    match format {
        Format::Settled(Form::Operator) | Format::Auto { .. } => Ok(Some(Alerts::Object)),
        Format::Settled(_) => Err(needs_file()),
    }
}

/// Without the operator nobody reads a PrometheusRule.
pub(crate) fn needs_file() -> Error {
    Error::usage_hint(
        "--with-alerts writes a PrometheusRule, which prometheus-operator alone reads",
        "name a file for the rules: --rules-file FILE, and FILE under rule_files in prometheus.yml",
    )
}
