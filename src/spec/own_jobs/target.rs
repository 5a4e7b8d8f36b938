//! How an own job's targets are reached.

use serde_json::{Map, Value};

use super::fields::{Fields, Reader};
use crate::job::{Authority, Relabelling, Role, literal};
use crate::spec::valid_name;

/// The step that keeps the targets at a port, or for nodes the one that goes to it.
pub(super) fn port(reader: &mut Reader, fields: &Fields, role: Role) -> Vec<Relabelling> {
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
            return vec![Relabelling::replace(
                &[address],
                "(.+)",
                "__address__",
                &format!("$1:{number}"),
            )];
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
            return vec![Relabelling::keep(&["__address__"], &format!(".+:{number}"))];
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
    vec![Relabelling::keep(&[label], &text)]
}

pub(super) fn path(reader: &mut Reader, fields: &Fields) -> String {
    let Some(path) = reader.text(fields, "path") else {
        return "/metrics".to_owned();
    };
    if !path.starts_with('/')
        || path.contains(['?', '#'])
        || path.chars().any(|c| c.is_control() || c == ' ')
    {
        reader.fault(
            fields,
            "path",
            &format!("{path:?} is no path: it begins with / and has no query (see params)"),
        );
    }
    path
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

pub(super) fn authority(reader: &mut Reader, fields: &Fields, tls: bool) -> Authority {
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
    authority
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
