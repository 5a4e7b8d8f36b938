//! Running the built program, and looking at what it did.

pub(crate) mod cut;
pub(crate) mod docs;
pub(crate) mod everything;
pub(crate) mod hostile;
pub(crate) mod image;
mod monconf;
pub(crate) mod paste;
pub(crate) mod patience;
pub(crate) mod pod_account;
pub(crate) mod prometheus_pod;
pub(crate) mod receiver;
pub(crate) mod rights;
pub(crate) mod state;
pub(crate) mod token;

pub(crate) use monconf::{Monconf, Run};
pub(crate) use pod_account::PodAccount;
pub(crate) use prometheus_pod::PrometheusPod;
pub(crate) use receiver::Receiver;
