//! Objects of prometheus-operator, as the configuration that it makes of them (`pkg/prometheus/promcfg.go`).

use promconf::sanitized;
use serde_json::Value;

use super::identity::{Identity, credentials};
use super::node::Node;
use super::scrape_config::{relabelling, scheme, scrape_config};
use super::{Address, Found, Scrape, Settings, Static, Tls};
use crate::job::{Attachment, Discovery, Role};
use yaml::YamlError;

/// The jobs of an object; none where it is not one of the four kinds.
pub(super) fn monitor(
    node: &Node<'_>,
    settings: &Settings<'_>,
    default_role: Option<Role>,
) -> Result<Vec<Scrape>, YamlError> {
    let kind = node.text("kind")?.unwrap_or_default();
    let metadata = |key| {
        node.at(&["metadata", key])
            .map(|node| node.as_text())
            .transpose()
    };
    let namespace = metadata("namespace")?.unwrap_or_else(|| settings.namespace.to_owned());
    let name = metadata("name")?.unwrap_or_default();
    let Some(spec) = node.get("spec") else {
        return Ok(Vec::new());
    };
    let object = Object {
        default_role,
        namespace,
        name,
        spec,
    };
    match kind.as_str() {
        "ServiceMonitor" => object.endpoints("serviceMonitor", "endpoints"),
        "PodMonitor" => object.endpoints("podMonitor", "pod_metrics_endpoints"),
        "ScrapeConfig" => {
            let name = format!("scrapeConfig/{}/{}", object.namespace, object.name);
            let settings = Settings {
                namespace: &object.namespace,
                ..*settings
            };
            Ok(vec![scrape_config(&object.spec, name, &settings)?])
        }
        "Probe" => Ok(vec![object.probe()?]),
        _ => Ok(Vec::new()),
    }
}

struct Object<'a> {
    /// What the Prometheus object says.
    default_role: Option<Role>,
    namespace: String,
    name: String,
    spec: Node<'a>,
}

/// The role that monitors without one have: that of the `Prometheus` objects among `documents`, if they agree.
pub(super) fn default_role<'a>(documents: impl Iterator<Item = &'a Value>) -> Option<Role> {
    let mut roles = documents
        .filter(|object| is_prometheus(object))
        .map(
            |object| match object["spec"]["serviceDiscoveryRole"].as_str() {
                Some("EndpointSlice") => Role::EndpointSlice,
                _ => Role::Endpoints,
            },
        );
    let first = roles.next()?;
    roles.all(|role| role == first).then_some(first)
}

/// Whether a Prometheus object has a scrape class for every monitor that names none.
pub(super) fn has_default_class(object: &Value) -> bool {
    let classes = object["spec"]["scrapeClasses"].as_array();
    let classes = classes.filter(|_| is_prometheus(object));
    classes.is_some_and(|classes| classes.iter().any(|class| class["default"] == true))
}

/// Whether an object is a Prometheus or a PrometheusAgent of prometheus-operator.
fn is_prometheus(object: &Value) -> bool {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    version.starts_with("monitoring.coreos.com/")
        && ["Prometheus", "PrometheusAgent"].contains(&object["kind"].as_str().unwrap_or_default())
}

impl Object<'_> {
    fn endpoints(&self, prefix: &str, key: &str) -> Result<Vec<Scrape>, YamlError> {
        let mut jobs = Vec::new();
        for (index, endpoint) in self.spec.list(key)?.iter().enumerate() {
            let found = self.found(prefix == "podMonitor")?;
            let kept = self.kept(endpoint, found.discovery.role)?;
            jobs.push(Scrape {
                name: format!("{prefix}/{}/{}/{index}", self.namespace, self.name),
                place: endpoint.place(),
                found: vec![found],
                statics: Vec::new(),
                scheme: scheme(endpoint)?,
                path: endpoint
                    .text("path")?
                    .unwrap_or_else(|| "/metrics".to_owned()),
                params: Vec::new(),
                tls: Tls::default(),
                follows_redirects: endpoint.flag_or("follow_redirects", true)?,
                fallback: self.spec.text("fallback_scrape_protocol")?,
                credentials: credentials(endpoint, &self.namespace)?,
                relabelling: relabelling(endpoint, "relabelings")?,
                kept,
                remark: None,
            });
        }
        Ok(jobs)
    }

    fn found(&self, pods: bool) -> Result<Found, YamlError> {
        let asked = self.spec.text("service_discovery_role")?;
        let (role, remark) = match (asked.as_deref(), self.default_role) {
            _ if pods => (Role::Pod, None),
            (Some("EndpointSlice"), _) => (Role::EndpointSlice, None),
            (Some("Endpoints"), _) => (Role::Endpoints, None),
            (_, Some(role)) => (role, None),
            (_, None) => (Role::Endpoints, Some(
                "no serviceDiscoveryRole: that of the Prometheus object holds, whose default is Endpoints; \
                 with EndpointSlice it is endpointslices.discovery.k8s.io instead of endpoints".to_owned(),
            )),
        };
        let mut discovery =
            self.selected_namespaces(self.spec.get("namespace_selector").as_ref(), role)?;
        if let Some(attach) = self.spec.get("attach_metadata")
            && attach.flag("node")?
        {
            discovery.attach_metadata.insert(Attachment::Node);
        }
        Ok(Found {
            tls: Tls::default(),
            discovery,
            identity: Identity::OwnAccount,
            api_server: None,
            place: self.spec.place(),
            remark,
        })
    }

    fn selected_namespaces(
        &self,
        selector: Option<&Node<'_>>,
        role: Role,
    ) -> Result<Discovery, YamlError> {
        let mut discovery = Discovery::all(role);
        let names = match selector {
            Some(selector) if selector.flag("any")? => return Ok(discovery),
            Some(selector) => selector.texts("match_names")?,
            None => Vec::new(),
        };
        discovery.namespaces = if names.is_empty() {
            vec![self.namespace.clone()]
        } else {
            names
        };
        Ok(discovery)
    }

    /// What the operator's own relabelling keeps: targets of the selected labels and port.
    fn kept(
        &self,
        endpoint: &Node<'_>,
        role: Role,
    ) -> Result<Vec<(String, Vec<String>)>, YamlError> {
        let (labels, port) = match role {
            Role::Pod => ("pod", "pod_container_port_name"),
            Role::Endpoints => ("service", "endpoint_port_name"),
            _ => ("service", "endpointslice_port_name"),
        };
        let mut kept = Vec::new();
        if let Some(selected) = self.spec.at(&["selector", "match_labels"]) {
            for (label, value) in selected.entries()? {
                let label = format!("__meta_kubernetes_{labels}_label_{}", sanitized(label));
                kept.push((label, vec![value.as_text()?]));
            }
        }
        if let Some(name) = endpoint.text("port")? {
            kept.push((format!("__meta_kubernetes_{port}"), vec![name]));
        }
        Ok(kept)
    }

    fn probe(&self) -> Result<Scrape, YamlError> {
        let prober = self.spec.get("prober");
        let of_prober = |key: &str| prober.as_ref().map(|node| node.text(key)).transpose();
        let mut found = Vec::new();
        if let Some(ingress) = self.spec.at(&["targets", "ingress"]) {
            found.push(Found {
                tls: Tls::default(),
                discovery: self.selected_namespaces(
                    ingress.get("namespace_selector").as_ref(),
                    Role::Ingress,
                )?,
                identity: Identity::OwnAccount,
                api_server: None,
                place: ingress.place(),
                remark: None,
            });
        }
        // Whatever is probed, the scrape goes to the prober.
        let url = of_prober("url")?.flatten().unwrap_or_default();
        let statics = vec![Static {
            address: Address::Known(url),
            labels: Vec::new(),
            place: self.spec.place(),
        }];
        Ok(Scrape {
            name: format!("probe/{}/{}", self.namespace, self.name),
            place: self.spec.place(),
            found,
            statics,
            scheme: prober
                .as_ref()
                .map(scheme)
                .transpose()?
                .unwrap_or_else(|| "http".to_owned()),
            path: of_prober("path")?
                .flatten()
                .unwrap_or_else(|| "/probe".to_owned()),
            params: Vec::new(),
            tls: Tls::default(),
            follows_redirects: self.spec.flag_or("follow_redirects", true)?,
            fallback: self.spec.text("fallback_scrape_protocol")?,
            credentials: credentials(&self.spec, &self.namespace)?,
            relabelling: Vec::new(),
            kept: Vec::new(),
            remark: None,
        })
    }
}
