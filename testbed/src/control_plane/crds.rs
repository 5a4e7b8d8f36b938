//! The Prometheus Operator's kinds.

use std::fs;
use std::thread;

use super::{Crds, READY};
use crate::client::Client;
use crate::components::OperatorVersion;
use crate::poll::until;

const MINIMAL: [(&str, &str); 5] = [
    ("prometheuses", "v1"),
    ("scrapeconfigs", "v1alpha1"),
    ("servicemonitors", "v1"),
    ("podmonitors", "v1"),
    ("prometheusrules", "v1"),
];

const OTHERS: [(&str, &str); 5] = [
    ("alertmanagers", "v1"),
    ("alertmanagerconfigs", "v1alpha1"),
    ("probes", "v1"),
    ("prometheusagents", "v1alpha1"),
    ("thanosrulers", "v1"),
];

/// Installs a set of them and waits until the server serves them.
pub(super) fn install(admin: &Client, crds: Crds, operator: OperatorVersion) {
    let kinds = match crds {
        Crds::None => return,
        Crds::Minimal => MINIMAL.to_vec(),
        Crds::All => [MINIMAL, OTHERS].concat(),
    };
    let folder = operator.crds();
    thread::scope(|scope| {
        for (plural, version) in kinds {
            let file = folder.join(format!("monitoring.coreos.com_{plural}.yaml"));
            scope.spawn(move || {
                let yaml = fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
                let path = format!(
                    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.monitoring.coreos.com"
                );
                // Server-side: the largest would not fit into kubectl's annotation.
                if let Err(failure) = admin.apply_yaml(&path, &yaml, "testbed") {
                    panic!("{failure}");
                }
                let list = format!("/apis/monitoring.coreos.com/{version}/{plural}");
                until(&format!("{list} is served"), READY, || {
                    admin.get(&list).is_ok() && is_discovered(admin, plural, version)
                });
            });
        }
    });
}

/// Discovery follows a moment after the kind itself.
fn is_discovered(admin: &Client, plural: &str, version: &str) -> bool {
    let document = admin.get(&format!("/apis/monitoring.coreos.com/{version}"));
    document.is_ok_and(|document| {
        let resources = document["resources"].as_array();
        resources
            .is_some_and(|resources| resources.iter().any(|resource| resource["name"] == plural))
    })
}
