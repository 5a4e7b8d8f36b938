//! The Prometheus Operator's kinds.

use std::fs;
use std::thread;

use super::READY;
use crate::client::Client;
use crate::components::Component;
use crate::poll::until;

const KINDS: [(&str, &str); 5] = [
    ("prometheuses", "v1"),
    ("scrapeconfigs", "v1alpha1"),
    ("servicemonitors", "v1"),
    ("podmonitors", "v1"),
    ("prometheusrules", "v1"),
];

/// Installs them and waits until the server serves them.
pub(super) fn install(admin: &Client) {
    let folder = Component::crds();
    thread::scope(|scope| {
        for (plural, version) in KINDS {
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
