//! How an own job's targets are reached.

use promconf::{RelabelConfig, at_port, regex::literal};
use serde_json::{Map, Value};

use super::fields::{Fields, Reader};
use crate::job::{Authority, Job, Role};
use crate::spec::valid_name;

/// The step that keeps the targets at a port, or for nodes the one that goes to it.
pub(super) fn port(reader: &mut Reader, fields: &Fields, role: Role) -> Vec<RelabelConfig> {
    let Some(value) = fields.map.get("port") else {
        return Vec::new();
    };
    let number = value
        .as_u64()
        .filter(|number| (1..=65_535).contains(number));
    let name = value
        .as_str()
        .filter(|name| valid_name(name) && name.len() <= 63);
    let label = match (role, number, name) {
        (_, None, None) => {
            reader.fault(fields, "port", "is neither a number of a port nor its name");
            return Vec::new();
        }
        (Role::Node, Some(number), _) => {
            let address = "__meta_kubernetes_node_address_InternalIP";
            return at_port(address, number);
        }
        (Role::Node, None, _) => {
            reader.fault(fields, "port", "a node's port has no name; give its number");
            return Vec::new();
        }
        (Role::Ingress, ..) => {
            reader.fault(fields, "port", "an Ingress has no port");
            return Vec::new();
        }
        (Role::Endpoints | Role::EndpointSlice, Some(number), _) => {
            return vec![RelabelConfig::keep(
                &["__address__"],
                &format!(".+:{number}"),
            )];
        }
        (Role::Pod, Some(_), _) => "__meta_kubernetes_pod_container_port_number",
        (Role::Pod, None, _) => "__meta_kubernetes_pod_container_port_name",
        (Role::Service, Some(_), _) => "__meta_kubernetes_service_port_number",
        (Role::Service, None, _) => "__meta_kubernetes_service_port_name",
        (Role::Endpoints, None, _) => "__meta_kubernetes_endpoint_port_name",
        (Role::EndpointSlice, None, _) => "__meta_kubernetes_endpointslice_port_name",
    };
    let text = number.map_or_else(
        || literal(name.unwrap_or_default()),
        |number| number.to_string(),
    );
    vec![RelabelConfig::keep(&[label], &text)]
}

pub(super) fn path(reader: &mut Reader, fields: &Fields) -> String {
    let Some(path) = reader.text(fields, "path") else {
        return "/metrics".to_owned();
    };
    if !path.starts_with('/')
        || path.contains(['?', '#', '*'])
        || path.chars().any(|c| c.is_control() || c == ' ')
    {
        reader.fault(
            fields,
            "path",
            &format!(
                "{path:?} is no path: it begins with / and has no query (see params) and no *"
            ),
        );
    }
    path
}

/// Resources of the API server are authorized as resources, not by their path.
pub(super) fn check_path(reader: &mut Reader, fields: &Fields, job: &Job) {
    let is_resource = ["/api/", "/apis/"]
        .iter()
        .any(|root| job.metrics_path.starts_with(root));
    if job.authority == Authority::ApiServer && is_resource {
        reader.fault(
            fields,
            "path",
            "is a resource of the API server, not a path of its own such as /metrics",
        );
    }
}

pub(super) fn tls(reader: &mut Reader, fields: &Fields) -> bool {
    match reader.text(fields, "scheme").as_deref() {
        None | Some("http") => false,
        Some("https") => true,
        Some(other) => {
            reader.unknown(fields, "scheme", other, &["http", "https"]);
            false
        }
    }
}

pub(super) fn authority(reader: &mut Reader, fields: &Fields, role: Role, tls: bool) -> Authority {
    let Some(text) = reader.text(fields, "authority") else {
        return Authority::Nobody;
    };
    let found = Authority::NAMED.into_iter().find(|(name, _)| *name == text);
    let Some((_, authority)) = found else {
        reader.unknown(
            fields,
            "authority",
            &text,
            &Authority::NAMED.map(|(name, _)| name),
        );
        return Authority::Nobody;
    };
    if authority.wants_token() && !tls {
        reader.fault(
            fields,
            "authority",
            "the token would be sent in the clear: add scheme: https",
        );
    }
    if authority == Authority::Kubelet && role != Role::Node {
        reader.fault(fields, "authority", "kubelets are found with role: node");
    }
    authority
}

/// A token is for whom the job names, not for whom a pod, by what it says of itself, makes of it. `steps` are the job's
/// own relabelling.
pub(super) fn keep_token(reader: &mut Reader, fields: &Fields, job: &Job, steps: &[RelabelConfig]) {
    if !job.authority.wants_token() {
        return;
    }
    for (index, step) in steps.iter().enumerate() {
        if let Some(why) = leads_token_astray(step) {
            reader.fault(fields, &format!("relabelling/{index}"), why);
        }
    }
    let anybody = job.discovery.namespaces.is_empty() && job.discovery.role.is_namespaced();
    if job.insecure_tls && anybody {
        reader.fault(
            fields,
            "insecureTLS",
            "unverified, the token would be shown to pods of every namespace: name the namespaces",
        );
    }
}

fn leads_token_astray(step: &RelabelConfig) -> Option<&'static str> {
    let target = step.target_label.as_deref().unwrap_or_default();
    let said_by_pods = |label: &String| label.contains("_annotation_") || label.contains("_label_");
    if target == "__scheme__" {
        return Some(
            "the token could be sent in the clear: __scheme__ stays as it is where authority is given",
        );
    }
    if target == "__address__" && step.source_labels.iter().any(said_by_pods) {
        return Some("the token would go wherever a label or annotation says");
    }
    let maps = step.action == "labelmap";
    if maps
        && step
            .replacement
            .as_deref()
            .is_some_and(|target| target.starts_with("__"))
    {
        return Some("the token could go wherever a label or annotation says");
    }
    None
}

pub(super) fn insecure_tls(reader: &mut Reader, fields: &Fields, tls: bool) -> bool {
    let insecure = reader.flag(fields, "insecureTLS").unwrap_or(false);
    if insecure && !tls {
        reader.fault(fields, "insecureTLS", "has no effect without scheme: https");
    }
    insecure
}

pub(super) fn params(reader: &mut Reader, fields: &Fields) -> Vec<(String, Vec<String>)> {
    let Some(value) = fields.map.get("params") else {
        return Vec::new();
    };
    let Some(map) = value.as_object() else {
        reader.fault(fields, "params", "must be a map of lists");
        return Vec::new();
    };
    let map: Map<String, Value> = map.clone();
    let inner = Fields::new(fields.pointer("params"), &map);
    map.keys()
        .map(|name| (name.clone(), reader.texts(&inner, name)))
        .collect()
}
