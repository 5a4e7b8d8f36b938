//! A real node: kubelet, containerd and runc in namespaces of their own.
//!
//! Everything of it is inside a [`Machine`] and its [`Network`]: the kernel ends the processes and removes the mounts,
//! interfaces and namespaces as soon as the test run ends, however that happens. What it wrote lies in the run's
//! directory. Only its control groups have to be removed by name.

mod cni;
mod containerd;
mod image;
mod kubelet;
mod machine;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::control_plane::ControlPlane;
use crate::network::Network;
use crate::packages::{self, Package};
use crate::poll::poll;
use crate::process::{Directory, Process, cgroups, run_name};
pub use image::PAUSE;
use machine::Machine;

const NAME: &str = "node1";
/// A running node, ended when dropped.
pub struct Node {
    // Dropped in this order: when the machine is gone, so is everything in it.
    machine: Machine,
    kubelet: Process,
    _containerd: Process,
    _control_group: ControlGroup,
    network: Network,
    directory: Directory,
}

impl Node {
    /// Starts a node in `network`, whose host's end the control plane serves, and waits until it is ready.
    pub(crate) fn start(cp: &ControlPlane, network: Network) -> Self {
        packages::install(&[
            Package::Containerd,
            Package::CniPlugins,
            Package::Iptables,
            Package::Runc,
        ]);
        allow_watchers();
        let directory = Directory::new("node");
        let path = directory.path();
        let machine = Machine::start(path, &network);
        cni::configure(path, &network.route_subnet());
        cni::route_kubernetes(&machine, network.address(), cp.port());
        let containerd = containerd::start(path, &machine);
        image::import_pause(path, &machine);
        let control_group = ControlGroup::new(path);
        let address = network.node_address();
        let kubelet = kubelet::start(path, &machine, cp, address, &control_group.0);
        let mut node = Self {
            machine,
            kubelet,
            _containerd: containerd,
            _control_group: control_group,
            network,
            directory,
        };
        node.wait_ready(cp);
        node
    }

    fn wait_ready(&mut self, cp: &ControlPlane) {
        let path = format!("/api/v1/nodes/{NAME}");
        let ready = poll(|| {
            let ready = cp.admin().get(&path).is_ok_and(|node| is_ready(&node));
            (ready || self.kubelet.has_ended()).then_some(ready)
        });
        assert!(
            ready == Some(true),
            "the node is not ready: {:#}\n{}",
            cp.admin().get(&path).unwrap_or_default()["status"]["conditions"],
            self.kubelet.log_tail()
        );
    }

    /// Its name in the cluster.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Its address: the kubelet serves `https://ADDRESS:10250`.
    pub fn address(&self) -> Ipv4Addr {
        self.network.node_address()
    }

    /// Loads an image that holds `files` in its root folder, the libraries that they need, and nothing else. Pods
    /// use it with the pull policy `Never`. The first file is what it runs.
    ///
    /// A name such as `testbed.invalid/name:1`: other names mean images of a public registry.
    pub fn import_image(&self, name: &str, files: &[&Path]) {
        image::import_files(self.directory.path(), &self.machine, name, files);
    }

    /// Loads the image that an archive of an OCI image layout holds, by the name that it has there.
    pub fn import_archive(&self, archive: &Path) {
        image::import(&self.machine, archive);
    }

    /// The folder of its files, among them `kubelet.log` and `containerd.log`.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

/// Ready, and no taint keeps Pods away.
fn is_ready(node: &Value) -> bool {
    let conditions = node["status"]["conditions"].as_array();
    conditions.is_some_and(|conditions| {
        conditions
            .iter()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    }) && node["spec"]["taints"] == json!(null)
}

/// The parent of the Pods' control groups.
struct ControlGroup(String);

impl ControlGroup {
    fn new(directory: &Path) -> Self {
        let node = directory.file_name().unwrap_or_default();
        let name = format!("{}-{}", run_name(), node.to_string_lossy());
        cgroups::create(&name).expect("root can make control groups");
        Self(name)
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // What stays goes with the run.
        poll(|| cgroups::remove(&self.0).then_some(()));
    }
}

/// Each program of a node watches dozens of files, and so does every API server: a machine's usual limit is below what
/// the clusters of one test run need. Raised until the machine's next start; where that is not allowed, it has to do.
fn allow_watchers() {
    const LIMIT: &str = "/proc/sys/fs/inotify/max_user_instances";
    const ENOUGH: u32 = 1_024;
    let text = std::fs::read_to_string(LIMIT).unwrap_or_default();
    if text.trim().parse().is_ok_and(|now: u32| now < ENOUGH) {
        let _ = std::fs::write(LIMIT, ENOUGH.to_string());
    }
}
