//! What is scraped: one [`Job`] says how targets are discovered, reached and labelled.
//!
//! Everything else is derived from it: the rights ([`crate::access`]) and every form of
//! configuration ([`crate::render`]).

mod annotated;
mod apiserver;
mod authority;
mod control_plane;
mod discovery;
mod ingresses;
mod kube_proxy;
mod kubelet;
mod services;

pub use authority::Authority;
pub use discovery::{Attachment, Discovery, Role, Selector, Service};

use crate::error::{Error, Result};
use crate::object::Kind;
use promconf::{Duration, RelabelConfig};

/// A scrape job, in no consumer's syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a field of a scrape configuration"
)]
pub struct Job {
    /// The name in `--jobs`, `apiserver`.
    pub name: String,
    /// One sentence for lists and comments, without a full stop.
    pub summary: String,
    /// `job_name` in a Prometheus configuration, and thereby the `job` label.
    pub job_name: String,
    /// How targets are found.
    pub discovery: Discovery,
    /// Who decides whether a scrape is allowed.
    pub authority: Authority,
    /// Whether targets are reached by HTTPS.
    pub tls: bool,
    /// Whether the target's certificate is accepted unverified.
    pub insecure_tls: bool,
    /// The path that is scraped.
    pub metrics_path: String,
    /// Query parameters of the scrape, each with its values.
    pub params: Vec<(String, Vec<String>)>,
    /// Time between scrapes, `None` for Prometheus' own.
    pub interval: Option<Duration>,
    /// How long a scrape may take, `None` for Prometheus' own.
    pub timeout: Option<Duration>,
    /// Whether labels in the scraped data win over those that Prometheus attaches.
    pub honor_labels: bool,
    /// Whether timestamps in the scraped data are kept.
    pub honor_timestamps: bool,
    /// Target relabelling, applied in order.
    pub relabelling: Vec<RelabelConfig>,
    /// Relabelling of the samples, applied in order.
    pub metric_relabelling: Vec<RelabelConfig>,
}

impl Job {
    /// The beginning of a job whose targets serve HTTPS and ask `authority`.
    fn secure(authority: Authority) -> Self {
        Self {
            authority,
            tls: true,
            ..Self::open()
        }
    }

    /// The beginning of a job whose targets serve HTTP to everybody.
    fn open() -> Self {
        Self {
            name: String::new(),
            summary: String::new(),
            job_name: String::new(),
            discovery: Discovery::all(Role::Pod),
            authority: Authority::Nobody,
            tls: false,
            insecure_tls: false,
            metrics_path: "/metrics".to_owned(),
            params: Vec::new(),
            interval: None,
            timeout: None,
            honor_labels: false,
            honor_timestamps: true,
            relabelling: Vec::new(),
            metric_relabelling: Vec::new(),
        }
    }

    /// The operator object that carries this job: a ServiceMonitor where a Service can be selected, a PodMonitor for
    /// pods at the ports that they declare, else a ScrapeConfig.
    #[must_use]
    pub fn monitor_kind(&self) -> Kind {
        match (self.discovery.role, &self.discovery.service) {
            (_, Some(_)) => Kind::ServiceMonitor,
            (Role::Pod, None) if self.discovery.selectors.is_empty() => Kind::PodMonitor,
            _ => Kind::ScrapeConfig,
        }
    }

    /// The target relabelling of a configuration in Prometheus' own syntax, where no ServiceMonitor selects the Service.
    #[must_use]
    pub fn raw_relabelling(&self) -> Vec<RelabelConfig> {
        let service = self
            .discovery
            .service
            .as_ref()
            .map(|service| service.keep(self.discovery.role));
        service
            .into_iter()
            .chain(self.relabelling.clone())
            .collect()
    }
}

/// The jobs that are configured when the user names none.
pub const DEFAULT: [&str; 3] = ["apiserver", "kubelet", "cadvisor"];

/// Where the blackbox exporter is looked for, unless the user says otherwise: the Service of its chart's defaults.
pub const BLACKBOX_EXPORTER: &str = "prometheus-blackbox-exporter.monitoring.svc:9115";

/// Every job that monconf knows, in the order in which they are listed and rendered. `blackbox` is the blackbox
/// exporter's `HOST:PORT`.
#[must_use]
pub fn catalogue(blackbox: &str) -> Vec<Job> {
    vec![
        apiserver::apiserver(),
        kubelet::kubelet(),
        kubelet::cadvisor(),
        kubelet::resource(),
        kubelet::probes(),
        kubelet::slis(),
        control_plane::controller_manager(),
        control_plane::scheduler(),
        services::coredns(),
        kube_proxy::kube_proxy(),
        services::kube_state_metrics(),
        services::node_exporter(),
        annotated::pods(),
        annotated::services(),
        ingresses::ingresses(blackbox),
    ]
}

/// The jobs of `known` with these names, in the order of `known` and each once.
///
/// # Errors
/// A usage error for an empty list or an unknown name, which lists the known ones.
pub fn select(names: &[String], known: Vec<Job>) -> Result<Vec<Job>> {
    if let Some(unknown) = names
        .iter()
        .find(|name| known.iter().all(|job| job.name != **name))
    {
        let known: Vec<&str> = known.iter().map(|job| job.name.as_str()).collect();
        return Err(Error::usage_hint(
            format!("there is no job {unknown:?}"),
            format!("the jobs are {}", known.join(", ")),
        ));
    }
    if names.is_empty() {
        return Err(Error::usage("--jobs names no job"));
    }
    Ok(known
        .into_iter()
        .filter(|job| names.contains(&job.name))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_jobs_of_the_catalogue_are_called_alike() {
        let catalogue = catalogue(BLACKBOX_EXPORTER);
        for name in [
            |job: &Job| job.name.clone(),
            |job: &Job| job.job_name.clone(),
        ] {
            let names: BTreeSet<String> = catalogue.iter().map(name).collect();
            assert_eq!(names.len(), catalogue.len());
        }
    }

    #[test]
    fn the_catalogue_s_regular_expressions_can_be_read() {
        for job in catalogue(BLACKBOX_EXPORTER) {
            for step in job.raw_relabelling() {
                step.check()
                    .unwrap_or_else(|(field, why)| panic!("{}: {field}: {why}", job.name));
            }
        }
    }
}
