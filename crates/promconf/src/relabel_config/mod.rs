//! One step of relabeling (`relabel_config`).

mod apply;
mod check;

pub use apply::{Fate, TargetLabels, relabel};
pub use check::{ACTIONS, Fault, is_label_name};

/// One step of relabeling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelabelConfig {
    /// `keep`, `labelmap`, `replace`, …
    pub action: String,
    /// Labels whose values are joined by the separator.
    pub source_labels: Vec<String>,
    /// Between the values; `;` unless given.
    pub separator: Option<String>,
    /// RE2, anchored at both ends; everything unless given.
    pub regex: Option<String>,
    /// For `hashmod`.
    pub modulus: Option<u64>,
    /// The label that is written.
    pub target_label: Option<String>,
    /// What is written, with `$1` for the first group; `$1` unless given.
    pub replacement: Option<String>,
}

impl RelabelConfig {
    /// Keeps the targets whose `labels` match `regex`.
    #[must_use]
    pub fn keep(labels: &[&str], regex: &str) -> Self {
        Self {
            regex: Some(regex.to_owned()),
            ..Self::of("keep", labels)
        }
    }

    /// Drops the targets whose `labels` match `regex`.
    #[must_use]
    pub fn drop(labels: &[&str], regex: &str) -> Self {
        Self {
            action: "drop".to_owned(),
            ..Self::keep(labels, regex)
        }
    }

    /// Copies a label.
    #[must_use]
    pub fn copy(label: &str, target: &str) -> Self {
        Self {
            target_label: Some(target.to_owned()),
            ..Self::of("replace", &[label])
        }
    }

    /// Writes `replacement` where `labels` match `regex`.
    #[must_use]
    pub fn replace(labels: &[&str], regex: &str, target: &str, replacement: &str) -> Self {
        Self {
            regex: Some(regex.to_owned()),
            replacement: Some(replacement.to_owned()),
            target_label: Some(target.to_owned()),
            ..Self::of("replace", labels)
        }
    }

    /// Writes `value` into every target.
    #[must_use]
    pub fn constant(target: &str, value: &str) -> Self {
        Self {
            // `$` begins a reference to a group.
            replacement: Some(value.replace('$', "$$")),
            target_label: Some(target.to_owned()),
            ..Self::of("replace", &[])
        }
    }

    /// Renames the labels that match `regex`.
    #[must_use]
    pub fn labelmap(regex: &str, replacement: &str) -> Self {
        Self {
            regex: Some(regex.to_owned()),
            replacement: Some(replacement.to_owned()),
            ..Self::of("labelmap", &[])
        }
    }

    fn of(action: &str, labels: &[&str]) -> Self {
        Self {
            action: action.to_owned(),
            source_labels: labels.iter().map(|&label| label.to_owned()).collect(),
            ..Self::default()
        }
    }
}

/// The steps to a port of the address in `label`, which has none; an IPv6 address then stands in brackets.
#[must_use]
pub fn at_port(label: &str, port: u64) -> Vec<RelabelConfig> {
    vec![
        RelabelConfig::replace(&[label], "([^:]+)", "__address__", &format!("$1:{port}")),
        RelabelConfig::replace(&[label], "(.+:.+)", "__address__", &format!("[$1]:{port}")),
    ]
}

/// The name of the meta label that discovery derives from a Kubernetes label or annotation: what a label name of
/// Prometheus cannot hold becomes `_` (`strutil.SanitizeLabelName` of Prometheus).
#[must_use]
pub fn sanitized(name: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.chars()
        .map(|character| if plain(character) { character } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::anchored;

    #[test]
    fn names_and_texts_are_written_as_prometheus_has_them() {
        assert_eq!(
            sanitized("app.kubernetes.io/name"),
            "app_kubernetes_io_name"
        );
        assert_eq!(sanitized("k8s-app"), "k8s_app");
        let step = RelabelConfig::constant("cluster", "a$b");
        assert_eq!(step.replacement.as_deref(), Some("a$$b"));
    }

    #[test]
    fn an_ipv6_address_gets_brackets_before_its_port() {
        let steps = at_port("__meta_kubernetes_pod_ip", 10_257);
        let address = |ip: &str| {
            let mut address = String::new();
            for step in &steps {
                let regex = anchored(step.regex.as_deref()).expect("valid");
                let replacement = step.replacement.as_deref().expect("a replacement");
                if regex.is_match(ip) {
                    address = regex.replace(ip, replacement).into_owned();
                }
            }
            address
        };
        assert_eq!(address("10.0.0.7"), "10.0.0.7:10257");
        assert_eq!(address("fd00::7"), "[fd00::7]:10257");
    }
}
