//! What can differ from one control plane to another.

use std::net::IpAddr;
use std::time::Duration;

use crate::components::OperatorVersion;

/// Which of the Prometheus Operator's kinds the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crds {
    /// None of them.
    None,
    /// The five that monconf can write or that read what it writes: quicker to install.
    Minimal,
    /// Every one, as the operator itself needs.
    All,
}

/// How to start a control plane; the default is what the shared one has.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct Options {
    /// The Prometheus Operator's kinds to install; they are served when the start is over.
    pub crds: Crds,
    /// The version of the operator that these kinds come from.
    pub crds_version: OperatorVersion,
    /// Also install what the Grafana Agent Operator needs: its own kinds, and those of [`Options::crds`] that it reads
    /// and that are not installed, in the old version that comes with it.
    pub agent_crds: bool,
    /// Run the controller manager: without it no `kube-root-ca.crt`, no token Secrets, no end of a namespace.
    pub controller_manager: bool,
    /// Run the scheduler too, for a cluster with a node. It and the controller manager then elect leaders, so that
    /// second instances stand by.
    pub scheduler: bool,
    /// The longest life that the server gives to a token (at least an hour).
    pub max_token_expiration: Option<Duration>,
    /// Listen on every interface and advertise this address; otherwise only loopback is served.
    pub address: Option<IpAddr>,
    /// Whether a node's kubelet asks the API server whose a token is.
    pub kubelet_webhook: bool,
    /// More flags of `kube-apiserver`; the last one of a name holds.
    pub extra_apiserver_args: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            crds: Crds::Minimal,
            crds_version: OperatorVersion::default(),
            agent_crds: false,
            controller_manager: true,
            scheduler: false,
            max_token_expiration: None,
            address: None,
            kubelet_webhook: true,
            extra_apiserver_args: Vec::new(),
        }
    }
}

impl Options {
    /// An API server and its etcd, nothing else: the quickest to start.
    pub fn bare() -> Self {
        Self {
            crds: Crds::None,
            controller_manager: false,
            ..Self::default()
        }
    }
}
