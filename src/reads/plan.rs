//! What a plan is made from.

use std::collections::BTreeSet;

use super::Labelled;
use crate::object::{Kind, ObjectRef};
use crate::render::grants;
use crate::spec::{Alerts, AlloyPlace, AlloyToken, Consumer, Form, Spec};

/// A namespace that every cluster has: what holds in the whole cluster holds there too.
pub const ANY_NAMESPACE: &str = "default";
/// Namespaces of every cluster.
pub const ALWAYS_THERE: [&str; 2] = [ANY_NAMESPACE, CLUSTER];
/// The namespace whose UID tells a cluster from every other.
pub const CLUSTER: &str = "kube-system";
/// The ConfigMap that kube-controller-manager publishes into every namespace.
pub const ROOT_CA: &str = "kube-root-ca.crt";
/// The keys that tokens are signed with.
pub const SIGNING_KEYS: &str = "/openid/v1/jwks";

/// Everything that a plan asks, at once.
pub struct PlanReads {
    /// Every object that might be there, for every form that might turn out to be asked for.
    pub objects: Vec<ObjectRef>,
    /// Where there may be objects of the instance that are no longer wanted.
    pub labelled: Vec<Labelled>,
    /// The kinds of monitors that may be written.
    pub monitors: BTreeSet<Kind>,
    /// Whether their CRDs are asked for.
    pub crds: bool,
    /// The kinds of objects that select the monitors, or name the jobs.
    pub selecting: Vec<Selecting>,
    /// In which namespaces it is asked, before anything is written, which rights the caller holds.
    pub held: BTreeSet<String>,
    /// Whether the Namespace is asked for by which the marks of files tell clusters apart.
    pub cluster: bool,
}

/// Objects of operators that select others, or name the jobs that they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selecting {
    /// `Prometheus`, of prometheus-operator.
    Prometheus,
    /// `PrometheusAgent`, of prometheus-operator.
    PrometheusAgent,
    /// `GrafanaAgent`.
    GrafanaAgent,
    /// `MetricsInstance`, of Grafana Agent's operator.
    MetricsInstance,
}

impl Selecting {
    /// Every kind whose operator copies the token that a monitor names.
    pub const OF_MONITORS: [Self; 4] = [
        Self::Prometheus,
        Self::PrometheusAgent,
        Self::GrafanaAgent,
        Self::MetricsInstance,
    ];

    /// The API group and the resource.
    #[must_use]
    pub const fn resource(self) -> (&'static str, &'static str) {
        match self {
            Self::Prometheus => ("monitoring.coreos.com", "prometheuses"),
            Self::PrometheusAgent => ("monitoring.coreos.com", "prometheusagents"),
            Self::GrafanaAgent => ("monitoring.grafana.com", "grafanaagents"),
            Self::MetricsInstance => ("monitoring.grafana.com", "metricsinstances"),
        }
    }

    /// The path of all of them.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Prometheus => "/apis/monitoring.coreos.com/v1/prometheuses",
            Self::PrometheusAgent => "/apis/monitoring.coreos.com/v1alpha1/prometheusagents",
            Self::GrafanaAgent => "/apis/monitoring.grafana.com/v1alpha1/grafanaagents",
            Self::MetricsInstance => "/apis/monitoring.grafana.com/v1alpha1/metricsinstances",
        }
    }

    /// `apiVersion` and kind.
    #[must_use]
    pub const fn kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Prometheus => ("monitoring.coreos.com/v1", "Prometheus"),
            Self::PrometheusAgent => ("monitoring.coreos.com/v1alpha1", "PrometheusAgent"),
            Self::GrafanaAgent => ("monitoring.grafana.com/v1alpha1", "GrafanaAgent"),
            Self::MetricsInstance => ("monitoring.grafana.com/v1alpha1", "MetricsInstance"),
        }
    }

    /// `Prometheus objects`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Prometheus => "Prometheus objects",
            Self::PrometheusAgent => "PrometheusAgent objects",
            Self::GrafanaAgent => "GrafanaAgent objects",
            Self::MetricsInstance => "MetricsInstance objects",
        }
    }

    /// What is not known without them.
    #[must_use]
    pub fn tells(self, spec: &Spec) -> &'static str {
        match (spec.format.settled(), spec.names.consumer, self) {
            (Some(Form::Key { .. }), ..) => "whether a Prometheus reads these jobs",
            (_, Consumer::GrafanaAgent, Self::GrafanaAgent) => {
                "which GrafanaAgent runs the MetricsInstance"
            }
            (_, _, Self::Prometheus) => {
                "which labels make a Prometheus select the monitors, and which namespaces receive the token"
            }
            (_, _, Self::PrometheusAgent) => {
                "which labels make a PrometheusAgent select the monitors, and whether it receives the token"
            }
            (_, _, Self::GrafanaAgent | Self::MetricsInstance) => {
                "whether a GrafanaAgent receives the token"
            }
        }
    }
}

impl PlanReads {
    /// What a plan for `spec` asks.
    #[must_use]
    pub fn of(spec: &Spec) -> Self {
        let with_monitors = with_monitors(spec);
        let own = if with_monitors || spec.names.consumer == Consumer::Alloy {
            own(spec)
        } else {
            Vec::new()
        };
        let roles = [Kind::Role, Kind::RoleBinding].into_iter();
        // A job may need rights in any namespace.
        let roles = roles
            .filter(|_| !spec.existing_access)
            .map(|kind| Labelled {
                kind,
                namespace: None,
            });
        Self {
            objects: objects(spec, with_monitors),
            labelled: own.into_iter().chain(roles).collect(),
            monitors: if with_monitors {
                monitor_kinds(spec)
            } else {
                BTreeSet::new()
            },
            crds: !spec.existing_access,
            selecting: selecting(spec),
            cluster: writes_files(spec),
            held: if spec.existing_access {
                BTreeSet::new()
            } else {
                held_in(spec)
            },
        }
    }
}

/// The instance's objects of its own namespace that may have any name.
pub(super) fn own(spec: &Spec) -> Vec<Labelled> {
    let kinds = spec.names.consumer.kinds().into_iter();
    let labelled = kinds.map(|kind| Labelled {
        kind,
        namespace: Some(spec.names.namespace.clone()),
    });
    labelled.collect()
}

/// The kinds of objects that may select or read what is written.
fn selecting(spec: &Spec) -> Vec<Selecting> {
    match (spec.format.settled(), spec.names.consumer) {
        (Some(Form::Files { .. } | Form::Alloy { .. }), _) => Vec::new(),
        (Some(Form::Key { .. } | Form::Mounted { .. }), _) if spec.existing_access => Vec::new(),
        // No operator reads the key of a ConfigMap.
        (Some(Form::Key { place, .. }), _) if place.at.object.kind == Kind::ConfigMap => Vec::new(),
        (Some(Form::Key { .. } | Form::Mounted { .. }), Consumer::Prometheus) => {
            vec![Selecting::Prometheus]
        }
        (None | Some(Form::Operator), Consumer::Prometheus)
        | (Some(Form::Agent { monitors: true, .. }), _) => Selecting::OF_MONITORS.to_vec(),
        (_, Consumer::GrafanaAgent) => vec![Selecting::GrafanaAgent],
        _ => Vec::new(),
    }
}

/// Every object that might be there, for every form that `spec` might turn out to ask for.
pub(super) fn objects(spec: &Spec, with_monitors: bool) -> Vec<ObjectRef> {
    let names = &spec.names;
    let namespaced = |kind, name: &str| ObjectRef::namespaced(kind, &names.namespace, name);
    let [first, second] = names.handles();
    let mut objects = vec![ObjectRef::cluster(Kind::Namespace, &names.namespace)];
    if !spec.existing_access {
        objects.push(ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role()));
        objects.push(ObjectRef::cluster(
            Kind::ClusterRoleBinding,
            &names.cluster_role_binding(),
        ));
    }
    objects.extend([
        namespaced(Kind::ServiceAccount, &names.service_account()),
        namespaced(Kind::Secret, &names.token_secret()),
        namespaced(Kind::Secret, &first),
        namespaced(Kind::Secret, &second),
    ]);
    if !spec.existing_access {
        objects.extend(roles(spec));
    }
    if let Some(Form::Key { place, .. }) = spec.format.settled() {
        objects.push(place.at.object.clone());
        let namespace = ObjectRef::cluster(Kind::Namespace, place.namespace());
        let is_known = spec.existing_access || ALWAYS_THERE.contains(&place.namespace());
        if !is_known && !objects.contains(&namespace) {
            objects.push(namespace);
        }
    }
    if let Some(Form::Alloy {
        place: AlloyPlace::ConfigMap(key),
        ..
    }) = spec.format.settled()
    {
        objects.push(key.object.clone());
    }
    if with_monitors {
        objects.extend(spec.jobs.iter().filter_map(|job| {
            let kind = spec.monitor_kind(job)?;
            Some(namespaced(kind, &names.monitor(&job.name)))
        }));
        if spec.alerts == Some(Alerts::Object) {
            objects.push(namespaced(Kind::PrometheusRule, &names.alerts()));
        }
        if spec.operator_kinds().contains(&Kind::MetricsInstance) {
            objects.extend(Kind::AGENTS.map(|kind| namespaced(kind, &names.agent())));
        }
        if names.consumer == Consumer::GrafanaAgent {
            objects.push(namespaced(Kind::Secret, &names.agent_jobs()));
        }
    }
    objects
}

/// Roles and bindings in namespaces, with the Namespaces that they are in.
fn roles(spec: &Spec) -> Vec<ObjectRef> {
    let names = &spec.names;
    let mut objects = Vec::new();
    for namespace in role_namespaces(spec) {
        objects.push(ObjectRef::namespaced(Kind::Role, &namespace, &names.role()));
        objects.push(ObjectRef::namespaced(
            Kind::RoleBinding,
            &namespace,
            &names.role_binding(),
        ));
        if !ALWAYS_THERE.contains(&namespace.as_str()) && namespace != names.namespace {
            objects.push(ObjectRef::cluster(Kind::Namespace, &namespace));
        }
    }
    objects
}

/// Whether anything is written outside the cluster.
pub(super) fn writes_files(spec: &Spec) -> bool {
    let form = match spec.format.settled() {
        Some(Form::Files { .. }) => true,
        Some(Form::Alloy { token, place }) => {
            matches!(place, AlloyPlace::File(_)) || matches!(token, AlloyToken::Files { .. })
        }
        _ => false,
    };
    form || matches!(spec.alerts, Some(Alerts::File(_)))
}

/// Whether the instance may have operators' objects.
fn with_monitors(spec: &Spec) -> bool {
    !matches!(
        spec.format.settled(),
        Some(Form::Files { .. } | Form::Alloy { .. })
    )
}

/// Where rights of our own may be needed that are not needed in the whole cluster.
fn role_namespaces(spec: &Spec) -> BTreeSet<String> {
    if spec.format.settled() == Some(&Form::Operator) {
        return BTreeSet::new();
    }
    // Of the forms that discover with our own token, any.
    grants(spec, &Form::of(spec, false))
        .namespaces
        .into_keys()
        .collect()
}

fn held_in(spec: &Spec) -> BTreeSet<String> {
    let mut namespaces = role_namespaces(spec);
    namespaces.insert(ANY_NAMESPACE.to_owned());
    namespaces
}

fn monitor_kinds(spec: &Spec) -> BTreeSet<Kind> {
    let jobs = spec.jobs.iter();
    let rule = (spec.alerts == Some(Alerts::Object)).then_some(Kind::PrometheusRule);
    jobs.filter_map(|job| spec.monitor_kind(job))
        .chain(rule)
        .collect()
}
