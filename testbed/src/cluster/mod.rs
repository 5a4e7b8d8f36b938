//! A control plane with a node: everything that Kubernetes itself serves is there for real.

mod control_plane_pods;
mod pod;

use std::sync::{LazyLock, Once};

pub use pod::Pod;

use crate::control_plane::{ControlPlane, Options};
use crate::network::Network;
use crate::node::Node;
use crate::root;

/// A running control plane with one ready node.
pub struct Cluster {
    // Dropped in this order: the node's programs would complain about an API server that is gone.
    /// The node.
    pub node: Node,
    /// The control plane.
    pub cp: ControlPlane,
}

impl Cluster {
    /// The one that all tests of this process share: started by the first call, ended with the process.
    ///
    /// `None`, with a word on standard error, where the user is not root; in CI that is a failure.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: LazyLock<Option<Cluster>> =
            LazyLock::new(|| Cluster::start(Options::default()));
        // Said by every test that is not run, not by the first only.
        root::is_available("a cluster with a node").then(|| SHARED.as_ref())?
    }

    /// [`Cluster::shared`], and `kube-controller-manager`, `kube-scheduler` and `kube-proxy` also run as Pods in
    /// `kube-system`, with the labels that `kubeadm` gives them.
    ///
    /// They have the node's address and the usual ports: `/metrics` of the first two at 10257 and 10259 asks the API
    /// server who may read it; that of `kube-proxy` at 10249 is plain HTTP for everybody.
    pub fn with_control_plane_pods() -> Option<&'static Self> {
        static STARTED: Once = Once::new();
        let cluster = Self::shared()?;
        STARTED.call_once(|| cluster.start_control_plane_pods());
        Some(cluster)
    }

    /// Starts what [`Cluster::with_control_plane_pods`] has, in a cluster of the caller's own; once.
    pub fn start_control_plane_pods(&self) {
        control_plane_pods::run(self);
    }

    /// One of the caller's own, ended when dropped; `None` as for [`Cluster::shared`]. Whatever `options` say, it has an
    /// address, a controller manager and a scheduler.
    pub fn start(options: Options) -> Option<Self> {
        let network = Network::new()?;
        let cp = ControlPlane::start(Options {
            address: Some(network.address()),
            controller_manager: true,
            scheduler: true,
            ..options
        });
        let node = Node::start(&cp, network);
        Some(Self { node, cp })
    }

    /// What the kubelet answers an administrator who asks for `path`, such as `/metrics/cadvisor`.
    pub fn kubelet(&self, path: &str) -> String {
        let url = format!("https://{}:10250", self.node.address());
        match self.cp.admin().via(&url).send("GET", path, "", &[]) {
            Ok(answer) => answer.text,
            Err(failure) => panic!("{failure}"),
        }
    }
}
