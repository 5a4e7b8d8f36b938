//! A move to another destination: what the one before holds, as far as the cluster shows it, and what still needs it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::existing::{Former, named_by_secret};
use crate::client::{Call, Cluster};
use crate::cluster::Snapshot;
use crate::object::{EXPIRES_AT, Kind, ObjectRef, REVOKE_AFTER, metadata};
use crate::plan::is_ours;
use crate::reads;
use crate::render::Desired;
use crate::spec::{Consumer, Form, Spec, TokenPlace};
use crate::token::{Decision, Verdict};

/// The label that Grafana Agent's operator puts on Pods, with the name of the GrafanaAgent.
const AGENT_OF_POD: &str = "grafana-agent";

/// What the destination before holds.
#[derive(Default)]
pub(super) struct LeftBehind {
    /// Objects of the instance that a plan does not read otherwise.
    pub(super) objects: BTreeMap<ObjectRef, Value>,
    /// Secrets and ConfigMaps that cannot be deleted yet, and why.
    pub(super) needed: BTreeMap<ObjectRef, String>,
}

/// The slot of the token in the token Secret, where the consumer no longer reads that Secret.
pub(super) fn former_slot(
    spec: &Spec,
    form: &Form,
    snapshot: &Snapshot,
    slots: &[String; 2],
) -> Option<usize> {
    let secret = snapshot.secret(spec, &spec.names.token_secret())?;
    let bound = named_by_secret(spec, form, snapshot).filter(|_| is_ours(secret, &spec.names))?;
    slots.iter().position(|slot| *slot == bound)
}

/// Keeps the former token apart from the new one: the new token is bound to another Secret, so that deleting the former
/// one's revokes that alone; and the former token is not revoked while its Secret may be in use.
pub(super) fn apart(mut decision: Decision, former: Option<usize>) -> Decision {
    let Some(former) = former else {
        return decision;
    };
    let is_new = matches!(decision.verdict, Verdict::Issue(_));
    if is_new && decision.used.is_none() && decision.slot == former {
        decision.slot = 1 - former;
        // That was said of the other slot.
        decision.occupied = None;
    }
    if decision.orphan == Some(former) {
        decision.orphan = None;
    }
    decision
}

/// Secrets and ConfigMaps of the instance that exist and are no longer wanted.
fn unwanted(spec: &Spec, desired: &Desired, snapshot: &Snapshot) -> Vec<ObjectRef> {
    let names = &spec.names;
    let secret = |name: &str| ObjectRef::namespaced(Kind::Secret, &names.namespace, name);
    let mut candidates = vec![secret(&names.token_secret())];
    if names.consumer == Consumer::GrafanaAgent {
        candidates.push(secret(&names.agent_jobs()));
    }
    candidates.extend(snapshot.existing(Kind::ConfigMap));
    candidates.retain(|candidate| {
        let live = snapshot.objects.get(candidate);
        live.is_some_and(|live| is_ours(live, names)) && !is_desired(desired, candidate)
    });
    candidates
}

/// Whether an object is written, or a key of it.
fn is_desired(desired: &Desired, object: &ObjectRef) -> bool {
    let mut keys = desired.edits.iter().filter_map(|edit| edit.place.key());
    let mut written = desired.objects.iter();
    written.any(|written| written.reference == *object) || keys.any(|key| key.at.object == *object)
}

/// Reads, where there is such a Secret or ConfigMap, what may still need it.
///
/// Access that another owner manages is as exact as the settings that it was made for: there nothing more is read.
pub(super) async fn left_behind(
    spec: &Spec,
    form: &Form,
    cluster: &Cluster,
    desired: &Desired,
    snapshot: &Snapshot,
) -> LeftBehind {
    let mut unwanted = unwanted(spec, desired, snapshot);
    if unwanted.is_empty() || spec.existing_access {
        return LeftBehind::default();
    }
    let names = &spec.names;
    let namespace = names.namespace.as_str();
    let kinds = names.consumer.kinds();
    let readers = reads::readers_of_secrets(names.consumer);
    let jobs = reads::secret_of_jobs(names);
    let jobs = jobs.filter(|jobs| !unwanted.contains(jobs) && !is_desired(desired, jobs));
    let (lists, readers, jobs, pods) = tokio::join!(
        join_all(kinds.iter().map(|&kind| cluster.every(kind, namespace))),
        join_all(readers.iter().map(|&kind| cluster.readers(kind, namespace))),
        async {
            let jobs = jobs?;
            let answer = cluster.send(Call::get(&jobs)).await;
            Some((jobs, answer))
        },
        cluster.pods(namespace)
    );
    let mut found = LeftBehind::default();
    let mut unknown = Vec::new();
    let mut others = Vec::new();
    for list in lists {
        match list {
            Ok(objects) => {
                for (reference, object) in objects {
                    if is_ours(&object, names) {
                        found.objects.insert(reference, object);
                    } else {
                        others.push((reference.to_string(), object));
                    }
                }
            }
            Err(failure) => unknown.push(failure.to_string()),
        }
    }
    for list in readers {
        match list {
            Ok(objects) => others.extend(objects),
            Err(failure) => unknown.push(failure.to_string()),
        }
    }
    match jobs {
        Some((jobs, Ok(answer))) if is_ours(&answer.body, names) => {
            unwanted.push(jobs.clone());
            found.objects.insert(jobs, answer.body);
        }
        Some((_, Err(failure))) if !failure.is_not_found() => unknown.push(failure.to_string()),
        _ => {}
    }
    let pods = pods.unwrap_or_else(|failure| {
        unknown.push(failure.to_string());
        Vec::new()
    });
    let keeps_agent = matches!(form, Form::Agent { .. }) && spec.agent.attach.is_none();
    for reference in unwanted {
        let mut users: BTreeSet<String> = pods
            .iter()
            .filter(|pod| is_running(pod) && mounts(pod, &reference))
            .filter(|pod| keeps_agent || !is_of_agent(pod, &names.agent()))
            .map(|pod| format!("Pod {} mounts it", place(pod)))
            .collect();
        users.extend(
            others
                .iter()
                .filter(|(_, object)| names_secret(&object["spec"], &reference))
                .map(|(other, _)| format!("{other} names it")),
        );
        let why: Vec<String> = users.into_iter().chain(unknown.iter().cloned()).collect();
        if !why.is_empty() {
            found.needed.insert(reference, why.join("; "));
        }
    }
    found
}

/// What is known of a destination that the cluster does not show: a live token of the instance that is not where this
/// destination has it.
pub(super) fn elsewhere(
    spec: &Spec,
    form: &Form,
    snapshot: &Snapshot,
    decision: &Decision,
    former: &Former<'_>,
) -> Vec<String> {
    let is_new = matches!(decision.verdict, Verdict::Issue(_)) && decision.used.is_none();
    let names = &spec.names;
    let place = match form.token_place() {
        TokenPlace::Pod => return Vec::new(),
        TokenPlace::Secret => format!("Secret {}/{}", names.namespace, names.token_secret()),
        TokenPlace::File(path) => format!("file {}", path.display()),
    };
    let is_live = |handle: &Value| {
        let expiry = metadata(handle, "annotations", EXPIRES_AT);
        let expiry = expiry.and_then(|expiry| expiry.parse::<Timestamp>().ok());
        let is_replaced = metadata(handle, "annotations", REVOKE_AFTER).is_some();
        !is_replaced && is_ours(handle, names) && expiry.is_some_and(|expiry| expiry > snapshot.now)
    };
    let slots = former.slots.iter().enumerate();
    slots
        .filter(|(slot, _)| is_new && former.slot != Some(*slot))
        .filter(|(_, name)| snapshot.secret(spec, name).is_some_and(is_live))
        .map(|(_, name)| {
            format!(
                "Secret {}/{name} is bound to a live token that is not in {place}. If files or keys that this instance wrote to before still hold its jobs, delete the jobs there: a later rotation revokes that token",
                names.namespace
            )
        })
        .collect()
}

fn place(pod: &Value) -> String {
    let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

/// Whether it has not come to its end.
fn is_running(pod: &Value) -> bool {
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    !["Succeeded", "Failed"].contains(&phase) && pod["metadata"]["deletionTimestamp"].is_null()
}

/// Whether the Pod belongs to an agent that goes too.
fn is_of_agent(pod: &Value, agent: &str) -> bool {
    pod["metadata"]["labels"][AGENT_OF_POD] == agent
}

/// Whether a Pod mounts a Secret or ConfigMap, or takes its environment from it.
fn mounts(pod: &Value, object: &ObjectRef) -> bool {
    let (volume, name_in_volume, source) = match object.kind {
        Kind::ConfigMap => ("configMap", "name", "configMapRef"),
        _ => ("secret", "secretName", "secretRef"),
    };
    let name = object.name.as_str();
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    let mut mounted = volumes.flat_map(|found| {
        let sources = found["projected"]["sources"].as_array();
        let projected = sources.into_iter().flatten();
        std::iter::once(&found[volume][name_in_volume])
            .chain(projected.map(move |source| &source[volume]["name"]))
    });
    let containers = ["containers", "initContainers"];
    let mut containers = containers
        .iter()
        .flat_map(|key| pod["spec"][key].as_array().into_iter().flatten());
    let from_environment = |container: &Value| {
        let all = container["envFrom"].as_array().into_iter().flatten();
        let single = container["env"].as_array().into_iter().flatten();
        let key = format!("{volume}KeyRef");
        all.map(|from| &from[source]["name"])
            .chain(single.map(|from| &from["valueFrom"][&key]["name"]))
            .any(|found| found == name)
    };
    mounted.any(|found| found == name) || containers.any(from_environment)
}

/// Whether an object of an operator names a Secret: by a key of it, or to be mounted.
fn names_secret(value: &Value, object: &ObjectRef) -> bool {
    match value {
        Value::Object(map) => {
            let is_key = value["key"].is_string() && value["name"] == object.name.as_str();
            let mounted = map.get("secrets").and_then(Value::as_array);
            let mut mounted = mounted.into_iter().flatten();
            is_key
                || mounted.any(|secret| secret == object.name.as_str())
                || map.values().any(|value| names_secret(value, object))
        }
        Value::Array(items) => items.iter().any(|value| names_secret(value, object)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_that_needs_a_secret_is_seen_however_it_takes_it() {
        let secret = ObjectRef::namespaced(Kind::Secret, "n", "tok");
        let pod = |spec: &Value| json!({"spec": spec});
        for (spec, expected) in [
            (
                json!({"volumes": [{"secret": {"secretName": "tok"}}]}),
                true,
            ),
            (
                json!({"volumes": [{"projected": {"sources": [{"secret": {"name": "tok"}}]}}]}),
                true,
            ),
            (
                json!({"containers": [{"envFrom": [{"secretRef": {"name": "tok"}}]}]}),
                true,
            ),
            (
                json!({"initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "tok"}}}]}]}),
                true,
            ),
            (json!({"volumes": [{"configMap": {"name": "tok"}}]}), false),
            (
                json!({"volumes": [{"secret": {"secretName": "tok-a"}}]}),
                false,
            ),
            (json!({}), false),
        ] {
            assert_eq!(mounts(&pod(&spec), &secret), expected, "{spec}");
        }
        let map = ObjectRef::namespaced(Kind::ConfigMap, "n", "tok");
        let spec = json!({"volumes": [{"configMap": {"name": "tok"}}]});
        assert!(mounts(&pod(&spec), &map));
    }

    #[test]
    fn an_object_of_an_operator_names_a_secret_by_key_or_to_be_mounted() {
        let secret = ObjectRef::namespaced(Kind::Secret, "n", "tok");
        for (spec, expected) in [
            (
                json!({"endpoints": [{"authorization": {"credentials": {"name": "tok", "key": "token"}}}]}),
                true,
            ),
            (json!({"secrets": ["other", "tok"]}), true),
            (json!({"secrets": ["other"]}), false),
            (json!({"name": "tok"}), false),
        ] {
            assert_eq!(names_secret(&spec, &secret), expected, "{spec}");
        }
    }

    #[test]
    fn a_new_token_is_bound_apart_from_the_former_one() {
        let decision = |slot, used, orphan| Decision {
            verdict: Verdict::Issue("new token".to_owned()),
            slot,
            used,
            orphan,
            occupied: None,
            elsewhere: None,
        };
        assert_eq!(apart(decision(0, None, None), Some(0)).slot, 1);
        assert_eq!(apart(decision(0, None, None), Some(1)).slot, 0);
        assert_eq!(apart(decision(1, Some(0), None), Some(1)).slot, 1);
        assert_eq!(apart(decision(0, None, Some(1)), Some(1)).orphan, None);
        assert_eq!(apart(decision(0, None, Some(1)), None).orphan, Some(1));
    }
}
