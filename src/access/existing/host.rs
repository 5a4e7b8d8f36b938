//! Who answers at an address.

use super::labels::ADDRESS;
use super::reach::Scraped;
use super::template::{Piece, Template};
use crate::access::need::single_name;
use crate::job::Role;

/// Who answers a scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// kube-apiserver.
    ApiServer,
    /// A kubelet at the port that authorizes.
    Kubelet,
    /// A kubelet at the port that does not.
    ReadOnly,
    /// A component of the control plane, which authorizes as the API server does.
    Component(&'static str),
    /// Another program.
    Ordinary,
    /// It is not known; to what credentials are shown.
    Unknown(String),
}

impl Host {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::ApiServer => "the API server",
            _ => "the kubelet",
        }
    }
}

/// Names of the Service `default/kubernetes` within a cluster.
const SERVICE: [&str; 3] = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];

/// Labels that hold the address or name of a node, whatever was looked for.
const OF_NODES: [&str; 4] = [
    "__meta_kubernetes_pod_node_name",
    "__meta_kubernetes_pod_host_ip",
    "__meta_kubernetes_endpoint_node_name",
    "__meta_kubernetes_endpointslice_endpoint_node_name",
];

/// Who answers at `address`.
pub(super) fn host(scraped: &Scraped<'_>, address: &Template) -> Host {
    if let Some(address) = address.literal() {
        return literal(scraped, address);
    }
    let role = scraped.discovery.map(|found| found.role);
    let (first, port) = match address.0.as_slice() {
        [first] => (first, None),
        [first, Piece::Text(rest)] => (first, rest.strip_prefix(':')),
        _ => return from_labels(address),
    };
    let Piece::Taken { labels, whole } = first else {
        return from_labels(address);
    };
    let [label] = labels.as_slice() else {
        return from_labels(address);
    };
    let of_node = OF_NODES.contains(&label.as_str())
        || role == Some(Role::Node)
            && (label == ADDRESS
                || label == "__meta_kubernetes_node_name"
                || label.starts_with("__meta_kubernetes_node_address_"));
    match (port, label == ADDRESS && *whole) {
        (Some(port), _) if of_node => of_node_at(port),
        (None, true) if role == Some(Role::Node) => Host::Kubelet,
        (None, true) => discovered(scraped, role),
        (Some(_), _) if label == ADDRESS => Host::Ordinary,
        _ => from_labels(address),
    }
}

fn from_labels(address: &Template) -> Host {
    Host::Unknown(format!(
        "the address {address}, which is known for each target only"
    ))
}

fn of_node_at(port: &str) -> Host {
    match port {
        "10250" => Host::Kubelet,
        "10255" => Host::ReadOnly,
        "10257" => Host::Component("kube-controller-manager"),
        "10259" => Host::Component("kube-scheduler"),
        _ => Host::Ordinary,
    }
}

fn literal(scraped: &Scraped<'_>, address: &str) -> Host {
    let (name, port) = match address.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, port)
        }
        _ => (address, "443"),
    };
    let service = SERVICE.contains(&name) || name.starts_with("kubernetes.default.svc.");
    let named = scraped.api_servers.iter().any(|server| {
        server
            .rsplit_once(':')
            .is_some_and(|server| server == (name, port))
    });
    if service && port == "443" || named {
        return Host::ApiServer;
    }
    match port {
        "10250" => Host::Kubelet,
        "10255" => Host::ReadOnly,
        _ => Host::Ordinary,
    }
}

/// Discovered targets at their own address: known where nothing but one well-known Service is kept.
fn discovered(scraped: &Scraped<'_>, role: Option<Role>) -> Host {
    let prefix = "__meta_kubernetes_";
    let only = |label: &str, value: &str| {
        let kept = scraped.labels.kept(&format!("{prefix}{label}"));
        !kept.is_empty() && kept.iter().all(|kept| kept == value)
    };
    let in_namespace = |name: &str| {
        only("namespace", name)
            || scraped
                .discovery
                .is_some_and(|found| found.namespaces == [name])
    };
    let port = |name: &str| {
        only("endpoint_port_name", name)
            || only("endpointslice_port_name", name)
            || only("service_port_name", name)
    };
    let service = |name: &str| {
        let selected = scraped.discovery.is_some_and(|found| {
            let roles = [Role::Endpoints, Role::Service];
            roles
                .iter()
                .any(|role| single_name(found, *role) == Some(name))
        });
        selected
            || only("service_name", name)
            || only("endpoints_name", name)
            || only("endpointslice_name", name)
            || only("service_label_app_kubernetes_io_name", name)
            || only("service_label_k8s_app", name)
    };
    match role {
        Some(Role::Endpoints | Role::EndpointSlice | Role::Service) => {
            let api_server = service("kubernetes") || only("service_label_component", "apiserver");
            if api_server && in_namespace("default") {
                return Host::ApiServer;
            }
            if service("kubelet") && port("https-metrics") {
                return Host::Kubelet;
            }
            if service("kubelet") && port("http-metrics") {
                return Host::ReadOnly;
            }
            Host::Ordinary
        }
        _ => Host::Ordinary,
    }
}
