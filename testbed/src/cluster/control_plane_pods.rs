//! The control plane's own programs as Pods of the node, as `kubeadm` would run them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Cluster, Pod};
use crate::components::Component;
use crate::control_plane::commands::election;

/// Where the Pods find their kubeconfig.
const FOLDER: &str = "/etc/kubernetes";

/// A program that runs a second time: the host's instance leads, this one stands by.
struct Program {
    name: &'static str,
    label: &'static str,
    /// The scheme and the port of `/healthz`.
    health: (&'static str, u16),
    flags: Vec<String>,
    /// Folders of the host that it also needs.
    folders: &'static [&'static str],
}

/// Starts all of them.
pub(super) fn run(cluster: &Cluster) {
    let folder = cluster.node.directory().join("control-plane");
    fs::create_dir(&folder).expect("the node's directory is writable");
    for program in programs(cluster) {
        let (name, user) = (program.name, format!("system:{}", program.name));
        let kubeconfig = folder.join(format!("{name}.conf"));
        cluster
            .cp
            .pki()
            .kubeconfig(&user, &[], &cluster.cp.node_url(), &kubeconfig);
        let image = format!("testbed.invalid/{name}:1");
        cluster
            .node
            .import_image(&image, &[&Component::Kubernetes.binary(name)]);
        program.run(cluster, &folder, &image);
    }
}

fn programs(cluster: &Cluster) -> [Program; 3] {
    let (node, address) = (cluster.node.name(), cluster.node.address());
    let kube_proxy = [
        format!("--hostname-override={node}"),
        format!("--metrics-bind-address={address}:10249"),
        format!("--healthz-bind-address={address}:10256"),
        "--proxy-mode=iptables".into(),
        // These limits are the whole kernel's.
        "--conntrack-max-per-core=0".into(),
        "--conntrack-tcp-timeout-established=0s".into(),
        "--conntrack-tcp-timeout-close-wait=0s".into(),
    ];
    [
        Program {
            name: "kube-controller-manager",
            label: "component",
            health: ("HTTPS", 10257),
            flags: [
                secured(cluster, "kube-controller-manager"),
                vec!["--use-service-account-credentials".into()],
            ]
            .concat(),
            folders: &[],
        },
        Program {
            name: "kube-scheduler",
            label: "component",
            health: ("HTTPS", 10259),
            flags: secured(cluster, "kube-scheduler"),
            folders: &[],
        },
        Program {
            name: "kube-proxy",
            label: "k8s-app",
            health: ("HTTP", 10256),
            flags: kube_proxy.into(),
            // It runs the host's iptables.
            folders: &["/usr", "/etc/alternatives"],
        },
    ]
}

/// What makes a program stand by, serve the node's address, and ask the API server about every caller, again after a
/// second.
fn secured(cluster: &Cluster, name: &str) -> Vec<String> {
    let mut flags = election(true);
    flags.push(format!("--bind-address={}", cluster.node.address()));
    for purpose in ["authentication", "authorization"] {
        flags.push(format!("--{purpose}-kubeconfig={FOLDER}/{name}.conf"));
    }
    flags.extend(
        [
            "--authentication-token-webhook-cache-ttl=1s",
            "--authorization-webhook-cache-authorized-ttl=1s",
            "--authorization-webhook-cache-unauthorized-ttl=1s",
        ]
        .map(str::to_owned),
    );
    flags
}

impl Program {
    fn run(self, cluster: &Cluster, kubeconfigs: &Path, image: &str) {
        let name = self.name;
        let kubeconfig = format!("--kubeconfig={FOLDER}/{name}.conf");
        let flags = self.flags.iter().map(String::as_str);
        let folders = self.folders.iter().map(|&folder| (folder, folder));
        let kubeconfigs = kubeconfigs.display().to_string();
        let (mounts, volumes): (Vec<Value>, Vec<Value>) = folders
            .chain([(kubeconfigs.as_str(), FOLDER)])
            .enumerate()
            .map(|(number, (from, to))| {
                let volume = format!("host-{number}");
                (
                    json!({"name": volume, "mountPath": to, "readOnly": true}),
                    json!({"name": volume, "hostPath": {"path": from, "type": "Directory"}}),
                )
            })
            .unzip();
        let (scheme, port) = self.health;
        let health = json!({"path": "/healthz", "scheme": scheme, "port": port});
        let container = json!({
            "volumeMounts": mounts,
            "env": [{"name": "PATH", "value": "/usr/sbin:/usr/bin"}],
            "securityContext": {"privileged": !self.folders.is_empty()},
            "readinessProbe": {"httpGet": health, "periodSeconds": 1, "timeoutSeconds": 5},
        });
        let pod = Pod {
            image,
            args: &[kubeconfig.as_str()]
                .into_iter()
                .chain(flags)
                .collect::<Vec<_>>(),
            labels: json!({self.label: name}),
            host_network: true,
            container: container.as_object().cloned().unwrap_or_default(),
            spec: [("volumes".to_owned(), json!(volumes))]
                .into_iter()
                .collect(),
            ..Pod::default()
        };
        cluster.run_pod(
            "kube-system",
            &format!("{name}-{}", cluster.node.name()),
            &pod,
        );
    }
}
