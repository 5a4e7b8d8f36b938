//! `role: node`.

use promconf::TargetLabels;
use serde_json::Value;

use super::{address, join, list, metadata, put, text};

/// Which of a node's addresses is scraped: the first of these that it has.
const PREFERRED: [&str; 6] = [
    "InternalIP",
    "InternalDNS",
    "ExternalIP",
    "ExternalDNS",
    "LegacyHostIP",
    "Hostname",
];

/// The kubelet of a node; `None` where the node has no address.
pub(super) fn target(node: &Value) -> Option<TargetLabels> {
    let status = &node["status"];
    let of = |kind: &str| {
        let mut addresses = list(&status["addresses"]).iter();
        addresses.find(|address| address["type"] == kind)
    };
    let host = PREFERRED.into_iter().find_map(of)?;
    let port = &status["daemonEndpoints"]["kubeletEndpoint"]["Port"];
    let mut labels = metadata("node", node);
    put(
        &mut labels,
        "node_provider_id",
        text(&node["spec"]["providerID"]),
    );
    for kind in PREFERRED {
        if let Some(address) = of(kind) {
            put(
                &mut labels,
                &format!("node_address_{kind}"),
                text(&address["address"]),
            );
        }
    }
    labels.insert(
        "instance".to_owned(),
        text(&node["metadata"]["name"]).to_owned(),
    );
    address(
        &mut labels,
        &join(text(&host["address"]), port.as_u64().unwrap_or(0)),
    );
    Some(labels)
}
