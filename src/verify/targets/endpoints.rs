//! `role: endpoints` and `role: endpointslice`, with the Services and pods behind them.

use promconf::TargetLabels;
use std::collections::BTreeMap;

use serde_json::Value;

use super::pod::{self, protocol};
use super::{address, join, list, metadata, put, text};

/// The label by which a slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// What endpoints are looked up in, by `namespace/name`.
#[derive(Default)]
pub(in crate::verify) struct Beside {
    services: BTreeMap<String, TargetLabels>,
    pods: BTreeMap<String, Value>,
}

impl Beside {
    /// Takes a Service up.
    pub(in crate::verify) fn service(&mut self, service: &Value) {
        self.services
            .insert(key(service), metadata("service", service));
    }

    /// Takes a pod up.
    pub(in crate::verify) fn pod(&mut self, pod: Value) {
        self.pods.insert(key(&pod), pod);
    }

    fn service_of(&self, namespace: &str, name: &str) -> TargetLabels {
        let found = self.services.get(&format!("{namespace}/{name}"));
        found.cloned().unwrap_or_default()
    }
}

fn key(object: &Value) -> String {
    let metadata = &object["metadata"];
    format!(
        "{}/{}",
        text(&metadata["namespace"]),
        text(&metadata["name"])
    )
}

/// A pod that endpoints name, and the ports of it that they cover.
struct Seen<'a> {
    pod: &'a Value,
    covered: Vec<u64>,
}

/// What the targets of one object have in common.
struct Source<'a> {
    common: TargetLabels,
    namespace: &'a str,
    beside: &'a Beside,
    seen: BTreeMap<String, Seen<'a>>,
    targets: Vec<TargetLabels>,
}

impl<'a> Source<'a> {
    fn new(role: &str, object: &'a Value, service: &str, beside: &'a Beside) -> Self {
        let namespace = text(&object["metadata"]["namespace"]);
        let mut common = metadata(role, object);
        common.extend(beside.service_of(namespace, service));
        Self {
            common,
            namespace,
            beside,
            seen: BTreeMap::new(),
            targets: Vec::new(),
        }
    }

    /// The target of one address at one port; `reference` is the object behind it.
    fn add(&mut self, mut labels: TargetLabels, host: &str, port: u64, reference: &Value) {
        address(&mut labels, &join(host, port));
        if reference["kind"] == "Pod" {
            let name = format!("{}/{}", self.namespace, text(&reference["name"]));
            if let Some(pod) = self.beside.pods.get(&name) {
                labels.extend(pod::labels(pod));
                let container = container_at(pod, port);
                if let Some((container, is_init, declared)) = container {
                    pod::container_labels(&mut labels, container, is_init);
                    pod::port_labels(&mut labels, declared);
                }
                let seen = self.seen.entry(name).or_insert_with(|| Seen {
                    pod,
                    covered: Vec::new(),
                });
                seen.covered.push(port);
            }
        }
        labels.extend(self.common.clone());
        self.targets.push(labels);
    }

    /// Prometheus adds a target for each port of those pods that no endpoint covers.
    fn finish(mut self) -> Vec<TargetLabels> {
        for Seen { pod, covered } in self.seen.into_values() {
            let ip = text(&pod["status"]["podIP"]);
            if ip.is_empty() {
                continue;
            }
            for (container, is_init) in pod::containers(pod) {
                let ports = list(&container["ports"]).iter();
                for port in ports.filter(|port| !covered.contains(&pod::number(port))) {
                    let mut labels = pod::labels(pod);
                    pod::container_labels(&mut labels, container, is_init);
                    pod::port_labels(&mut labels, port);
                    address(&mut labels, &join(ip, pod::number(port)));
                    labels.extend(self.common.clone());
                    self.targets.push(labels);
                }
            }
        }
        self.targets
    }
}

fn container_at(pod: &Value, number: u64) -> Option<(&Value, bool, &Value)> {
    pod::containers(pod).find_map(|(container, is_init)| {
        let mut ports = list(&container["ports"]).iter();
        let port = ports.find(|port| pod::number(port) == number)?;
        Some((container, is_init, port))
    })
}

pub(super) fn of_endpoints(object: &Value, beside: &Beside) -> Vec<TargetLabels> {
    let name = text(&object["metadata"]["name"]);
    let mut source = Source::new("endpoints", object, name, beside);
    for subset in list(&object["subsets"]) {
        for port in list(&subset["ports"]) {
            for (field, ready) in [("addresses", "true"), ("notReadyAddresses", "false")] {
                for endpoint in list(&subset[field]) {
                    let reference = &endpoint["targetRef"];
                    let mut labels = TargetLabels::new();
                    for (label, value) in [
                        ("endpoint_port_name", text(&port["name"])),
                        ("endpoint_port_protocol", protocol(port)),
                        ("endpoint_ready", ready),
                        ("endpoint_address_target_kind", text(&reference["kind"])),
                        ("endpoint_address_target_name", text(&reference["name"])),
                        ("endpoint_node_name", text(&endpoint["nodeName"])),
                        ("endpoint_hostname", text(&endpoint["hostname"])),
                    ] {
                        put(&mut labels, label, value);
                    }
                    let port = port["port"].as_u64().unwrap_or(0);
                    source.add(labels, text(&endpoint["ip"]), port, reference);
                }
            }
        }
    }
    source.finish()
}

pub(super) fn of_slice(slice: &Value, beside: &Beside) -> Vec<TargetLabels> {
    let service = text(&slice["metadata"]["labels"][SERVICE_NAME]);
    let mut source = Source::new("endpointslice", slice, service, beside);
    put(
        &mut source.common,
        "endpointslice_address_type",
        text(&slice["addressType"]),
    );
    for endpoint in list(&slice["endpoints"]) {
        for port in list(&slice["ports"]) {
            // A port without a number stands for any port of the Service.
            let Some(number) = port["port"].as_u64() else {
                continue;
            };
            let labels = of_endpoint(endpoint, port, number);
            for host in list(&endpoint["addresses"]) {
                source.add(labels.clone(), text(host), number, &endpoint["targetRef"]);
            }
        }
    }
    source.finish()
}

fn of_endpoint(endpoint: &Value, port: &Value, number: u64) -> TargetLabels {
    let reference = &endpoint["targetRef"];
    let mut labels = TargetLabels::new();
    for (label, value) in [
        ("port_name", text(&port["name"])),
        ("port_protocol", protocol(port)),
        ("port", &number.to_string()),
        ("port_app_protocol", text(&port["appProtocol"])),
        ("endpoint_hostname", text(&endpoint["hostname"])),
        ("endpoint_node_name", text(&endpoint["nodeName"])),
        ("endpoint_zone", text(&endpoint["zone"])),
        ("address_target_kind", text(&reference["kind"])),
        ("address_target_name", text(&reference["name"])),
    ] {
        put(&mut labels, &format!("endpointslice_{label}"), value);
    }
    for condition in ["ready", "serving", "terminating"] {
        if let Some(is) = endpoint["conditions"][condition].as_bool() {
            let label = format!("endpointslice_endpoint_conditions_{condition}");
            put(&mut labels, &label, &is.to_string());
        }
    }
    labels
}
