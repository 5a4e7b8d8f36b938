//! The overview in Prometheus' text format, for the textfile collector of `node_exporter`.

use super::row::{Drift, Place, Row};
use super::{Overview, State};

/// One metric, as the documentation lists it.
struct Metric {
    /// Its name.
    name: &'static str,
    /// What it says.
    help: &'static str,
    value: fn(&Row) -> Option<i64>,
}

/// When the overview was made; the only one without the labels of an instance.
const STATUS: (&str, &str) = (
    "monconf_status_timestamp_seconds",
    "When the cluster was asked, by its own clock.",
);

/// Every metric of an instance, in the order in which they are written.
const METRICS: [Metric; 9] = [
    Metric {
        name: "monconf_token_expiry_timestamp_seconds",
        help: "When the token ends.",
        value: |row| Some(row.token.life?.expires_at.as_second()),
    },
    Metric {
        name: "monconf_token_issued_timestamp_seconds",
        help: "When the token was issued.",
        value: |row| Some(row.token.life?.issued_at.as_second()),
    },
    Metric {
        name: "monconf_token_rotation_due_timestamp_seconds",
        help: "When less than a third of the life is left that the token was granted.",
        value: |row| Some(row.token.life?.due_at().as_second()),
    },
    Metric {
        name: "monconf_token_requested_seconds",
        help: "How long the token was asked to live.",
        value: |row| seconds(row.token.life?.requested?.as_secs()),
    },
    Metric {
        name: "monconf_token_granted_seconds",
        help: "How long the cluster lets the token live, to the minute.",
        value: |row| seconds(row.token.life?.granted().as_secs()),
    },
    Metric {
        name: "monconf_token_valid",
        help: "Whether the token can be used: 0 where it has ended, is revoked, broken or missing.",
        value: |row| Some(row.token.state.is_valid()?.into()),
    },
    Metric {
        name: "monconf_instance_drift",
        help: "How many objects and files differ from the settings, of the instance that these describe; -1 where they cannot be applied.",
        value: |row| match row.drift.as_ref()? {
            Drift::Pending {
                create,
                change,
                delete,
            } => i64::try_from(create + change + delete).ok(),
            Drift::Blocked(_) => Some(-1),
        },
    },
    Metric {
        name: "monconf_instance_surplus_rights",
        help: "How many rights the account holds beyond those that the jobs need, of the instance that the settings describe.",
        value: |row| i64::try_from(row.surplus.as_ref()?.len()).ok(),
    },
    Metric {
        name: "monconf_instance_faults",
        help: "How many faults role and binding have.",
        value: |row| (row.consumer.is_some()).then_some(i64::try_from(row.faults.len()).ok()?),
    },
];

fn seconds(seconds: u64) -> Option<i64> {
    i64::try_from(seconds).ok()
}

/// The whole text.
#[must_use]
pub fn exposition(overview: &Overview) -> String {
    let mut out = String::new();
    for metric in &METRICS {
        let samples: Vec<String> = overview
            .rows
            .iter()
            .filter(|row| row.token.state != State::Pod || !metric.name.contains("_token_"))
            .filter_map(|row| Some((labels(overview, row), (metric.value)(row)?)))
            .map(|(labels, value)| format!("{}{labels} {value}\n", metric.name))
            .collect();
        if !samples.is_empty() {
            out.push_str(&head(metric.name, metric.help));
            out.extend(samples);
        }
    }
    let (name, help) = STATUS;
    out.push_str(&head(name, help));
    let context = pair("context", &overview.context);
    let now = overview.now.as_second();
    out.extend([format!("{name}{{{context}}} {now}\n")]);
    out
}

/// Every metric's name and what it says.
pub fn documented() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_instances = METRICS.iter().map(|metric| (metric.name, metric.help));
    of_instances.chain([STATUS])
}

fn head(name: &str, help: &str) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} gauge\n")
}

/// Labels that no scrape sets itself: `instance`, `namespace` or `cluster` would be renamed or taken for the target's.
fn labels(overview: &Overview, row: &Row) -> String {
    let mut pairs = vec![pair("context", &overview.context)];
    if let Some(consumer) = row.consumer {
        pairs.push(pair("consumer", consumer.name()));
    }
    let account = row.account();
    if !account.is_empty() {
        pairs.push(pair("service_account", &account));
    }
    if let Place::File(path) = &row.place {
        pairs.push(pair("file", &path.display().to_string()));
    }
    format!("{{{}}}", pairs.join(","))
}

fn pair(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn nothing_in_a_label_ends_it() {
        let text = exposition(&Overview {
            context: "a\"b\\c\nd".to_owned(),
            server: String::new(),
            identity: String::new(),
            now: Timestamp::UNIX_EPOCH,
            only: None,
            rows: Vec::new(),
        });
        let expected = r#"monconf_status_timestamp_seconds{context="a\"b\\c\nd"} 0"#;
        assert_eq!(text.lines().last(), Some(expected));
    }
}
