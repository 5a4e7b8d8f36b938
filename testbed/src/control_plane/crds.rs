//! The kinds of the Prometheus Operator and of the Grafana Agent Operator.

use std::fs;
use std::path::PathBuf;
use std::thread;

use super::{Crds, Options};
use crate::client::Client;
use crate::components::Component;
use crate::poll::{poll, until};

/// Plural, group and version.
type Kind = (&'static str, &'static str, &'static str);

const PROMETHEUS: &str = "monitoring.coreos.com";
const GRAFANA: &str = "monitoring.grafana.com";

const MINIMAL: [Kind; 5] = [
    ("prometheuses", PROMETHEUS, "v1"),
    ("scrapeconfigs", PROMETHEUS, "v1alpha1"),
    ("servicemonitors", PROMETHEUS, "v1"),
    ("podmonitors", PROMETHEUS, "v1"),
    ("prometheusrules", PROMETHEUS, "v1"),
];

const OTHERS: [Kind; 5] = [
    ("alertmanagers", PROMETHEUS, "v1"),
    ("alertmanagerconfigs", PROMETHEUS, "v1alpha1"),
    ("probes", PROMETHEUS, "v1"),
    ("prometheusagents", PROMETHEUS, "v1alpha1"),
    ("thanosrulers", PROMETHEUS, "v1"),
];

/// All that the Grafana Agent Operator watches: it does not start where one is missing.
const AGENT: [Kind; 8] = [
    ("grafanaagents", GRAFANA, "v1alpha1"),
    ("integrations", GRAFANA, "v1alpha1"),
    ("logsinstances", GRAFANA, "v1alpha1"),
    ("metricsinstances", GRAFANA, "v1alpha1"),
    ("podlogs", GRAFANA, "v1alpha1"),
    ("podmonitors", PROMETHEUS, "v1"),
    ("probes", PROMETHEUS, "v1"),
    ("servicemonitors", PROMETHEUS, "v1"),
];

/// Installs those of the options and waits until the server serves them.
pub(super) fn install(admin: &Client, options: &Options) {
    thread::scope(|scope| {
        for ((plural, group, version), folder) in wanted(options) {
            let file = folder.join(format!("{group}_{plural}.yaml"));
            scope.spawn(move || {
                let yaml = fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
                let path = format!(
                    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}"
                );
                apply(admin, &path, &yaml);
                let api = format!("/apis/{group}/{version}");
                let list = format!("{api}/{plural}");
                until(&format!("{list} is served"), || {
                    admin.get(&list).is_ok() && is_discovered(admin, &api, plural)
                });
            });
        }
    });
}

/// Server-side, for the largest would not fit into kubectl's annotation; again where a busy server ran out of time.
fn apply(admin: &Client, path: &str, yaml: &[u8]) {
    let applied = poll(|| match admin.apply_yaml(path, yaml, "testbed") {
        Err(failure) if failure.code == 504 => None,
        result => Some(result),
    });
    match applied {
        Some(Ok(_)) => {}
        Some(Err(failure)) => panic!("{failure}"),
        None => panic!("the server has no time for {path}"),
    }
}

/// Each kind once, with the folder of its file.
fn wanted(options: &Options) -> Vec<(Kind, PathBuf)> {
    let kinds = match options.crds {
        Crds::None => Vec::new(),
        Crds::Minimal => MINIMAL.to_vec(),
        Crds::All => [MINIMAL, OTHERS].concat(),
    };
    let mut wanted = Vec::new();
    if !kinds.is_empty() {
        let folder = options.crds_version.crds();
        wanted.extend(kinds.iter().map(|&kind| (kind, folder.clone())));
    }
    if options.agent_crds {
        let folder = Component::agent_crds();
        let more = AGENT.into_iter().filter(|kind| !kinds.contains(kind));
        wanted.extend(more.map(|kind| (kind, folder.clone())));
    }
    wanted
}

/// Discovery follows a moment after the kind itself.
fn is_discovered(admin: &Client, api: &str, plural: &str) -> bool {
    admin.get(api).is_ok_and(|document| {
        let resources = document["resources"].as_array();
        resources
            .is_some_and(|resources| resources.iter().any(|resource| resource["name"] == plural))
    })
}
