//! A job as Alloy's components take it.

use promconf::Duration;
use promconf::regex::anchored;
use promconf::{RelabelConfig, is_label_name};

use crate::error::{Error, Result};
use crate::job::{Attachment, Job};

/// Time between scrapes where a job has none (`SetToDefault` in `internal/component/prometheus/scrape/scrape.go`).
const INTERVAL: Duration = Duration::from_secs(60);
/// How long a scrape may take where a job does not say.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The job as Alloy takes it, with the API server at the URL `server`: all that Prometheus does by itself between
/// discovery and relabelling is a step of its relabelling.
///
/// # Errors
/// A usage error about what Alloy cannot do.
pub fn adapted(job: &Job, server: &str) -> Result<Job> {
    check(job)?;
    let mut job = job.clone().through_api_server(server);
    job.timeout = timeout(&job)?;
    job.relabelling = relabelling(&job);
    // Its labels are among the steps now.
    job.discovery.service = None;
    Ok(job)
}

fn check(job: &Job) -> Result<()> {
    let mut attached = job.discovery.attach_metadata.iter();
    // `attach_metadata` of `discovery.kubernetes` has these two.
    let known = [Attachment::Node, Attachment::Namespace];
    if let Some(attachment) = attached.find(|attachment| !known.contains(attachment)) {
        return Err(Error::usage_hint(
            format!(
                "job {}: Alloy attaches metadata of the node and the namespace only, not of the {}",
                job.name,
                attachment.name()
            ),
            format!("leave {} out of attach_metadata", attachment.name()),
        ));
    }
    let mut names = job.params.iter().map(|(name, _)| name);
    if let Some(name) = names.find(|name| !super::literal::is_writable_key(name)) {
        return Err(Error::usage_hint(
            format!(
                "job {}: Alloy cannot send a query parameter that is called {name:?}",
                job.name
            ),
            "its language has no way to write quotes, backslashes and control characters in such a name",
        ));
    }
    Ok(())
}

/// Alloy refuses a timeout above the interval, its own defaults too.
fn timeout(job: &Job) -> Result<Option<Duration>> {
    match (job.timeout, job.interval) {
        (None, Some(interval)) if interval < TIMEOUT => Ok(Some(interval)),
        (Some(timeout), None) if timeout > INTERVAL => Err(Error::usage_hint(
            format!(
                "job {}: its timeout of {timeout} is longer than Alloy's interval of {INTERVAL}",
                job.name
            ),
            format!("give the job an interval of at least {timeout}"),
        )),
        (timeout, _) => Ok(timeout),
    }
}

/// Prometheus gives its targets labels that say how they are scraped, and relabels them then; Alloy relabels targets
/// before it knows. So those that a step reads are written first (`PopulateLabels` in `scrape/target.go` of Prometheus).
fn relabelling(job: &Job) -> Vec<RelabelConfig> {
    let steps = job.raw_relabelling();
    let interval = job.interval.unwrap_or(INTERVAL).to_string();
    let timeout = job.timeout.unwrap_or(TIMEOUT).to_string();
    let scheme = if job.tls { "https" } else { "http" };
    let params = job.params.iter().filter_map(|(name, values)| {
        let label = format!("__param_{name}");
        is_label_name(&label).then_some((label, values.first()?.clone()))
    });
    [
        ("job", job.job_name.as_str()),
        ("__scrape_interval__", &interval),
        ("__scrape_timeout__", &timeout),
        ("__metrics_path__", &job.metrics_path),
        ("__scheme__", scheme),
    ]
    .map(|(label, value)| (label.to_owned(), value.to_owned()))
    .into_iter()
    .chain(params)
    .filter(|(label, _)| steps.iter().any(|step| reads(step, label)))
    .map(|(label, value)| RelabelConfig::constant(&label, &value))
    .collect::<Vec<_>>()
    .into_iter()
    .chain(steps.iter().cloned())
    .collect()
}

/// Whether what a step does may depend on a label.
pub(crate) fn reads(step: &RelabelConfig, label: &str) -> bool {
    match step.action.as_str() {
        "labelmap" => {
            // To write a label in vain changes nothing.
            anchored(step.regex.as_deref()).is_none_or(|regex| regex.is_match(label))
        }
        "keepequal" | "dropequal" if step.target_label.as_deref() == Some(label) => true,
        _ => step.source_labels.iter().any(|source| source == label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{BLACKBOX_EXPORTER, catalogue, select};

    fn job(name: &str) -> Job {
        let jobs = select(&[name.to_owned()], catalogue(BLACKBOX_EXPORTER));
        jobs.expect("known").remove(0)
    }

    fn adapt(job: &Job) -> Job {
        adapted(job, "https://k8s.example").expect("Alloy can do that")
    }

    #[test]
    fn a_label_that_prometheus_would_set_is_written_where_a_step_reads_it() {
        let steps = adapt(&job("cadvisor")).relabelling;
        let path = RelabelConfig::constant("__metrics_path__", "/metrics/cadvisor");
        assert_eq!(steps[0], path);
        assert_eq!(steps[1..], job("cadvisor").relabelling);
        // Its labelmap reads nothing but annotations.
        assert_eq!(adapt(&job("pods")).relabelling, job("pods").relabelling);

        let mut own = job("ingresses");
        own.relabelling = vec![
            RelabelConfig::labelmap("__param_(.+)", "$1"),
            RelabelConfig {
                action: "keepequal".to_owned(),
                source_labels: vec!["__scheme__".to_owned()],
                target_label: Some("job".to_owned()),
                ..RelabelConfig::default()
            },
        ];
        let steps = adapt(&own).relabelling;
        let written: Vec<_> = steps
            .iter()
            .map(|step| (step.target_label.as_deref(), step.replacement.as_deref()))
            .collect();
        assert_eq!(
            written[..3],
            [
                (Some("job"), Some("kubernetes-ingresses")),
                (Some("__scheme__"), Some("http")),
                (Some("__param_module"), Some("http_2xx")),
            ]
        );
        assert_eq!(steps[3..], own.relabelling);
    }

    #[test]
    fn a_service_is_kept_by_its_labels() {
        let steps = adapt(&job("coredns")).relabelling;
        assert_eq!(steps, job("coredns").raw_relabelling());
        assert_eq!(adapt(&adapt(&job("coredns"))).relabelling, steps);
    }

    #[test]
    fn no_timeout_is_above_the_interval() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (interval, timeout, expected) in [
            (seconds(5), None, seconds(5)),
            (seconds(10), None, None),
            (seconds(5), seconds(3), seconds(3)),
            (None, seconds(60), seconds(60)),
            (None, None, None),
        ] {
            let job = Job {
                interval,
                timeout,
                ..job("kubelet")
            };
            assert_eq!(adapt(&job).timeout, expected, "{interval:?} {timeout:?}");
        }
        let slow = Job {
            timeout: seconds(90),
            ..job("kubelet")
        };
        let refusal = adapted(&slow, "").expect_err("Alloy refuses it");
        assert_eq!(
            refusal.to_string(),
            "job kubelet: its timeout of 1m30s is longer than Alloy's interval of 1m"
        );
    }

    #[test]
    fn what_alloy_cannot_do_is_said() {
        let mut own = job("pods");
        own.discovery
            .attach_metadata
            .extend([Attachment::Node, Attachment::Namespace]);
        adapt(&own);
        own.discovery.attach_metadata.insert(Attachment::CronJob);
        let refusal = adapted(&own, "").expect_err("no such field");
        assert_eq!(
            refusal.to_string(),
            "job pods: Alloy attaches metadata of the node and the namespace only, not of the cronjob"
        );
        let own = Job {
            params: vec![("a\"b".to_owned(), Vec::new())],
            ..job("pods")
        };
        let refusal = adapted(&own, "").expect_err("no such key");
        assert!(
            refusal
                .to_string()
                .ends_with(r#"a query parameter that is called "a\"b""#)
        );
    }
}
