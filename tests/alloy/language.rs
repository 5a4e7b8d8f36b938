//! What is written is what Alloy's own parser and formatter read and write.

use monconf::alloy::{self, Value};
use monconf::job::{Discovery, Job, Relabelling, Role, Selector};
use monconf::spec::Duration;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use testbed::{alloy_syntax, grafana_agent};

use super::{every_kind, everything, pod, render, spec};

#[test]
fn every_job_is_written_as_alloy_s_formatter_writes_it() {
    for settings in every_kind("/etc/monconf", "https://k8s.example:6443") {
        let text = render(&everything(), &settings).unwrap();
        assert_eq!(alloy_syntax::format(&text).as_ref(), Ok(&text));
        assert_eq!(grafana_agent::fmt(&text).as_ref(), Ok(&text));
        let header = "// Written by monconf, instance monitoring: changes made here by hand are overwritten.\n\n";
        assert!(text.starts_with(header), "{text}");
        assert_eq!(monconf::render::file_instance(&text), Some("monitoring"));
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

/// A job that has everything, with one text in all of its places.
fn own_job(text: &str, role: Role) -> Job {
    let own = || text.to_owned();
    let step = Relabelling {
        action: "replace".to_owned(),
        source_labels: vec![own()],
        separator: Some(own()),
        regex: Some(own()),
        modulus: Some(2),
        target_label: Some(own()),
        replacement: Some(own()),
    };
    let selector = Selector {
        role,
        label: Some(own()),
        field: Some(own()),
    };
    Job {
        name: own(),
        summary: own(),
        job_name: own(),
        discovery: Discovery {
            namespaces: vec![own()],
            selectors: vec![selector],
            ..Discovery::all(role)
        },
        authority: monconf::job::Authority::ApiServer,
        tls: true,
        insecure_tls: false,
        metrics_path: own(),
        params: vec![("module".to_owned(), vec![own()])],
        interval: None,
        timeout: None,
        honor_labels: true,
        honor_timestamps: true,
        relabelling: vec![step.clone()],
        metric_relabelling: vec![step],
    }
}
