//! Jobs of the user's own: `ownJobs` of `monconf.yaml`, each checked as Prometheus would check it.

mod discovery;
mod fields;
mod selector;
mod steps;
mod target;

use promconf::Duration;
use serde_json::Value;

use self::discovery::{discovery, role};
use self::fields::{Fields, Reader};
use self::steps::steps;
use self::target::{authority, check_path, insecure_tls, keep_token, params, path, port, tls};
use super::names::valid_name;
use crate::error::Result;
use crate::job::{BLACKBOX_EXPORTER, Job, catalogue};

const KEYS: [&str; 19] = [
    "name",
    "jobName",
    "role",
    "namespaces",
    "selectors",
    "attachMetadata",
    "port",
    "path",
    "scheme",
    "params",
    "authority",
    "insecureTLS",
    "interval",
    "timeout",
    "honorLabels",
    "honorTimestamps",
    "relabelling",
    "metricRelabelling",
    "summary",
];

/// The longest name: it is part of the name of an object, behind the instance's.
const LONGEST_NAME: usize = 40;

/// The jobs of `value`, which stands at `/ownJobs` of `text`.
///
/// # Errors
/// Everything that is wrong, each with file and line.
pub(super) fn read(value: &Value, text: &str, origin: &str) -> Result<Vec<Job>> {
    let mut reader = Reader::new(text, origin)?;
    let mut jobs: Vec<Job> = Vec::new();
    for fields in reader.maps(value, "/ownJobs", &KEYS) {
        let job = job(&mut reader, &fields);
        unique(&mut reader, &fields, &job, &jobs);
        jobs.push(job);
    }
    reader.finish(jobs)
}

fn job(reader: &mut Reader, fields: &Fields) -> Job {
    let name = name(reader, fields);
    let role = role(reader, fields);
    let tls = tls(reader, fields);
    let steps_of_its_own = steps(reader, fields, "relabelling");
    let mut relabelling = port(reader, fields, role);
    relabelling.extend(steps_of_its_own.iter().cloned());
    let job = Job {
        summary: reader
            .text(fields, "summary")
            .unwrap_or_else(|| format!("{name}, defined in {}", reader.origin())),
        job_name: job_name(reader, fields, &name),
        discovery: discovery(reader, fields, role),
        authority: authority(reader, fields, role, tls),
        tls,
        insecure_tls: insecure_tls(reader, fields, tls),
        metrics_path: path(reader, fields),
        params: params(reader, fields),
        interval: duration(reader, fields, "interval"),
        timeout: duration(reader, fields, "timeout"),
        honor_labels: reader.flag(fields, "honorLabels").unwrap_or(false),
        honor_timestamps: reader.flag(fields, "honorTimestamps").unwrap_or(true),
        relabelling,
        metric_relabelling: steps(reader, fields, "metricRelabelling"),
        name,
    };
    keep_token(reader, fields, &job, &steps_of_its_own);
    check_path(reader, fields, &job);
    if let (Some(timeout), Some(interval)) = (job.timeout, job.interval)
        && timeout > interval
    {
        reader.fault(
            fields,
            "timeout",
            &format!("{timeout} is longer than the interval of {interval}"),
        );
    }
    job
}

fn name(reader: &mut Reader, fields: &Fields) -> String {
    let Some(name) = reader.required_text(fields, "name") else {
        return String::new();
    };
    if !valid_name(&name) || name.len() > LONGEST_NAME {
        reader.fault(
            fields,
            "name",
            &format!("{name:?} is not a valid name: 1 to {LONGEST_NAME} lower-case letters, digits and hyphens"),
        );
    }
    name
}

fn unique(reader: &mut Reader, fields: &Fields, job: &Job, before: &[Job]) {
    let known = catalogue(BLACKBOX_EXPORTER);
    let others = || known.iter().chain(before);
    if others().any(|other| other.name == job.name) {
        let owner = if known.iter().any(|other| other.name == job.name) {
            "monconf has a job of its own"
        } else {
            "another job is"
        };
        reader.fault(fields, "name", &format!("{owner} called {:?}", job.name));
    } else if others().any(|other| other.job_name == job.job_name) {
        let key = if fields.map.contains_key("jobName") {
            "jobName"
        } else {
            "name"
        };
        reader.fault(
            fields,
            key,
            &format!(
                "another job has the job name {:?}, and Prometheus refuses two",
                job.job_name
            ),
        );
    }
}

fn job_name(reader: &mut Reader, fields: &Fields, name: &str) -> String {
    match reader.text(fields, "jobName") {
        Some(text) if text.is_empty() => {
            reader.fault(fields, "jobName", "must not be empty");
            text
        }
        Some(text) => text,
        None => name.to_owned(),
    }
}

fn duration(reader: &mut Reader, fields: &Fields, key: &str) -> Option<Duration> {
    let value = fields.map.get(key)?;
    // A number without a unit is worth a sentence of its own.
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    match text.parse::<Duration>() {
        Ok(duration) if duration.as_secs() == 0 => {
            reader.fault(fields, key, "must not be 0");
            None
        }
        Ok(duration) => Some(duration),
        Err(why) => {
            reader.fault(fields, key, &why);
            None
        }
    }
}
