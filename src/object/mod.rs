//! The Kubernetes objects that monconf knows by name, and where the API serves them.

mod labels;
mod manager;
mod namespace_content;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub use self::labels::{
    COMPONENT, EXPIRES_AT, HANDLE, INSTANCE, ISSUED_AT, MADE_FOR, MANAGED_BY, REQUESTED,
    REVOKE_AFTER,
};
pub use self::manager::{FIELD_MANAGER, is_monconf};
pub use self::namespace_content::{Found, NamespaceContent};

/// The text of a value in a Secret's `data`, which is base64; `None` where it is no text.
#[must_use]
pub fn decoded(value: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(value).ok()?).ok()
}

/// A kind that monconf reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `v1` Namespace.
    Namespace,
    /// `rbac.authorization.k8s.io/v1` ClusterRole.
    ClusterRole,
    /// `rbac.authorization.k8s.io/v1` ClusterRoleBinding.
    ClusterRoleBinding,
    /// `rbac.authorization.k8s.io/v1` Role.
    Role,
    /// `rbac.authorization.k8s.io/v1` RoleBinding.
    RoleBinding,
    /// `v1` ServiceAccount.
    ServiceAccount,
    /// `v1` Secret.
    Secret,
    /// `v1` ConfigMap.
    ConfigMap,
    /// `monitoring.coreos.com/v1` ServiceMonitor.
    ServiceMonitor,
    /// `monitoring.coreos.com/v1` PodMonitor.
    PodMonitor,
    /// `monitoring.coreos.com/v1alpha1` ScrapeConfig.
    ScrapeConfig,
    /// `monitoring.coreos.com/v1` PrometheusRule.
    PrometheusRule,
    /// `monitoring.grafana.com/v1alpha1` GrafanaAgent.
    GrafanaAgent,
    /// `monitoring.grafana.com/v1alpha1` MetricsInstance.
    MetricsInstance,
}

impl Kind {
    /// Every kind, in the order in which a plan lists them.
    pub const ALL: [Self; 14] = [
        Self::Namespace,
        Self::ServiceAccount,
        Self::ClusterRole,
        Self::ClusterRoleBinding,
        Self::Role,
        Self::RoleBinding,
        Self::Secret,
        Self::ConfigMap,
        Self::ServiceMonitor,
        Self::PodMonitor,
        Self::ScrapeConfig,
        Self::PrometheusRule,
        Self::GrafanaAgent,
        Self::MetricsInstance,
    ];

    /// The kinds that say who scrapes, where, and with which rights.
    pub const ACCESS: [Self; 6] = [
        Self::Namespace,
        Self::ServiceAccount,
        Self::ClusterRole,
        Self::ClusterRoleBinding,
        Self::Role,
        Self::RoleBinding,
    ];

    /// The kinds of Grafana Agent's operator that are its own.
    pub const AGENTS: [Self; 2] = [Self::GrafanaAgent, Self::MetricsInstance];

    /// The kinds of prometheus-operator that carry scrape jobs.
    pub const MONITORS: [Self; 3] = [Self::ServiceMonitor, Self::PodMonitor, Self::ScrapeConfig];

    /// The kind as manifests spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ClusterRole => "ClusterRole",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::Role => "Role",
            Self::RoleBinding => "RoleBinding",
            Self::ServiceAccount => "ServiceAccount",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::ServiceMonitor => "ServiceMonitor",
            Self::PodMonitor => "PodMonitor",
            Self::ScrapeConfig => "ScrapeConfig",
            Self::PrometheusRule => "PrometheusRule",
            Self::GrafanaAgent => "GrafanaAgent",
            Self::MetricsInstance => "MetricsInstance",
        }
    }

    /// The API group, empty for the core group.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Namespace | Self::ServiceAccount | Self::Secret | Self::ConfigMap => "",
            Self::ClusterRole | Self::ClusterRoleBinding | Self::Role | Self::RoleBinding => {
                "rbac.authorization.k8s.io"
            }
            Self::ServiceMonitor | Self::PodMonitor | Self::ScrapeConfig | Self::PrometheusRule => {
                "monitoring.coreos.com"
            }
            Self::GrafanaAgent | Self::MetricsInstance => "monitoring.grafana.com",
        }
    }

    /// `apiVersion` as manifests spell it.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::Namespace | Self::ServiceAccount | Self::Secret | Self::ConfigMap => "v1",
            Self::ClusterRole | Self::ClusterRoleBinding | Self::Role | Self::RoleBinding => {
                "rbac.authorization.k8s.io/v1"
            }
            Self::ServiceMonitor | Self::PodMonitor | Self::PrometheusRule => {
                "monitoring.coreos.com/v1"
            }
            Self::ScrapeConfig => "monitoring.coreos.com/v1alpha1",
            Self::GrafanaAgent | Self::MetricsInstance => "monitoring.grafana.com/v1alpha1",
        }
    }

    /// The resource name in API paths and RBAC rules.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::ClusterRole => "clusterroles",
            Self::ClusterRoleBinding => "clusterrolebindings",
            Self::Role => "roles",
            Self::RoleBinding => "rolebindings",
            Self::ServiceAccount => "serviceaccounts",
            Self::Secret => "secrets",
            Self::ConfigMap => "configmaps",
            Self::ServiceMonitor => "servicemonitors",
            Self::PodMonitor => "podmonitors",
            Self::ScrapeConfig => "scrapeconfigs",
            Self::PrometheusRule => "prometheusrules",
            Self::GrafanaAgent => "grafanaagents",
            Self::MetricsInstance => "metricsinstances",
        }
    }

    /// Whether objects of this kind live in a namespace.
    #[must_use]
    pub const fn namespaced(self) -> bool {
        !matches!(
            self,
            Self::Namespace | Self::ClusterRole | Self::ClusterRoleBinding
        )
    }

    /// The API path of the collection, for example `/api/v1/namespaces/monitoring/secrets`.
    #[must_use]
    pub fn collection(self, namespace: Option<&str>) -> String {
        let root = if self.group().is_empty() {
            "/api/"
        } else {
            "/apis/"
        };
        let version = self.api_version();
        let plural = self.plural();
        match namespace {
            Some(namespace) if self.namespaced() => {
                format!("{root}{version}/namespaces/{namespace}/{plural}")
            }
            _ => format!("{root}{version}/{plural}"),
        }
    }
}

/// Which object: kind, namespace (if the kind has one) and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// The kind.
    pub kind: Kind,
    /// The namespace, `None` for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectRef {
    /// A cluster-scoped object.
    #[must_use]
    pub fn cluster(kind: Kind, name: &str) -> Self {
        Self {
            kind,
            namespace: None,
            name: name.to_owned(),
        }
    }

    /// An object in `namespace`.
    #[must_use]
    pub fn namespaced(kind: Kind, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    /// `namespace/name`, or the bare name where there is no namespace.
    #[must_use]
    pub fn location(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The object's API path.
    #[must_use]
    pub fn path(&self) -> String {
        format!(
            "{}/{}",
            self.kind.collection(self.namespace.as_deref()),
            self.name
        )
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.location())
    }
}

/// A key of a Secret or ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectKey {
    /// The Secret or ConfigMap.
    pub object: ObjectRef,
    /// The key of its `data`.
    pub key: String,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, key {}", self.object, self.key)
    }
}

/// The items of a list: a `List`, or a list of one kind, as `kubectl get -o yaml` and the API give them. An object of a kind
/// whose name ends like theirs has a name of its own.
#[must_use]
pub fn listed(object: &Value) -> Option<&Vec<Value>> {
    let is_list = object["kind"].as_str()?.ends_with("List");
    let is_object = object["metadata"]["name"].is_string();
    object["items"].as_array().filter(|_| is_list && !is_object)
}

/// `metadata.labels` or `metadata.annotations` entry of an object.
#[must_use]
pub fn metadata<'a>(object: &'a Value, map: &str, key: &str) -> Option<&'a str> {
    object["metadata"][map][key].as_str()
}

/// `metadata.uid` of an object that a server has stored.
#[must_use]
pub fn uid(object: &Value) -> Option<&str> {
    object["metadata"]["uid"].as_str()
}

/// The field managers that wrote the object, each once, in alphabetical order.
#[must_use]
pub fn managers(object: &Value) -> Vec<&str> {
    let entries = object["metadata"]["managedFields"].as_array();
    let mut managers: Vec<&str> = entries
        .into_iter()
        .flatten()
        .filter(|entry| entry["subresource"].is_null())
        .filter_map(|entry| entry["manager"].as_str())
        .collect();
    managers.sort_unstable();
    managers.dedup();
    managers
}
