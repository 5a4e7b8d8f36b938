//! What is scraped: one [`Job`] says how targets are discovered, reached and labelled.
//!
//! Everything else is derived from it: the rights ([`crate::access`]) and every form of
//! configuration ([`crate::render`]).

mod apiserver;
mod kubelet;

use crate::error::{Error, Result};
use crate::object::Kind;

/// A scrape job, in no consumer's syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The name in `--jobs`, `apiserver`.
    pub name: &'static str,
    /// One sentence for lists and comments, without a full stop.
    pub summary: &'static str,
    /// `job_name` in a Prometheus configuration, and thereby the `job` label.
    pub job_name: &'static str,
    /// How targets are found.
    pub discovery: Discovery,
    /// Who answers the scrape, and so who authorizes it.
    pub endpoint: Endpoint,
    /// The path that is scraped.
    pub metrics_path: &'static str,
    /// Whether labels in the scraped data win over those that Prometheus attaches.
    pub honor_labels: bool,
    /// Whether timestamps in the scraped data are kept.
    pub honor_timestamps: bool,
    /// Target relabelling, applied in order.
    pub relabelling: Vec<Relabelling>,
}

impl Job {
    /// The operator object that carries this job.
    #[must_use]
    pub const fn monitor_kind(&self) -> Kind {
        match self.discovery {
            Discovery::Service { .. } => Kind::ServiceMonitor,
            Discovery::Nodes => Kind::ScrapeConfig,
        }
    }
}

/// How targets are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// The ready endpoints of one Service, through `EndpointSlices`.
    Service {
        /// The Service's namespace.
        namespace: &'static str,
        /// The Service's name.
        name: &'static str,
        /// Labels of that Service, which a ServiceMonitor selects by.
        labels: &'static [(&'static str, &'static str)],
        /// The port's name.
        port: &'static str,
    },
    /// Every node, at the port of its kubelet.
    Nodes,
}

/// Who answers a scrape. Both serve HTTPS and want a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// kube-apiserver: authorizes the path as a non-resource URL; its certificate names `kubernetes`.
    ApiServer,
    /// kubelet: authorizes a subresource of `nodes`, here `nodes/metrics`
    /// (pkg/kubelet/server/auth.go of Kubernetes).
    Kubelet,
}

/// One step of target relabelling, in Prometheus' terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relabelling {
    /// `keep`, `labelmap`, `replace`, …
    pub action: &'static str,
    /// Labels whose values are joined by `;`.
    pub source_labels: Vec<&'static str>,
    /// RE2, anchored at both ends.
    pub regex: Option<&'static str>,
    /// The label that is written.
    pub target_label: Option<&'static str>,
}

/// The jobs that are configured when the user names none.
pub const DEFAULT: [&str; 3] = ["apiserver", "kubelet", "cadvisor"];

/// Every job that monconf knows, in the order in which they are listed and rendered.
#[must_use]
pub fn catalogue() -> Vec<Job> {
    vec![
        apiserver::apiserver(),
        kubelet::kubelet(),
        kubelet::cadvisor(),
    ]
}

/// The jobs of that name, in the catalogue's order and each once.
///
/// # Errors
/// A usage error for an empty list or an unknown name, which lists the known ones.
pub fn select(names: &[String]) -> Result<Vec<Job>> {
    let catalogue = catalogue();
    if let Some(unknown) = names
        .iter()
        .find(|name| catalogue.iter().all(|job| job.name != **name))
    {
        let known: Vec<&str> = catalogue.iter().map(|job| job.name).collect();
        return Err(Error::usage_hint(
            format!("there is no job {unknown:?}"),
            format!("the jobs are {}", known.join(", ")),
        ));
    }
    if names.is_empty() {
        return Err(Error::usage("--jobs names no job"));
    }
    Ok(catalogue
        .into_iter()
        .filter(|job| names.iter().any(|name| name == job.name))
        .collect())
}
