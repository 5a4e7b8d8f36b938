//! The door to API servers and targets: kubeconfig, credential plugins, proxies, TLS, time limits, retries, and answers as
//! typed failures. It knows nothing of what is asked.

mod answer;
pub(crate) mod authorities;
mod budget;
pub(crate) mod call;
pub(crate) mod connect;
mod credentials;
mod exec_plugin;
mod expected;
mod failure;
pub(crate) mod http2;
mod kubeconfig;
mod no_answer;
mod no_proxy;
mod refusal;
mod registered;
mod retry;
mod scrape;
mod send;
mod sent;
pub(crate) mod shape;
pub(crate) mod transport;
mod usable;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub(crate) use authorities::leave_out_unused;
pub use call::Call;
pub use connect::{Address, Cluster, ConnectOptions, Trace, is_in_pod};
pub use credentials::Credentials;
pub use failure::{Cause, Failure};
pub use no_answer::NoAnswer;
pub(crate) use no_proxy::proxy_for;
pub use refusal::Refusal;
pub use scrape::{Reply, Scraper, Trust};
pub(crate) use transport::{is_tls, no_answer};
