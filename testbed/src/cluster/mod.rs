//! A control plane with a node: everything that Kubernetes itself serves is there for real.

mod pod;

use std::sync::LazyLock;

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

    /// One of the caller's own, ended when dropped; `None` as for [`Cluster::shared`].
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
