//! The only code that talks to Kubernetes: connect, read in one wave, apply, issue tokens.

mod admission;
mod answer;
mod authorities;
mod call;
mod connect;
mod content;
mod credentials;
mod discoverers;
mod exec_plugin;
mod failure;
mod http2;
mod identity;
mod instances;
mod kubeconfig;
mod listing;
mod metrics_instance;
mod no_answer;
mod no_proxy;
mod origin;
mod owned;
mod pickup;
mod rbac;
mod read;
mod refusal;
mod retry;
mod review;
mod schemas;
mod scrape;
mod send;
mod sent;
mod snapshot;
mod token;
mod transport;

#[cfg(test)]
mod tests;

pub use admission::Tried;
pub use answer::Answer;
pub(crate) use authorities::leave_out_unused;
pub use call::Call;
pub use connect::{Address, Cluster, ConnectOptions, Trace, is_in_pod};
pub use credentials::Credentials;
pub use failure::{Cause, Failure};
pub use identity::Review;
pub use instances::{Instance, Instances, Seen};
pub use no_answer::NoAnswer;
pub(crate) use no_proxy::proxy_for;
pub use origin::Origin;
pub use owned::Owned;
pub use read::Refused;
pub use refusal::Refusal;
pub use review::{Answers, Question};
pub use scrape::{Reply, Scraper, Trust};
pub use snapshot::Snapshot;
pub use token::{Issued, Order};
pub(crate) use transport::{is_tls, no_answer};

/// Under this name monconf owns the fields that it sets.
pub const FIELD_MANAGER: &str = "monconf";
