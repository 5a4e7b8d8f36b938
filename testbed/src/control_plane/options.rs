//! What can differ from one control plane to another.

use std::net::IpAddr;
use std::time::Duration;

/// How to start a control plane; the default is what the shared one has.
#[derive(Clone, Debug)]
pub struct Options {
    /// Install the Prometheus Operator's CRDs and wait until they are served.
    pub crds: bool,
    /// Run the controller manager: without it no `kube-root-ca.crt`, no token Secrets, no end of a namespace.
    pub controller_manager: bool,
    /// Run the scheduler too, for a cluster with a node. It and the controller manager then elect leaders, so that
    /// second instances stand by.
    pub scheduler: bool,
    /// The longest life that the server gives to a token (at least an hour).
    pub max_token_expiration: Option<Duration>,
    /// Listen on every interface and advertise this address; otherwise only loopback is served.
    pub address: Option<IpAddr>,
    /// More flags of `kube-apiserver`; the last one of a name holds.
    pub extra_apiserver_args: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            crds: true,
            controller_manager: true,
            scheduler: false,
            max_token_expiration: None,
            address: None,
            extra_apiserver_args: Vec::new(),
        }
    }
}

impl Options {
    /// An API server and its etcd, nothing else: the quickest to start.
    pub fn bare() -> Self {
        Self {
            crds: false,
            controller_manager: false,
            ..Self::default()
        }
    }
}
