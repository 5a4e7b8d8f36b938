//! What a template rendered is read back and held against the job that it is for.
//!
//! Two ways lead from a [`Job`](crate::job::Job) to one vocabulary, that of Prometheus' `scrape_config`: [`expected`]
//! straight from the model, [`of_scrape_config`] and [`of_monitor`] from what a template made of it. They share no step,
//! so a mistake of a template, or of what it is given, is a difference:
//!
//! ```text
//! Job ──► expected ─────────────────────────────► value ─┐
//!  │                                                     ├─► differences
//!  └──► template ──► of_scrape_config, of_monitor ──► value ─┘
//! ```
//!
//! In that vocabulary defaults are left out, but for the fields that every job has; whatever names the token or the
//! cluster's CA, a file, a key of a Secret or an expression, is [`TOKEN`] or [`CA`]; any other secret is hidden.

mod agent;
mod agree;
mod client;
mod difference;
mod expected;
mod monitor;
mod references;
mod scrape_config;
mod spelling;
mod step;
#[cfg(test)]
mod tests;

pub(super) use agent::Running;
pub(super) use agree::agree;
use expected::expected;
pub(super) use monitor::of_monitor;
pub(super) use references::References;
pub(super) use scrape_config::of_scrape_config;

/// Stands for the token of the instance, as a value of `credentials`.
const TOKEN: &str = "token";
/// Stands for the CA that verifies the cluster, as a value of `ca`.
const CA: &str = "cluster";
