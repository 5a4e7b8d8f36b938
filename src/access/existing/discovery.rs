//! `kubernetes_sd_configs`, with the checks that Prometheus makes (`SDConfig.UnmarshalYAML` in
//! `discovery/kubernetes/kubernetes.go`).

use serde_json::Value;

use super::configured::tls;
use super::identity::{Credentials, Identity, credentials};
use super::node::{Node, Spelling};
use super::{Found, Settings};
use crate::job::{Attachment, Discovery, Role, Selector};
use yaml::YamlError;

/// What changes the client that asks the API server.
const CLIENT: [&str; 13] = [
    "authorization",
    "basic_auth",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
    "tls_config",
    "proxy_url",
    "proxy_from_environment",
    "proxy_connect_header",
    "no_proxy",
    "follow_redirects",
    "enable_http2",
    "http_headers",
];

const OTHER: [&str; 6] = [
    "role",
    "api_server",
    "kubeconfig_file",
    "namespaces",
    "selectors",
    "attach_metadata",
];

/// Reads one of them.
pub(super) fn discovery(node: &Node<'_>, settings: &Settings<'_>) -> Result<Found, YamlError> {
    if node.source.spelling == Spelling::Prometheus {
        known(node, &[&CLIENT[..], &OTHER[..]].concat())?;
    }
    let Some(role) = node.get("role") else {
        let roles = "pod, service, endpoints, endpointslice, node, ingress";
        return Err(node.fault(format!("role missing (one of: {roles})")));
    };
    let role = self::role(&role)?;
    let api_server = node.text("api_server")?;
    let kubeconfig = node.text("kubeconfig_file")?;
    let own_namespace = match node.get("namespaces") {
        None => false,
        Some(namespaces) => {
            known(&namespaces, &["names", "own_namespace"])?;
            namespaces.flag("own_namespace")?
        }
    };
    exclusive(
        node,
        api_server.is_some(),
        kubeconfig.is_some(),
        own_namespace,
    )?;
    let mut discovery = Discovery {
        namespaces: match node.get("namespaces") {
            Some(namespaces) => namespaces.texts("names")?,
            None => Vec::new(),
        },
        selectors: selectors(node, role)?,
        ..Discovery::all(role)
    };
    if own_namespace {
        discovery.namespaces.push(settings.namespace.to_owned());
    }
    // The empty name stands for every namespace, as in a list request.
    if discovery.namespaces.iter().any(String::is_empty) {
        discovery.namespaces.clear();
    }
    discovery.namespaces.dedup();
    attach(node, &mut discovery)?;
    let identity = match (&kubeconfig, &api_server) {
        (Some(path), _) => Identity::Kubeconfig(path.clone()),
        (None, None) => Identity::OwnAccount,
        (None, Some(_)) => match credentials(node, settings.namespace)? {
            Credentials::Of(identity) => identity,
            Credentials::None | Credentials::Foreign(_) => Identity::Anonymous,
        },
    };
    Ok(Found {
        discovery,
        identity,
        api_server,
        tls: tls(node)?,
        place: node.place(),
        remark: None,
    })
}

/// Prometheus refuses keys that it does not know; what they were meant to say would be missing here.
fn known(node: &Node<'_>, keys: &[&str]) -> Result<(), YamlError> {
    for (key, value) in node.entries()? {
        let snake = node.source.spelling == Spelling::Prometheus;
        if snake && !keys.contains(&key) {
            return Err(value.fault(format!("Prometheus knows no field {key} here")));
        }
    }
    Ok(())
}

fn role(node: &Node<'_>) -> Result<Role, YamlError> {
    let name = node.as_text()?;
    let name = match node.source.spelling {
        Spelling::Prometheus => name,
        Spelling::Operator => name.to_lowercase(),
    };
    Role::named(&name).ok_or_else(|| node.fault(format!("unknown Kubernetes SD role {name:?}")))
}

fn exclusive(
    node: &Node<'_>,
    api_server: bool,
    kubeconfig: bool,
    own_namespace: bool,
) -> Result<(), YamlError> {
    let custom = CLIENT.iter().find_map(|key| {
        let value = node.get(key)?;
        let default = match *key {
            "follow_redirects" | "enable_http2" => value.value == true,
            "proxy_from_environment" => value.value == false,
            // `authorization: {}` is a client of its own already, `tls_config: {}` is not.
            "tls_config" | "proxy_connect_header" => value.value.as_object().is_some_and(|map| {
                let nothing = |value: &Value| value.is_null() || value == false || value == "";
                map.values().all(nothing)
            }),
            "proxy_url" | "no_proxy" | "bearer_token" | "bearer_token_file" => value.value == "",
            _ => false,
        };
        (!default).then_some(value)
    });
    match custom {
        _ if api_server && kubeconfig => {
            Err(node.fault("cannot use 'kubeconfig_file' and 'api_server' simultaneously"))
        }
        Some(custom) if kubeconfig => Err(custom.fault(
            "cannot use a custom HTTP client configuration together with 'kubeconfig_file'",
        )),
        Some(custom) if !api_server => Err(custom.fault(
            "to use custom HTTP client configuration please provide the 'api_server' URL explicitly",
        )),
        _ if own_namespace && (api_server || kubeconfig) => {
            let other = if api_server { "api_server" } else { "kubeconfig_file" };
            Err(node.fault(format!(
                "cannot use '{other}' and 'namespaces.own_namespace' simultaneously"
            )))
        }
        _ => Ok(()),
    }
}

fn selectors(node: &Node<'_>, of: Role) -> Result<Vec<Selector>, YamlError> {
    let mut selectors: Vec<Selector> = Vec::new();
    for node in node.list("selectors")? {
        known(&node, &["role", "label", "field"])?;
        let Some(role) = node.get("role") else {
            return Err(node.fault("a selector needs a role"));
        };
        let role = self::role(&role)?;
        if selectors.iter().any(|selector| selector.role == role) {
            return Err(node.fault(format!("duplicated selector role: {}", role.name())));
        }
        if !of.selectable().contains(&role) {
            let allowed: Vec<&str> = of.selectable().iter().map(|role| role.name()).collect();
            let (of, allowed) = (of.name(), allowed.join(", "));
            return Err(node.fault(format!("{of} role supports only {allowed} selectors")));
        }
        selectors.push(Selector {
            role,
            label: node.text("label")?,
            field: node.text("field")?,
        });
    }
    Ok(selectors)
}

fn attach(node: &Node<'_>, discovery: &mut Discovery) -> Result<(), YamlError> {
    let Some(attach) = node.get("attach_metadata") else {
        return Ok(());
    };
    known(&attach, &Attachment::ALL.map(Attachment::name))?;
    for attachment in Attachment::ALL {
        if attach.flag(attachment.name())? {
            discovery.attach_metadata.insert(attachment);
        }
    }
    Ok(())
}
