//! The only code that talks to Kubernetes: connect, read in one wave, apply, issue tokens.

mod call;
mod connect;
mod exec_plugin;
mod failure;
mod http2;
mod kubeconfig;
mod no_proxy;
mod read;
mod refusal;
mod send;
mod snapshot;
mod token;

pub use call::{Answer, Call};
pub use connect::{Cluster, ConnectOptions, Trace};
pub use failure::{Cause, Failure};
pub use snapshot::Snapshot;
pub use token::{Issued, Order};

/// Under this name monconf owns the fields that it sets.
pub const FIELD_MANAGER: &str = "monconf";
