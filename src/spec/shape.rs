//! From the catalogue and the user's own jobs to the jobs of one instance, as they are to be configured.

use super::{Names, Settings};
use crate::error::{Error, Result};
use crate::job::{self, Authority, BLACKBOX_EXPORTER, Job, Relabelling};

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
    let chosen = match &settings.jobs {
        Some(chosen) => chosen.clone(),
        None => default(settings),
    };
    let mut jobs = job::select(&chosen, known)?;
    let through_proxy = through_proxy(settings, &jobs)?;
    let labels = external_labels(settings)?;
    for job in &mut jobs {
        job.job_name = names.job_name(&job.job_name);
        job.interval = job.interval.or(settings.interval);
        if job.authority == Authority::Kubelet {
            if through_proxy {
                job.authority = Authority::KubeletProxy;
            } else {
                job.insecure_tls |= settings.kubelet_insecure_tls.unwrap_or(false);
            }
        }
        job.relabelling.extend(labels.iter().cloned());
        check_timeout(job)?;
    }
    Ok(jobs)
}

fn default(settings: &Settings) -> Vec<String> {
    let own = settings.defined.iter().map(|job| job.name.clone());
    job::DEFAULT
        .map(str::to_owned)
        .into_iter()
        .chain(own)
        .collect()
}

fn through_proxy(settings: &Settings, jobs: &[Job]) -> Result<bool> {
    match settings.kubelet.as_deref().unwrap_or("direct") {
        "direct" => return Ok(false),
        "apiserver-proxy" => {}
        other => {
            return Err(Error::usage_hint(
                format!("there is no way to kubelets called {other:?}"),
                "--kubelet is direct or apiserver-proxy",
            ));
        }
    }
    let needing: Vec<&str> = jobs
        .iter()
        .filter(|job| job.authority == Authority::Kubelet)
        .map(|job| job.name.as_str())
        .collect();
    if !needing.is_empty() && settings.allow_nodes_proxy != Some(true) {
        return Err(Error::usage_hint(
            format!(
                "--kubelet apiserver-proxy needs `get nodes/proxy` for {}: whoever holds that right executes commands in every pod of every node",
                needing.join(", ")
            ),
            "scrape kubelets directly with nodes/metrics (--kubelet direct, the default); where port 10250 of the nodes is out of reach, run the scraper inside the cluster; or accept the risk with --allow-nodes-proxy",
        ));
    }
    Ok(true)
}

/// In a relabelling of every job, because a file of jobs has no place for Prometheus' own external labels.
fn external_labels(settings: &Settings) -> Result<Vec<Relabelling>> {
    let labels = settings.external_labels.iter().flatten();
    labels
        .map(|(label, value)| {
            if !job::is_label_name(label) || label.starts_with("__") {
                return Err(Error::usage_hint(
                    format!("--external-label {label:?} is no name of a label"),
                    "letters, digits and underscores, not beginning with a digit or two underscores",
                ));
            }
            Ok(Relabelling::constant(label, value))
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
