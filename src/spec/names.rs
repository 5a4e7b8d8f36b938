//! What everything is called, derived from consumer, `--name` and `--namespace`.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::error::{Error, Result};
use crate::object::{COMPONENT, FIELD_MANAGER, INSTANCE, Kind, MANAGED_BY};

/// Who reads the configuration that monconf writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Consumer {
    /// Prometheus, by itself or under prometheus-operator.
    #[default]
    Prometheus,
    /// Grafana Agent, in static mode or under its operator; its end of life was on 1 November 2025.
    GrafanaAgent,
    /// Grafana Alloy.
    Alloy,
}

impl Consumer {
    /// Every consumer.
    pub const ALL: [Self; 3] = [Self::Prometheus, Self::GrafanaAgent, Self::Alloy];

    /// The command's name, and the `app.kubernetes.io/component` label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::GrafanaAgent => "grafana-agent",
            Self::Alloy => "alloy",
        }
    }

    /// The name as its makers write it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Prometheus => "Prometheus",
            Self::GrafanaAgent => "Grafana Agent",
            Self::Alloy => "Alloy",
        }
    }

    /// The consumer of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|consumer| consumer.name() == name)
    }

    const fn default_base(self) -> &'static str {
        match self {
            Self::Prometheus => "monitoring",
            Self::GrafanaAgent => "grafana-agent",
            Self::Alloy => "alloy",
        }
    }

    const fn default_token_secret(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus-k8s-token",
            Self::GrafanaAgent => "grafana-agent-token",
            Self::Alloy => "alloy-k8s-token",
        }
    }
}

impl Consumer {
    /// The kinds of which an instance may have objects that are no longer wanted.
    #[must_use]
    pub fn kinds(self) -> Vec<Kind> {
        let mut kinds = Kind::MONITORS.to_vec();
        match self {
            Self::Prometheus => kinds.push(Kind::PrometheusRule),
            Self::GrafanaAgent => kinds.extend(Kind::AGENTS),
            Self::Alloy => kinds = vec![Kind::ConfigMap],
        }
        kinds
    }
}

/// The names of one instance's objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Who reads the configuration.
    pub consumer: Consumer,
    /// `--name`, or the consumer's default: the `app.kubernetes.io/instance` label.
    pub instance: String,
    /// Where the namespaced objects live.
    pub namespace: String,
    explicit: bool,
}

/// The namespace unless `--namespace` says otherwise.
const DEFAULT_NAMESPACE: &str = "monitoring";

/// Longest `--name`: the longest suffix is `-clusterrole-binding`, and a name has 63 characters
/// wherever it also serves as a label value.
const LONGEST_INSTANCE: usize = 43;

impl Names {
    /// Checks and derives.
    ///
    /// # Errors
    /// A usage error where a name is not a DNS label.
    pub fn new(consumer: Consumer, name: Option<&str>, namespace: Option<&str>) -> Result<Self> {
        if let Some(name) = name
            && (!valid_name(name) || name.len() > LONGEST_INSTANCE)
        {
            return Err(invalid("--name", name, LONGEST_INSTANCE));
        }
        let namespace = namespace.unwrap_or(DEFAULT_NAMESPACE);
        if !valid_name(namespace) {
            return Err(invalid("--namespace", namespace, 63));
        }
        Ok(Self {
            consumer,
            instance: name.unwrap_or(consumer.default_base()).to_owned(),
            namespace: namespace.to_owned(),
            // `--name monitoring` is the default instance, not a second one beside it.
            explicit: name.is_some_and(|name| name != consumer.default_base()),
        })
    }

    /// The ServiceAccount that scrapes.
    #[must_use]
    pub fn service_account(&self) -> String {
        format!("{}-sa", self.instance)
    }

    /// The ServiceAccount with its namespace: `monitoring/monitoring-sa`.
    #[must_use]
    pub fn account(&self) -> String {
        format!("{}/{}", self.namespace, self.service_account())
    }

    /// The ClusterRole.
    #[must_use]
    pub fn cluster_role(&self) -> String {
        format!("{}-clusterrole", self.instance)
    }

    /// The ClusterRoleBinding.
    #[must_use]
    pub fn cluster_role_binding(&self) -> String {
        format!("{}-clusterrole-binding", self.instance)
    }

    /// The Role in each namespace where rights are needed that are not needed in the whole cluster.
    #[must_use]
    pub fn role(&self) -> String {
        format!("{}-role", self.instance)
    }

    /// The RoleBinding beside it.
    #[must_use]
    pub fn role_binding(&self) -> String {
        format!("{}-role-binding", self.instance)
    }

    /// The Secret that holds the token.
    #[must_use]
    pub fn token_secret(&self) -> String {
        if self.explicit {
            format!("{}-k8s-token", self.instance)
        } else {
            self.consumer.default_token_secret().to_owned()
        }
    }

    /// The two slots for handles: empty Secrets that tokens are bound to.
    #[must_use]
    pub fn handles(&self) -> [String; 2] {
        let secret = self.token_secret();
        [format!("{secret}-a"), format!("{secret}-b")]
    }

    /// `job_name` of a job in a Prometheus configuration, and thereby its `job` label. Prometheus
    /// refuses two jobs of one name, so another instance's jobs carry its name.
    #[must_use]
    pub fn job_name(&self, job_name: &str) -> String {
        if self.explicit {
            format!("{}-{job_name}", self.instance)
        } else {
            job_name.to_owned()
        }
    }

    /// The ServiceMonitor or ScrapeConfig of a job; the API server's is the plain one.
    #[must_use]
    pub fn monitor(&self, job: &str) -> String {
        // Another consumer's monitors are beside those of Prometheus.
        let base = match (self.consumer, self.explicit) {
            (_, true) => format!("{}-k8s", self.instance),
            (Consumer::Prometheus, false) => "k8s".to_owned(),
            (_, false) => self.agent(),
        };
        if job == "apiserver" {
            base
        } else {
            format!("{base}-{job}")
        }
    }

    /// The PrometheusRule.
    #[must_use]
    pub fn alerts(&self) -> String {
        format!("{}-alerts", self.monitor("apiserver"))
    }

    /// The GrafanaAgent, and the MetricsInstance that it runs.
    #[must_use]
    pub fn agent(&self) -> String {
        if self.explicit {
            format!("{}-k8s-agent", self.instance)
        } else {
            "k8s-agent".to_owned()
        }
    }

    /// The Secret that holds the jobs of that MetricsInstance.
    #[must_use]
    pub fn agent_jobs(&self) -> String {
        format!("{}-jobs", self.agent())
    }

    /// The ConfigMap that holds Alloy's configuration.
    #[must_use]
    pub fn alloy_config(&self) -> String {
        format!("{}-k8s", self.instance)
    }
}

fn invalid(flag: &str, name: &str, longest: usize) -> Error {
    Error::usage_hint(
        format!("{flag} {name:?} is not a valid name"),
        format!(
            "1 to {longest} lower-case letters, digits and hyphens, beginning and ending with a letter or digit"
        ),
    )
}

/// Whether `name` is a DNS label (RFC 1123), as names of namespaces must be.
#[must_use]
pub fn valid_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(|&byte| plain(byte))
        && bytes.last().is_some_and(|&byte| plain(byte))
        && bytes.iter().all(|&byte| plain(byte) || byte == b'-')
}

/// Whether `value` may be the value of a label.
#[must_use]
pub fn valid_label_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.last().is_none_or(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

impl Names {
    /// The labels that every object of the instance carries.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<String, String> {
        [
            (MANAGED_BY, "monconf"),
            (INSTANCE, self.instance.as_str()),
            (COMPONENT, self.consumer.name()),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }

    /// As whom the instance applies an object that it may only make by name. Whatever it applied before is dropped where an
    /// apply of the same manager lacks it, so instances that make the same object at once must not share one. At most
    /// 115 of the 128 characters that a manager may have.
    #[must_use]
    pub fn maker(&self) -> String {
        format!("{FIELD_MANAGER}-{}.{}", self.namespace, self.instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::is_monconf;

    #[test]
    fn without_a_name_the_objects_have_the_well_known_names() {
        let names = Names::new(Consumer::Prometheus, None, None).expect("defaults are valid");
        assert_eq!(names.namespace, "monitoring");
        assert_eq!(names.service_account(), "monitoring-sa");
        assert_eq!(names.cluster_role(), "monitoring-clusterrole");
        assert_eq!(
            names.cluster_role_binding(),
            "monitoring-clusterrole-binding"
        );
        assert_eq!(names.token_secret(), "prometheus-k8s-token");
        assert_eq!(names.monitor("apiserver"), "k8s");
        assert_eq!(names.monitor("kubelet"), "k8s-kubelet");
    }

    #[test]
    fn every_consumer_has_objects_of_its_own() {
        let agent = Names::new(Consumer::GrafanaAgent, None, None).expect("defaults are valid");
        assert_eq!(agent.service_account(), "grafana-agent-sa");
        assert_eq!(agent.token_secret(), "grafana-agent-token");
        assert_eq!(agent.agent(), "k8s-agent");
        assert_eq!(agent.agent_jobs(), "k8s-agent-jobs");
        assert_eq!(agent.monitor("coredns"), "k8s-agent-coredns");
        let alloy = Names::new(Consumer::Alloy, None, None).expect("defaults are valid");
        assert_eq!(alloy.cluster_role(), "alloy-clusterrole");
        assert_eq!(alloy.token_secret(), "alloy-k8s-token");
        let blue = Names::new(Consumer::GrafanaAgent, Some("blue"), None).expect("valid");
        assert_eq!(blue.agent(), "blue-k8s-agent");
        assert_eq!(blue.token_secret(), "blue-k8s-token");
    }

    #[test]
    fn a_name_is_in_every_name() {
        let names = Names::new(Consumer::Prometheus, Some("blue"), Some("obs")).expect("valid");
        assert_eq!(names.service_account(), "blue-sa");
        assert_eq!(names.cluster_role_binding(), "blue-clusterrole-binding");
        assert_eq!(names.token_secret(), "blue-k8s-token");
        assert_eq!(names.handles(), ["blue-k8s-token-a", "blue-k8s-token-b"]);
        assert_eq!(names.monitor("apiserver"), "blue-k8s");
        assert_eq!(names.monitor("cadvisor"), "blue-k8s-cadvisor");
    }

    #[test]
    fn names_that_kubernetes_refuses_are_refused() {
        for name in [
            "",
            "A",
            "a_b",
            "-a",
            "a-",
            "a.b",
            "a\nb",
            "ä",
            &"a".repeat(44),
        ] {
            assert!(
                Names::new(Consumer::Prometheus, Some(name), None).is_err(),
                "{name:?}"
            );
        }
    }

    #[test]
    fn every_maker_is_monconf_and_short_enough() {
        let (name, namespace) = ("n".repeat(43), "s".repeat(63));
        let names = Names::new(Consumer::GrafanaAgent, Some(&name), Some(&namespace));
        let longest = names.expect("valid").maker();
        assert_eq!(longest.len(), 115);
        assert!(is_monconf(&longest) && is_monconf("monconf"));
        for other in ["monconfig", "monconf-operator", "kubectl", ""] {
            assert!(!is_monconf(other), "{other}");
        }
    }
}
