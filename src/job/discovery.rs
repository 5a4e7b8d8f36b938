//! How targets are found, in the terms of Prometheus' `kubernetes_sd_configs`.

use promconf::{RelabelConfig, regex::literal, sanitized};
use std::collections::BTreeSet;

/// How targets are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The kind of object that targets are made of.
    pub role: Role,
    /// The namespaces that are looked into; empty for all.
    pub namespaces: Vec<String>,
    /// Which objects the API server sends at all.
    pub selectors: Vec<Selector>,
    /// What else is looked up for each target.
    pub attach_metadata: BTreeSet<Attachment>,
    /// The Service whose endpoints are the targets, where its labels are known: a ServiceMonitor can select it.
    pub service: Option<Service>,
}

/// The kind of object that targets are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nodes, at the port of their kubelet.
    Node,
    /// Pods, one target for each declared port, or one without a port.
    Pod,
    /// Services, one target for each port.
    Service,
    /// Endpoints, deprecated by Kubernetes 1.33.
    Endpoints,
    /// EndpointSlices.
    EndpointSlice,
    /// Ingresses, one target for each path.
    Ingress,
}

/// What discovery looks up for each target beside the object itself; each needs rights of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attachment {
    /// The labels of the node.
    Node,
    /// The labels of the namespace.
    Namespace,
    /// The Deployment above a pod.
    Deployment,
    /// The Job above a pod.
    Job,
    /// The CronJob above a pod.
    CronJob,
}

/// Which objects of one kind the API server sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Objects of that kind.
    pub role: Role,
    /// A label selector: `app=shop`.
    pub label: Option<String>,
    /// A field selector: `spec.nodeName=node-1`.
    pub field: Option<String>,
}

/// A Service by its labels and the names of its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Each label with the values that it may have.
    pub labels: Vec<(String, Vec<String>)>,
    /// The port has one of these names.
    pub ports: Vec<String>,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Node,
        Self::Pod,
        Self::Service,
        Self::Endpoints,
        Self::EndpointSlice,
        Self::Ingress,
    ];

    /// As `kubernetes_sd_configs` spells it: `endpointslice`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Pod => "pod",
            Self::Service => "service",
            Self::Endpoints => "endpoints",
            Self::EndpointSlice => "endpointslice",
            Self::Ingress => "ingress",
        }
    }

    /// As a ScrapeConfig spells it: `EndpointSlice`.
    #[must_use]
    pub const fn operator_name(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Pod => "Pod",
            Self::Service => "Service",
            Self::Endpoints => "Endpoints",
            Self::EndpointSlice => "EndpointSlice",
            Self::Ingress => "Ingress",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The roles that a selector may have beside it (`discovery/kubernetes/kubernetes.go` of Prometheus).
    #[must_use]
    pub const fn selectable(self) -> &'static [Self] {
        match self {
            Self::Node => &[Self::Node],
            Self::Pod => &[Self::Pod, Self::Node],
            Self::Service => &[Self::Service],
            Self::Endpoints => &[Self::Pod, Self::Service, Self::Endpoints],
            Self::EndpointSlice => &[Self::Pod, Self::Service, Self::EndpointSlice],
            Self::Ingress => &[Self::Ingress],
        }
    }

    /// The API group and the resource of its objects; the version is v1 of each.
    #[must_use]
    pub const fn resource(self) -> (&'static str, &'static str) {
        match self {
            Self::Node => ("", "nodes"),
            Self::Pod => ("", "pods"),
            Self::Service => ("", "services"),
            Self::Endpoints => ("", "endpoints"),
            Self::EndpointSlice => ("discovery.k8s.io", "endpointslices"),
            Self::Ingress => ("networking.k8s.io", "ingresses"),
        }
    }

    /// The kind of its objects.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Pod => "Pod",
            Self::Service => "Service",
            Self::Endpoints => "Endpoints",
            Self::EndpointSlice => "EndpointSlice",
            Self::Ingress => "Ingress",
        }
    }

    /// Whether its objects live in namespaces.
    #[must_use]
    pub const fn is_namespaced(self) -> bool {
        !matches!(self, Self::Node)
    }
}

impl Attachment {
    /// Every attachment.
    pub const ALL: [Self; 5] = [
        Self::Node,
        Self::Namespace,
        Self::Deployment,
        Self::Job,
        Self::CronJob,
    ];

    /// As `attach_metadata` spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Namespace => "namespace",
            Self::Deployment => "deployment",
            Self::Job => "job",
            Self::CronJob => "cronjob",
        }
    }
}

impl Attachment {
    /// Whether Prometheus looks it up for targets of that role (`Discovery.Run` in `discovery/kubernetes/kubernetes.go`
    /// of Prometheus).
    #[must_use]
    pub const fn is_for(self, role: Role) -> bool {
        match self {
            Self::Namespace => !matches!(role, Role::Node),
            Self::Node | Self::Deployment | Self::Job | Self::CronJob => {
                matches!(role, Role::Pod | Role::Endpoints | Role::EndpointSlice)
            }
        }
    }
}

impl Discovery {
    /// Every object of that role, in every namespace.
    #[must_use]
    pub fn all(role: Role) -> Self {
        Self {
            role,
            namespaces: Vec::new(),
            selectors: Vec::new(),
            attach_metadata: BTreeSet::new(),
            service: None,
        }
    }

    /// The pods of a namespace with a label.
    #[must_use]
    pub fn pods(namespace: &str, label: &str) -> Self {
        Self {
            namespaces: vec![namespace.to_owned()],
            selectors: vec![Selector {
                role: Role::Pod,
                label: Some(label.to_owned()),
                field: None,
            }],
            ..Self::all(Role::Pod)
        }
    }

    /// The endpoints of a Service; of every namespace where `namespace` is `None`.
    #[must_use]
    pub fn service(namespace: Option<&str>, labels: &[(&str, &[&str])], ports: &[&str]) -> Self {
        let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            namespaces: namespace.map(str::to_owned).into_iter().collect(),
            service: Some(Service {
                labels: labels
                    .iter()
                    .map(|(label, values)| ((*label).to_owned(), own(values)))
                    .collect(),
                ports: own(ports),
            }),
            ..Self::all(Role::EndpointSlice)
        }
    }
}

impl Service {
    /// The step that keeps the endpoints of this Service and port, for a configuration without a ServiceMonitor.
    /// `role` is [`Role::EndpointSlice`] or [`Role::Endpoints`], whose meta labels differ.
    #[must_use]
    pub fn keep(&self, role: Role) -> RelabelConfig {
        // In the order in which a selector, which has none, can be read.
        let mut selected: Vec<&(String, Vec<String>)> = self.labels.iter().collect();
        selected.sort();
        let mut labels: Vec<String> = selected
            .iter()
            .map(|(label, _)| format!("__meta_kubernetes_service_label_{}", sanitized(label)))
            .collect();
        labels.push(match role {
            Role::Endpoints => "__meta_kubernetes_endpoint_port_name".to_owned(),
            _ => "__meta_kubernetes_endpointslice_port_name".to_owned(),
        });
        let values = selected
            .iter()
            .map(|(_, values)| values)
            .chain([&self.ports]);
        let regex: Vec<String> = values.map(|values| one_of(values)).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        RelabelConfig::keep(&labels, &regex.join(";"))
    }
}

fn one_of(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
    match values.as_slice() {
        [value] => value.clone(),
        _ => format!("({})", values.join("|")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_told_by_its_labels_and_port() {
        let discovery = Discovery::service(
            Some("kube-system"),
            &[
                ("k8s-app", &["kube-dns"]),
                ("app.kubernetes.io/name", &["a", "b"]),
            ],
            &["metrics"],
        );
        let step = discovery.service.expect("a Service").keep(discovery.role);
        assert_eq!(
            step.source_labels,
            [
                "__meta_kubernetes_service_label_app_kubernetes_io_name",
                "__meta_kubernetes_service_label_k8s_app",
                "__meta_kubernetes_endpointslice_port_name"
            ]
        );
        assert_eq!(step.regex.as_deref(), Some("(a|b);kube-dns;metrics"));
    }
}
