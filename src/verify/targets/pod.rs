//! `role: pod`.

use promconf::TargetLabels;
use serde_json::Value;

use super::{address, join, list, metadata, put, text};

/// One target for each port that a container declares, one without a port for a container that declares none.
pub(super) fn targets(pod: &Value) -> Vec<TargetLabels> {
    let ip = text(&pod["status"]["podIP"]);
    if ip.is_empty() {
        return Vec::new();
    }
    let of_pod = labels(pod);
    let mut targets = Vec::new();
    for (container, is_init) in containers(pod) {
        let mut target = of_pod.clone();
        container_labels(&mut target, container, is_init);
        let ports = list(&container["ports"]);
        if ports.is_empty() {
            address(&mut target, ip);
            targets.push(target.clone());
        }
        for port in ports {
            let mut target = target.clone();
            port_labels(&mut target, port);
            address(&mut target, &join(ip, number(port)));
            targets.push(target);
        }
    }
    targets
}

/// What is said of the pod itself.
pub(super) fn labels(pod: &Value) -> TargetLabels {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let mut labels = metadata("pod", pod);
    for (name, value) in [
        ("pod_ip", &status["podIP"]),
        ("pod_phase", &status["phase"]),
        ("pod_node_name", &spec["nodeName"]),
        ("pod_host_ip", &status["hostIP"]),
        ("pod_uid", &pod["metadata"]["uid"]),
    ] {
        put(&mut labels, name, text(value));
    }
    let ready = list(&status["conditions"])
        .iter()
        .find(|condition| condition["type"] == "Ready");
    let ready = ready.map_or("unknown", |ready| text(&ready["status"]));
    put(&mut labels, "pod_ready", &ready.to_lowercase());
    let owners = list(&pod["metadata"]["ownerReferences"]);
    if let Some(owner) = owners.iter().find(|owner| owner["controller"] == true) {
        put(&mut labels, "pod_controller_kind", text(&owner["kind"]));
        put(&mut labels, "pod_controller_name", text(&owner["name"]));
    }
    labels
}

/// Every container, and whether it runs before the others.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = (&Value, bool)> {
    let of = |field: &str| list(&pod["spec"][field]).iter();
    let ordinary = of("containers").map(|container| (container, false));
    ordinary.chain(of("initContainers").map(|container| (container, true)))
}

pub(super) fn container_labels(labels: &mut TargetLabels, container: &Value, is_init: bool) {
    put(labels, "pod_container_name", text(&container["name"]));
    put(labels, "pod_container_image", text(&container["image"]));
    put(
        labels,
        "pod_container_init",
        if is_init { "true" } else { "false" },
    );
}

pub(super) fn port_labels(labels: &mut TargetLabels, port: &Value) {
    put(labels, "pod_container_port_name", text(&port["name"]));
    put(
        labels,
        "pod_container_port_number",
        &number(port).to_string(),
    );
    put(labels, "pod_container_port_protocol", protocol(port));
}

pub(super) fn number(port: &Value) -> u64 {
    port["containerPort"].as_u64().unwrap_or(0)
}

/// TCP unless the object says otherwise.
pub(super) fn protocol(port: &Value) -> &str {
    port["protocol"].as_str().unwrap_or("TCP")
}
