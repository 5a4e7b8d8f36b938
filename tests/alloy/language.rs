//! What is written is what Alloy's own parser and formatter read and write.

use monconf::alloy::{self, Credentials, Settings};
use monconf::job::Role;
use monconf::mark::{ClusterIdentity, Comment, Mark};
use promconf::Duration;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use testbed::{alloy_syntax, grafana_agent};

use super::{every_kind, everything, pod, render, spec};
use crate::support::hostile::{hostile, own_job};

#[test]
fn every_job_is_written_as_alloy_s_formatter_writes_it() {
    for settings in every_kind("/etc/monconf", "https://k8s.example:6443", "monitoring") {
        let text = render(&everything(), &settings).unwrap();
        let mark = Mark::new("monitoring", ClusterIdentity::default());
        let text = format!("{}\n{text}", mark.header(Comment::Slashes));
        assert_eq!(alloy_syntax::format(&text).as_ref(), Ok(&text));
        assert_eq!(grafana_agent::fmt(&text).as_ref(), Ok(&text));
        let header = "// Written by monconf, instance monitoring: changes made here by hand are overwritten.\n\n";
        assert!(text.starts_with(header), "{text}");
        assert_eq!(Mark::of_file(&text), Some(mark));
        let jobs = alloy::jobs(&text).unwrap();
        assert_eq!(jobs.len(), everything().jobs.len());
    }
}

#[test]
fn a_rare_job_is_written_as_alloy_s_formatter_writes_it_too() {
    let mut job = own_job("a", Role::Pod);
    job.interval = Some(Duration::from_secs(5));
    job.params
        .push(("b-c".to_owned(), vec!["x".to_owned(), "y".to_owned()]));
    job.discovery.attach_metadata = [
        monconf::job::Attachment::Node,
        monconf::job::Attachment::Namespace,
    ]
    .into();
    let mut bare = own_job("b", Role::Node);
    bare.relabelling.clear();
    bare.metric_relabelling.clear();
    bare.interval = Some(Duration::from_days(1));
    let text = render(&spec(vec![job, bare]), &pod()).unwrap();
    assert_eq!(alloy_syntax::format(&text).as_ref(), Ok(&text));
    for line in [
        "\tscrape_timeout   = \"5s\"",
        "\tscrape_interval  = \"24h\"",
        "\tparams           = {\"b-c\" = [\"x\", \"y\"], module = [\"a\"]}",
        "\ttargets          = discovery.kubernetes.monconf_monitoring_b.targets",
        "\tforward_to       = [prometheus.relabel.monconf_monitoring_a.receiver]",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
}

fn with_text(text: &str) -> String {
    let mut spec = spec(vec![own_job(text, Role::Pod)]);
    text.clone_into(&mut spec.names.instance);
    let settings = Settings {
        credentials: Credentials::Files {
            dir: text.to_owned(),
            api_server: text.to_owned(),
        },
        ..pod()
    };
    render(&spec, &settings).unwrap()
}

/// What a configuration says, but for labels and the references to them.
fn without_labels(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(key, _)| key != "label" && key != "$expression")
            .map(|(key, value)| (key, without_labels(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(without_labels).collect(),
        other => other,
    }
}

/// The value with `text` where it has `harmless`.
fn replaced(value: Value, text: &str) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key, replaced(value, text)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(|item| replaced(item, text)).collect(),
        Value::String(found) => json!(found.replace("harmless", text)),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_hostile_value_arrives_as_the_value_that_it_is(text in hostile()) {
        let written = with_text(&text);
        let harmless = without_labels(alloy_syntax::values(&with_text("harmless")));
        prop_assert_eq!(without_labels(alloy_syntax::values(&written)), replaced(harmless, &text));
        prop_assert_eq!(alloy_syntax::format(&written), Ok(written.clone()));
        let jobs = alloy::jobs(&written).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        prop_assert_eq!(jobs.len(), 1);
        prop_assert_eq!(&jobs[0].0, &text);
        prop_assert_eq!(&jobs[0].1["params"]["module"][0], &json!(text));
    }
}
