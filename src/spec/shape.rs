//! From the catalogue and the user's own jobs to the jobs of one instance, as they are to be configured.

use super::{Names, Settings};
use crate::access::scrape;
use crate::error::{Error, Result};
use crate::job::{self, Authority, BLACKBOX_EXPORTER, Job};
use crate::rbac::Right;
use promconf::RelabelConfig;

/// The jobs that `settings` choose, with everything that the settings say about every job.
///
/// # Errors
/// A usage error that names the flag.
pub(super) fn jobs(settings: &Settings, names: &Names) -> Result<Vec<Job>> {
    let exporter = settings
        .blackbox_exporter
        .as_deref()
        .unwrap_or(BLACKBOX_EXPORTER);
    check_exporter(exporter)?;
    let mut known = job::catalogue(exporter);
    known.extend(settings.defined.iter().cloned());
    let mut jobs = job::select(&settings.chosen(), known)?;
    let through_proxy = through_proxy(settings)?;
    let labels = external_labels(settings)?;
    for job in &mut jobs {
        job.job_name = names.job_name(&job.job_name);
        job.interval = job.interval.or(settings.interval);
        if job.authority == Authority::Kubelet {
            if through_proxy {
                send_through_proxy(job)?;
            } else {
                job.insecure_tls |= settings.kubelet_insecure_tls.unwrap_or(false);
            }
        }
        job.relabelling.extend(labels.iter().cloned());
        check_timeout(job)?;
    }
    check_nodes_proxy(settings, &jobs)?;
    Ok(jobs)
}

/// Whether a job's scrapes take `nodes/proxy`.
pub(super) fn needs_nodes_proxy(job: &Job) -> bool {
    scrape(job.authority, &job.metrics_path) == Some(Right::resource("", "nodes/proxy", "get"))
}

impl Settings {
    /// The jobs that these settings choose: those that they name, else the default ones and the user's own.
    #[must_use]
    pub fn chosen(&self) -> Vec<String> {
        if let Some(named) = &self.jobs {
            return named.clone();
        }
        let own = self.defined.iter().map(|job| job.name.clone());
        let default = job::DEFAULT.map(str::to_owned);
        default.into_iter().chain(own).collect()
    }

    /// The same settings for every job that there is, whatever rights that takes.
    #[must_use]
    pub fn with_every_job(mut self) -> Self {
        let known = job::catalogue(BLACKBOX_EXPORTER);
        let own = self.defined.iter();
        let names = known.iter().chain(own).map(|job| job.name.clone());
        self.jobs = Some(names.collect());
        if self.kubelet.as_deref() == Some("apiserver-proxy") {
            self.allow_nodes_proxy = Some(true);
        }
        self
    }
}

fn through_proxy(settings: &Settings) -> Result<bool> {
    match settings.kubelet.as_deref().unwrap_or("direct") {
        "direct" => Ok(false),
        "apiserver-proxy" => Ok(true),
        other => Err(Error::usage_hint(
            format!("there is no way to kubelets called {other:?}"),
            "--kubelet is direct or apiserver-proxy",
        )),
    }
}

/// From now on the certificate is the API server's, and so is the address.
fn send_through_proxy(job: &mut Job) -> Result<()> {
    let writes_address = |step: &RelabelConfig| step.target_label.as_deref() == Some("__address__");
    if job.relabelling.iter().any(writes_address) {
        return Err(Error::usage_hint(
            format!(
                "job {}: its port, or another step that writes __address__, cannot be had through the API server",
                job.name
            ),
            "leave it out, or scrape kubelets directly: --kubelet direct",
        ));
    }
    job.authority = Authority::KubeletProxy;
    job.insecure_tls = false;
    Ok(())
}

/// Nobody holds that right without having asked for it in so many words.
fn check_nodes_proxy(settings: &Settings, jobs: &[Job]) -> Result<()> {
    let needing: Vec<&Job> = jobs.iter().filter(|job| needs_nodes_proxy(job)).collect();
    let Some(first) = needing.first() else {
        return Ok(());
    };
    if settings.allow_nodes_proxy == Some(true) {
        return Ok(());
    }
    let names: Vec<&str> = needing.iter().map(|job| job.name.as_str()).collect();
    let danger = "whoever holds that right executes commands in every pod of every node";
    if first.authority == Authority::KubeletProxy {
        return Err(Error::usage_hint(
            format!(
                "--kubelet apiserver-proxy needs `get nodes/proxy` for {}: {danger}",
                names.join(", ")
            ),
            "scrape kubelets directly with nodes/metrics (--kubelet direct, the default); where port 10250 of the nodes is out of reach, run the scraper inside the cluster; or accept the risk with --allow-nodes-proxy",
        ));
    }
    Err(Error::usage_hint(
        format!(
            "job {}: a kubelet asks for `get nodes/proxy` before it answers {}: {danger}",
            first.name, first.metrics_path
        ),
        "the metrics of kubelets are at /metrics, /metrics/cadvisor, /metrics/probes, /metrics/resource and /metrics/slis; or accept the risk with --allow-nodes-proxy",
    ))
}

/// In a relabelling of every job, because a file of jobs has no place for Prometheus' own external labels.
fn external_labels(settings: &Settings) -> Result<Vec<RelabelConfig>> {
    let labels = settings.external_labels.iter().flatten();
    labels
        .map(|(label, value)| {
            if !promconf::is_label_name(label) || label.starts_with("__") {
                return Err(Error::usage_hint(
                    format!("--external-label {label:?} is no name of a label"),
                    "letters, digits and underscores, not beginning with a digit or two underscores",
                ));
            }
            Ok(RelabelConfig::constant(label, value))
        })
        .collect()
}

fn check_exporter(address: &str) -> Result<()> {
    let valid = address
        .parse::<http::uri::Authority>()
        .is_ok_and(|authority| authority.port_u16().is_some() && !address.contains('@'));
    if valid {
        return Ok(());
    }
    Err(Error::usage_hint(
        format!("--blackbox-exporter {address:?} is no address"),
        "write it as HOST:PORT",
    ))
}

/// Prometheus refuses a configuration in which a scrape may take longer than the time to the next.
fn check_timeout(job: &Job) -> Result<()> {
    match (job.timeout, job.interval) {
        (Some(timeout), Some(interval)) if timeout > interval => Err(Error::usage(format!(
            "job {}: its timeout of {timeout} is longer than its interval of {interval}",
            job.name
        ))),
        _ => Ok(()),
    }
}
