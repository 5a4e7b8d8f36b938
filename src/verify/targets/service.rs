//! `role: service`.

use promconf::TargetLabels;
use serde_json::Value;

use super::pod::protocol;
use super::{address, join, list, metadata, put, text};

/// One target for each port, at the name that the cluster's DNS gives the Service.
pub(super) fn targets(service: &Value) -> Vec<TargetLabels> {
    let (meta, spec) = (&service["metadata"], &service["spec"]);
    let host = format!("{}.{}.svc", text(&meta["name"]), text(&meta["namespace"]));
    let mut of_service = metadata("service", service);
    put(&mut of_service, "service_type", text(&spec["type"]));
    let (name, value) = match text(&spec["type"]) {
        "ExternalName" => ("service_external_name", &spec["externalName"]),
        _ => ("service_cluster_ip", &spec["clusterIP"]),
    };
    put(&mut of_service, name, text(value));
    if spec["type"] == "LoadBalancer" {
        put(
            &mut of_service,
            "service_loadbalancer_ip",
            text(&spec["loadBalancerIP"]),
        );
    }
    let target = |port: &Value| {
        let number = port["port"].as_u64().unwrap_or(0);
        let mut labels = of_service.clone();
        put(&mut labels, "service_port_name", text(&port["name"]));
        put(&mut labels, "service_port_number", &number.to_string());
        put(&mut labels, "service_port_protocol", protocol(port));
        address(&mut labels, &join(&host, number));
        labels
    };
    list(&spec["ports"]).iter().map(target).collect()
}
