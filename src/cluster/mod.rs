//! The only code that talks to Kubernetes: connect, read in one wave, apply, issue tokens.

mod answer;
mod call;
mod connect;
mod content;
mod credentials;
mod denied;
mod discoverers;
mod escalation;
mod exec_plugin;
mod failure;
mod http2;
mod kubeconfig;
mod metrics_instance;
mod no_proxy;
mod owned;
mod quoted;
mod rbac;
mod read;
mod refusal;
mod retry;
mod review;
mod schemas;
mod send;
mod sent;
mod snapshot;
mod token;
mod transport;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use call::Call;
pub use connect::{Cluster, ConnectOptions, Trace};
pub use credentials::Credentials;
pub use denied::{Denied, What};
pub use escalation::Escalation;
pub use failure::{Cause, Failure};
pub(crate) use no_proxy::proxy_for;
pub use owned::Owned;
pub use refusal::Refusal;
pub use review::{Answers, Question};
pub use snapshot::Snapshot;
pub use token::{Issued, Order};
pub(crate) use transport::no_answer;

/// Under this name monconf owns the fields that it sets.
pub const FIELD_MANAGER: &str = "monconf";
