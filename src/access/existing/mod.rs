//! What an existing configuration of Prometheus needs, read from the configuration itself.
//!
//! Nothing is asked and nothing is guessed: where the configuration leaves open who is asked for what, that is said.

mod configured;
mod discovery;
mod explanation;
mod forms;
mod host;
mod identity;
mod labels;
mod manifests;
mod monitors;
mod node;
mod own;
mod pattern;
mod reach;
mod report;
mod scrape_config;
mod template;
#[cfg(test)]
mod tests;
mod wrapped;

use promconf::RelabelConfig;
use std::fmt;

pub use configured::{Configured, Tls, configured};
pub use explanation::{Explanation, Reason, Unproven, by_identity, dangers};
pub use forms::{Input, read, scrape_config_files};
pub use identity::Identity;
pub use manifests::manifests;
pub use own::{own, secret};
pub use report::report;

use crate::job::Discovery;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As the user named it.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a configuration does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The namespace that Prometheus runs in; also that of manifests that name none.
    pub namespace: &'a str,
    /// One more address of the API server, beside those that the configuration names.
    pub api_server: Option<&'a str>,
}

/// A job as its configuration has it.
struct Scrape {
    name: String,
    place: Place,
    found: Vec<Found>,
    statics: Vec<Static>,
    scheme: String,
    path: String,
    params: Vec<(String, Vec<String>)>,
    credentials: identity::Credentials,
    tls: Tls,
    follows_redirects: bool,
    /// `fallback_scrape_protocol`.
    fallback: Option<String>,
    relabelling: Vec<RelabelConfig>,
    /// Labels with the only values that are kept, before relabelling.
    kept: Vec<(String, Vec<String>)>,
    remark: Option<String>,
}

/// One discovery in Kubernetes.
struct Found {
    discovery: Discovery,
    identity: Identity,
    api_server: Option<String>,
    tls: Tls,
    place: Place,
    remark: Option<String>,
}

/// Targets that are not discovered in Kubernetes.
struct Static {
    address: Address,
    /// Labels that they have before relabelling.
    labels: Vec<(String, String)>,
    place: Place,
}

enum Address {
    /// `HOST:PORT`.
    Known(String),
    /// Known to another discovery, such as `file_sd_configs`.
    FoundBy(String),
}
