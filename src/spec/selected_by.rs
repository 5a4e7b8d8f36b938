//! The objects that are meant to select the instance's monitors, although they lie elsewhere.

use std::fmt;

use super::names::{Consumer, valid_name};
use super::{Form, Format, Settings};
use crate::error::{Error, Result};

/// A Prometheus, PrometheusAgent or GrafanaAgent, by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SelectedBy {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for SelectedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl SelectedBy {
    fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = text.split_once('/')?;
        let is_valid = valid_name(namespace) && name.split('.').all(valid_name);
        is_valid.then(|| Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// What `--selected-by` names.
///
/// # Errors
/// A value that is not `NAMESPACE/NAME`, and a destination that no operator selects.
pub(super) fn selected_by(
    settings: &Settings,
    consumer: Consumer,
    format: &Format,
) -> Result<Vec<SelectedBy>> {
    let named = settings.selected_by.as_deref().unwrap_or_default();
    let parsed = named.iter().map(|text| {
        SelectedBy::parse(text).ok_or_else(|| {
            Error::usage_hint(
                format!("invalid value {text:?} for --selected-by: use NAMESPACE/NAME"),
                "list the candidates with `kubectl get prometheuses,prometheusagents -A`",
            )
        })
    });
    let mut selected_by: Vec<SelectedBy> = parsed.collect::<Result<_>>()?;
    selected_by.sort();
    selected_by.dedup();
    let is_selected = matches!(
        format.settled(),
        None | Some(Form::Operator | Form::Agent { .. })
    );
    if selected_by.is_empty() || is_selected {
        return Ok(selected_by);
    }
    let formats = match consumer {
        Consumer::GrafanaAgent => "operator or --format monitors",
        Consumer::Prometheus | Consumer::Alloy => "operator",
    };
    Err(Error::usage_hint(
        "--selected-by has no effect: this format writes no objects that an operator selects",
        format!("leave it out, or use --format {formats}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_namespace_and_a_name() {
        let parsed = SelectedBy::parse("monitoring/kube-prom.main").map(|by| by.to_string());
        assert_eq!(parsed.as_deref(), Some("monitoring/kube-prom.main"));
        for wrong in [
            "",
            "main",
            "/main",
            "monitoring/",
            "a/b/c",
            "A/b",
            "a/b c",
            "a b/c",
            "a/../b",
        ] {
            assert_eq!(SelectedBy::parse(wrong), None, "{wrong:?}");
        }
    }
}
