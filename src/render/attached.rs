//! Other `GrafanaAgent` objects: the one that is to run our jobs, and those that would run them as well.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::readers::Readers;
use super::selection::Selector;
use crate::spec::Spec;

/// What the owners of `GrafanaAgent` objects have to know. `mounted` are the Secrets that the jobs need in the agent's
/// Pods.
#[must_use]
pub fn attached(
    spec: &Spec,
    mounted: &[String],
    agents: &[Value],
    namespace_labels: &BTreeMap<String, String>,
) -> Readers {
    let mut readers = Readers::default();
    let namespace = &spec.names.namespace;
    let own = spec.names.agent();
    for agent in agents {
        let text = |field: &str| agent["metadata"][field].as_str().unwrap_or_default();
        let is_here = text("namespace") == namespace;
        let name = text("name");
        if is_here && spec.agent.attach.as_deref() == Some(name) {
            readers
                .remaining
                .extend(unmounted(namespace, name, &agent["spec"], mounted));
        } else if !(is_here && name == own) && also_runs(spec, agent, namespace_labels) {
            readers.warnings.push(format!(
                "GrafanaAgent {}/{name} selects the MetricsInstance as well: it too scrapes every target",
                text("namespace")
            ));
        }
    }
    readers
}

/// Whether it selects what carries our labels and no others.
fn also_runs(spec: &Spec, agent: &Value, namespace_labels: &BTreeMap<String, String>) -> bool {
    let ours = spec.names.labels();
    Selector::of_agent(agent).selects(&spec.names.namespace, namespace_labels, &ours)
}

fn unmounted(namespace: &str, name: &str, spec: &Value, mounted: &[String]) -> Option<String> {
    let mut secrets = spec["secrets"].as_array().cloned().unwrap_or_default();
    let before = secrets.len();
    for secret in mounted {
        if !secrets.iter().any(|known| known == secret.as_str()) {
            secrets.push(secret.as_str().into());
        }
    }
    if secrets.len() == before {
        return None;
    }
    // Names of Secrets that others wrote: none of them ends the quotes.
    let patch = json!({"spec": {"secrets": secrets}});
    let patch = patch.to_string().replace('\'', r"'\''");
    Some(format!(
        "GrafanaAgent {namespace}/{name} does not yet mount the token; whoever owns it can have it: kubectl -n {namespace} patch grafanaagent {name} --type merge -p '{patch}'"
    ))
}
