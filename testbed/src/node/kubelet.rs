//! The kubelet.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::{Value, json};

use super::NAME;
use super::machine::Machine;
use crate::components::Component;
use crate::control_plane::ControlPlane;
use crate::process::Process;

/// Starts one with a serving certificate of the cluster's authority. Its own folder is the usual one: the machine has
/// that for itself.
pub(super) fn start(
    directory: &Path,
    machine: &Machine,
    cp: &ControlPlane,
    address: Ipv4Addr,
    cgroup: &str,
) -> Process {
    let serving = cp.pki().serving(&[NAME], &[address.into()]);
    let user = format!("system:node:{NAME}");
    let kubeconfig = directory.join("kubelet.kubeconfig");
    cp.pki()
        .kubeconfig(&user, &["system:nodes"], &cp.node_url(), &kubeconfig);
    let webhook = cp.options().kubelet_webhook;
    let configuration = configuration(directory, address, cgroup, webhook).to_string();
    for (name, text) in [
        ("kubelet.crt", serving.certificate_pem.as_str()),
        ("kubelet.key", &serving.key_pem),
        ("ca.crt", cp.ca_pem()),
        ("kubelet.json", &configuration),
    ] {
        fs::write(directory.join(name), text).expect("the directory is writable");
    }
    let program = Component::Kubernetes.binary("kubelet");
    machine
        .launch(&program, directory.join("kubelet.log"))
        .args([
            format!("--config={}", directory.join("kubelet.json").display()),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--hostname-override={NAME}"),
            format!("--node-ip={address}"),
        ])
        .attached()
        .expect("the kubelet can be started")
}

/// It asks the API server about every caller again after a second, it looks every two seconds whether what Pods mount has
/// changed (once a minute is usual), and it never evicts a Pod or removes an image
/// because the tests' machine is short of disk.
fn configuration(directory: &Path, address: Ipv4Addr, cgroup: &str, webhook: bool) -> Value {
    let file = |name: &str| directory.join(name);
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": address,
        "tlsCertFile": file("kubelet.crt"), "tlsPrivateKeyFile": file("kubelet.key"),
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": webhook, "cacheTTL": "1s"},
            "x509": {"clientCAFile": file("ca.crt")},
        },
        "authorization": {
            "mode": "Webhook",
            "webhook": {"cacheAuthorizedTTL": "1s", "cacheUnauthorizedTTL": "1s"},
        },
        "syncFrequency": "2s",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "resolvConf": "",
        "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{cgroup}"), "failCgroupV1": false,
        "enforceNodeAllocatable": [], "failSwapOn": false, "localStorageCapacityIsolation": false,
        "evictionHard": {"memory.available": "1Mi"}, "imageGCHighThresholdPercent": 100,
    })
}
