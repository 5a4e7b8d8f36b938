//! Why an operator does not pick a monitor up: the sentence and the lines to paste.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;

use super::Cause;
use crate::object::{COMPONENT, INSTANCE, Kind, MANAGED_BY, ObjectRef};
use crate::quoted::shell_word;
use crate::render::{Fault, Mismatch};

impl Cause {
    /// Whether the object is selected once it has the labels that are made for it from the selectors.
    pub(super) fn is_selected_after_apply(&self) -> bool {
        let mut by = match self {
            Self::NotSelected { by, .. } => by.iter(),
            _ => [].iter(),
        };
        by.any(|mismatch| match &mismatch.fault {
            Fault::Labels(Some(wanted)) => !names_owner(wanted),
            _ => false,
        })
    }
}

/// Whether these labels say whose an object is: changed by hand, it would no longer be its owner's.
fn names_owner(labels: &BTreeMap<String, String>) -> bool {
    [MANAGED_BY, INSTANCE, COMPONENT]
        .iter()
        .any(|key| labels.contains_key(*key))
}

pub(super) fn not_selected(object: &ObjectRef, by: &[Mismatch]) -> String {
    let why: Vec<String> = by.iter().map(|by| why(object, by)).collect();
    format!("Nobody selects {object}: {}.", why.join("; "))
}

fn why(object: &ObjectRef, mismatch: &Mismatch) -> String {
    let Mismatch {
        who,
        namespace,
        name,
        selector,
        fault,
    } = mismatch;
    let ours = object.namespace.as_deref().unwrap_or_default();
    let fault = match fault {
        Fault::Absent => format!("has no {selector}, which selects nothing"),
        Fault::OwnNamespaceOnly => {
            format!("has no {selector}, so it does not look into namespace {ours}")
        }
        Fault::NamespaceLabels(Some(wanted)) => format!(
            "looks into namespaces with {} only ({selector})",
            pairs(wanted).join(", ")
        ),
        Fault::NamespaceLabels(None) => {
            format!("does not look into namespace {ours} ({selector})")
        }
        Fault::Labels(Some(wanted)) => {
            format!("asks for {} ({selector})", pairs(wanted).join(", "))
        }
        Fault::Labels(None) => format!("excludes its labels ({selector})"),
    };
    format!("{who} {namespace}/{name} {fault}")
}

/// `label team=a`.
fn pairs(labels: &BTreeMap<String, String>) -> Vec<String> {
    let labels = labels.iter();
    labels
        .map(|(key, value)| format!("label {key}={value}"))
        .collect()
}

/// Makes one of those who might select it do so.
pub(super) fn selected(object: &ObjectRef, by: &[Mismatch]) -> String {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    // Of several the one beside it is the one that was meant.
    let least = |by: &&Mismatch| (by.namespace != namespace, effort(&by.fault));
    let Some(mismatch) = by.iter().min_by_key(least) else {
        return String::new();
    };
    let labels = |wanted: &BTreeMap<String, String>| {
        wanted
            .iter()
            .fold(String::new(), |mut words, (key, value)| {
                let _ = write!(words, " {}", shell_word(&format!("{key}={value}")));
                words
            })
    };
    match &mismatch.fault {
        Fault::Labels(Some(wanted)) if !names_owner(wanted) => format!(
            "kubectl label {} {} -n {} --overwrite{}\n",
            resource(object.kind),
            shell_word(&object.name),
            shell_word(namespace),
            labels(wanted)
        ),
        Fault::NamespaceLabels(Some(wanted)) => format!(
            "kubectl label namespace {} --overwrite{}\n",
            shell_word(namespace),
            labels(wanted)
        ),
        // Its own namespace is one that it goes on to look into.
        Fault::OwnNamespaceOnly => patch(
            mismatch,
            &json!({"matchExpressions": [{
                "key": "kubernetes.io/metadata.name", "operator": "In", "values": [mismatch.namespace, namespace],
            }]}),
        ),
        // Monitors of others are selected no more than before.
        Fault::Absent => format!(
            "# where it has no selector at all, its configuration is somebody's own, and the operator would write it anew\n{}",
            patch(mismatch, &json!({"matchLabels": {MANAGED_BY: "monconf"}}))
        ),
        Fault::Labels(_) | Fault::NamespaceLabels(None) => format!(
            "# its selector excludes what is there; change one of the two:\nkubectl edit {} {} -n {}\n",
            selecting(mismatch.who),
            shell_word(&mismatch.name),
            shell_word(&mismatch.namespace)
        ),
    }
}

/// Labels are the least that can be changed, somebody else's object is more.
const fn effort(fault: &Fault) -> u8 {
    match fault {
        Fault::Labels(Some(_)) => 0,
        Fault::NamespaceLabels(Some(_)) => 1,
        Fault::OwnNamespaceOnly => 2,
        Fault::Absent => 3,
        Fault::Labels(None) | Fault::NamespaceLabels(None) => 4,
    }
}

/// Gives the selecting object this selector.
fn patch(mismatch: &Mismatch, selector: &serde_json::Value) -> String {
    let keys = mismatch.selector.rsplit('.');
    let patch = keys.fold(selector.clone(), |inner, key| json!({key: inner}));
    format!(
        "kubectl patch {} {} -n {} --type=merge -p {}\n",
        selecting(mismatch.who),
        shell_word(&mismatch.name),
        shell_word(&mismatch.namespace),
        shell_word(&patch.to_string())
    )
}

pub(super) fn no_service(monitor: &ObjectRef, selector: &str, namespaces: &[String]) -> String {
    let place = match namespaces {
        [] => "any namespace".to_owned(),
        [one] => format!("namespace {one}"),
        several => format!("the namespaces {}", several.join(", ")),
    };
    let labels = if selector.is_empty() {
        String::new()
    } else {
        format!(" with the labels {selector}")
    };
    format!(
        "{monitor} finds nothing: there is no {}{labels} in {place}.",
        selects(monitor.kind)
    )
}

pub(super) fn no_port(monitor: &ObjectRef, ports: &[String], has: &[String]) -> String {
    let has = match has {
        [] => "have no port with a name".to_owned(),
        has => format!("have {}", has.join(", ")),
    };
    format!(
        "{monitor} asks for the port {}, and the {}s that it selects {has}.",
        ports.join(" or "),
        selects(monitor.kind)
    )
}

/// Shows what might be selected, with its labels.
pub(super) fn candidates(monitor: &ObjectRef, namespaces: &[String]) -> String {
    let what = selects(monitor.kind).to_lowercase();
    let place = match namespaces {
        [one] => format!("-n {}", shell_word(one)),
        _ => "--all-namespaces".to_owned(),
    };
    format!(
        "# is it deployed? which labels has it? the monitor and the {} have to agree:\nkubectl get {what}s {place} --show-labels\n",
        selects(monitor.kind)
    )
}

/// Shows where the names of ports come from.
pub(super) fn ports(monitor: &ObjectRef) -> String {
    format!(
        "# the name of the port, in the {} or in the job:\nkubectl get {} {} -n {} -o yaml\n",
        selects(monitor.kind),
        resource(monitor.kind),
        shell_word(&monitor.name),
        shell_word(monitor.namespace.as_deref().unwrap_or_default())
    )
}

/// Where the operator says more.
pub(super) fn rejected(object: &ObjectRef) -> String {
    format!(
        "# writes it and what it refers to again:\nmonconf prometheus --apply\n# whether the operator still says so:\nkubectl events -n {} --for {}/{}\n",
        shell_word(object.namespace.as_deref().unwrap_or_default()),
        resource(object.kind),
        shell_word(&object.name)
    )
}

/// What a monitor selects.
const fn selects(monitor: Kind) -> &'static str {
    match monitor {
        Kind::PodMonitor => "Pod",
        _ => "Service",
    }
}

/// As kubectl takes it, with the group: another group may have a kind of the same name.
fn resource(kind: Kind) -> String {
    format!("{}.{}", kind.plural(), kind.group())
}

/// The same for a kind of an operator that selects monitors.
fn selecting(who: &str) -> String {
    match who {
        "GrafanaAgent" => resource(Kind::GrafanaAgent),
        "PrometheusAgent" => "prometheusagents.monitoring.coreos.com".to_owned(),
        "Prometheus" => "prometheuses.monitoring.coreos.com".to_owned(),
        other => other.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_selector_keeps_the_namespace_that_it_had() {
        let monitor = ObjectRef::namespaced(Kind::ServiceMonitor, "shop", "k8s");
        let mismatch = Mismatch {
            who: "Prometheus",
            namespace: "prom".to_owned(),
            name: "main".to_owned(),
            selector: "spec.serviceMonitorNamespaceSelector".to_owned(),
            fault: Fault::OwnNamespaceOnly,
        };
        assert_eq!(
            selected(&monitor, &[mismatch]),
            "kubectl patch prometheuses.monitoring.coreos.com main -n prom --type=merge -p '{\"spec\":{\"serviceMonitorNamespaceSelector\":{\"matchExpressions\":[{\"key\":\"kubernetes.io/metadata.name\",\"operator\":\"In\",\"values\":[\"prom\",\"shop\"]}]}}}'\n"
        );
    }
}
