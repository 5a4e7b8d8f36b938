//! With prometheus-operator, who finds the targets: each Prometheus or PrometheusAgent that is meant to select the monitors,
//! with a ServiceAccount of its own.

use serde_json::Value;

use super::desired::Surroundings;
use super::selection::Selector;
use crate::access::{self, Need};
use crate::job::{Job, Role};
use crate::object::Kind;
use crate::spec::Spec;

/// A Prometheus or PrometheusAgent that selects monitors of ours, and what it needs for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discoverer {
    /// `Prometheus namespace/name`.
    pub who: String,
    /// The namespace of that object and of its ServiceAccount.
    pub namespace: String,
    /// The name of the ServiceAccount.
    pub service_account: String,
    /// The rights of discovery.
    pub needs: Vec<Need>,
    /// Jobs whose targets it does not look for, because it looks into the monitor's own namespace only.
    pub confined: Vec<String>,
}

/// Every Prometheus and PrometheusAgent that is meant to select a monitor of `spec`, and does.
#[must_use]
pub fn discoverers(spec: &Spec, surroundings: &Surroundings) -> Vec<Discoverer> {
    let operators = surroundings.operators;
    let selected_by = Kind::MONITORS.map(|kind| {
        let selection = operators.selection(kind, spec, surroundings.namespace_labels);
        (kind, selection.selected_by)
    });
    let discoverer = |selector: &Selector<'_>| {
        let who = selector.to_string();
        let object = selector.object();
        let selects = |job: &&Job| {
            let mut kinds = selected_by.iter();
            kinds.any(|(kind, by)| *kind == job.monitor_kind() && by.contains(&who))
        };
        let jobs = spec.jobs.iter().filter(selects);
        let mut jobs: Vec<Job> = jobs
            .map(|job| as_discovered(job, object, surroundings))
            .collect();
        let confined = if object["spec"]["ignoreNamespaceSelectors"] == true {
            confine(&mut jobs, &spec.names.namespace)
        } else {
            Vec::new()
        };
        Discoverer {
            needs: access::discovering(&jobs),
            confined,
            namespace: selector.namespace().to_owned(),
            service_account: object["spec"]["serviceAccountName"]
                .as_str()
                .unwrap_or("default")
                .to_owned(),
            who,
        }
    };
    let selectors = operators.selectors(Kind::ServiceMonitor);
    let discoverers = selectors.iter().map(discoverer);
    discoverers
        .filter(|found| !found.needs.is_empty())
        .collect()
}

/// `ignoreNamespaceSelectors` has the operator look into the namespace of a ServiceMonitor or PodMonitor only. Gives the
/// jobs whose targets are elsewhere.
fn confine(jobs: &mut [Job], namespace: &str) -> Vec<String> {
    let mut confined = Vec::new();
    for job in jobs {
        if job.monitor_kind() == Kind::ScrapeConfig {
            continue;
        }
        if job.discovery.namespaces != [namespace] {
            confined.push(job.name.clone());
        }
        job.discovery.namespaces = vec![namespace.to_owned()];
    }
    confined
}

/// A ServiceMonitor of an older operator cannot say by which role it is discovered: its Prometheus does, and for
/// Endpoints unless told otherwise (API reference of prometheus-operator, `serviceDiscoveryRole`).
fn as_discovered(job: &Job, prometheus: &Value, surroundings: &Surroundings) -> Job {
    let mut job = job.clone();
    let schema = surroundings.schemas.get(&Kind::ServiceMonitor);
    let is_said = schema.is_none_or(|schema| schema.has("spec.serviceDiscoveryRole"));
    if job.monitor_kind() == Kind::ServiceMonitor && !is_said {
        job.discovery.role = match prometheus["spec"]["serviceDiscoveryRole"].as_str() {
            Some("EndpointSlice") => Role::EndpointSlice,
            _ => Role::Endpoints,
        };
    }
    job
}
