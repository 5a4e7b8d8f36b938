//! The Pods' network.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use serde_json::json;

use super::machine::Machine;

/// Gives Pods addresses of `subnet`, each with a pair of interfaces to the node.
pub(super) fn configure(directory: &Path, subnet: &str) {
    let folder = directory.join("cni");
    let list = json!({
        "cniVersion": "0.4.0", "name": "pods",
        "plugins": [{
            "type": "ptp",
            "ipam": {"type": "host-local", "subnet": subnet, "routes": [{"dst": "0.0.0.0/0"}]},
        }],
    });
    fs::create_dir(&folder)
        .and_then(|()| fs::write(folder.join("pods.conflist"), list.to_string()))
        .expect("the directory is writable");
}

/// Leads the Service `kubernetes`, whose address every Pod is given, to the API server.
pub(super) fn route_kubernetes(machine: &Machine, apiserver: IpAddr, port: u16) {
    let target = format!("{apiserver}:{port}");
    for chain in ["OUTPUT", "PREROUTING"] {
        machine.run(
            "iptables",
            &[
                &["--wait", "--table", "nat", "--append", chain][..],
                &["--destination", "10.96.0.1", "--protocol", "tcp"],
                &["--dport", "443", "--jump", "DNAT"],
                &["--to-destination", &target],
            ]
            .concat(),
        );
    }
}
