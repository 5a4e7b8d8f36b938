//! What Prometheus checks when it loads a configuration, as far as it concerns jobs that are added to one.

use promconf::Duration;
use serde_json::Value;

use super::Blocker;
use super::change::Existing;
use crate::splice::Entry;

/// Why Prometheus would not load a configuration with `entries` among its jobs. Those without an interval have
/// `interval`.
pub(super) fn unloadable(
    entries: &[Entry],
    interval: &str,
    existing: &Existing,
    origin: &str,
) -> Vec<Blocker> {
    entries
        .iter()
        .filter_map(|entry| {
            twice(entry, existing, origin).or_else(|| too_long(entry, interval, origin))
        })
        .collect()
}

/// The scrape interval that a configuration has for all jobs: Prometheus' own, or an agent's.
pub(super) fn interval(text: &str, is_agent: bool) -> Option<String> {
    let global = if is_agent {
        let documents = yaml::parse(text, "").unwrap_or_default();
        let document = documents.into_iter().next().unwrap_or_default();
        document["metrics"]["global"].clone()
    } else {
        global(text)
    };
    global["scrape_interval"].as_str().map(str::to_owned)
}

/// Each name once, in all files together.
fn twice(entry: &Entry, existing: &Existing, origin: &str) -> Option<Blocker> {
    let place = existing.jobs_elsewhere.get(&entry.name)?;
    Some(Blocker::Unloadable {
        place: origin.to_owned(),
        why: format!("job {} is also in {place}", entry.name),
        hint: "remove it there, or use --name NAME, which gives the jobs other names".to_owned(),
    })
}

/// A timeout of the job's own is no longer than its interval, which may be the configuration's.
fn too_long(entry: &Entry, interval: &str, origin: &str) -> Option<Blocker> {
    let timeout = entry.value["scrape_timeout"].as_str()?;
    let own = entry.value["scrape_interval"].as_str();
    let interval = own.unwrap_or(interval);
    let seconds = |text: &str| text.parse::<Duration>().ok().map(Duration::as_secs);
    (seconds(timeout)? > seconds(interval)?).then(|| Blocker::Unloadable {
        place: origin.to_owned(),
        why: format!(
            "the scrape timeout {timeout} of job {} is longer than its scrape interval {interval}",
            entry.name
        ),
        hint: "give the job an `interval` of its own, or a shorter `timeout`".to_owned(),
    })
}

/// The lines of the key `global`, read by themselves: the rest of the file may be large.
fn global(main: &str) -> Value {
    let main = main.trim_start_matches('\u{feff}');
    let begins = |line: &str| line.starts_with("global:");
    let mut lines = main.lines().skip_while(|line| !begins(line));
    let first = lines.next().unwrap_or_default();
    let rest = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#', '\t', '\r']));
    let text: Vec<&str> = std::iter::once(first).chain(rest).collect();
    let documents = yaml::parse(&text.join("\n"), "").unwrap_or_default();
    let document = documents.into_iter().next().unwrap_or_default();
    document["global"].clone()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_s_timeout_is_held_against_the_interval_that_it_will_have() {
        let entry = |value| Entry {
            name: "a".into(),
            value,
        };
        let refused = |main: &str, job: Value| {
            let interval = interval(main, main.starts_with("metrics:"));
            let interval = interval.as_deref().unwrap_or("1m");
            let blockers = unloadable(&[entry(job)], interval, &Existing::default(), "file");
            blockers.iter().map(ToString::to_string).collect::<String>()
        };
        let main = "# c\nglobal: # c\n  scrape_interval: 15s\n\n  # c\n  evaluation_interval: 1m\nrule_files: []\n";
        for (main, job, expected) in [
            (main, json!({"scrape_timeout": "20s"}), true),
            (
                main,
                json!({"scrape_timeout": "20s", "scrape_interval": "30s"}),
                false,
            ),
            (main, json!({"scrape_timeout": "15s"}), false),
            (main, json!({}), false),
            ("rule_files: []\n", json!({"scrape_timeout": "61s"}), true),
            (
                "global: {scrape_interval: 2m}\n",
                json!({"scrape_timeout": "61s"}),
                false,
            ),
            (
                "\u{feff}global:\r\n  scrape_interval: 5s\r\n",
                json!({"scrape_timeout": "6s"}),
                true,
            ),
            (
                "metrics:\n  global: {scrape_interval: 2m}\n",
                json!({"scrape_timeout": "61s"}),
                false,
            ),
        ] {
            assert_eq!(
                !refused(main, job.clone()).is_empty(),
                expected,
                "{main} {job}"
            );
        }
    }
}
