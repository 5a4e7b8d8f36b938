//! A text in a key of a Secret or ConfigMap.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::change::Planner;
use super::owner::{Owner, owner};
use super::unwritable::LARGEST;
use super::{Action, Blocker, Change, Target, Unwritable, Why};
use crate::object::{
    FIELD_MANAGER, Kind, MANAGED_BY, ObjectRef, decoded, is_monconf, managers, metadata, uid,
};
use crate::render::Content;
use crate::spec::KeyPlace;

impl Planner<'_> {
    /// The text of a key; `None` where it is to be made. A ConfigMap is its chart's, so it must be there.
    pub(super) fn text_of(&self, place: &KeyPlace) -> Result<Option<Arc<str>>, Blocker> {
        let refused = |why| unwritable(place, why);
        let is_secret = place.at.object.kind == Kind::Secret;
        let Some(live) = self.existing.objects.get(&place.at.object) else {
            return if is_secret {
                Ok(None)
            } else {
                Err(refused(Why::NoObject))
            };
        };
        if !live["binaryData"][&place.at.key].is_null() {
            return Err(refused(Why::NotText));
        }
        let Some(value) = live["data"][&place.at.key].as_str() else {
            let keys = live["data"].as_object();
            let keys = keys.into_iter().flat_map(Map::keys).cloned().collect();
            return if is_secret {
                Ok(None)
            } else {
                Err(refused(Why::NoKey { keys }))
            };
        };
        if !is_secret {
            return Ok(Some(value.into()));
        }
        let text = decoded(value).ok_or_else(|| refused(Why::NotText))?;
        Ok(Some(text.into()))
    }

    /// How the text is written, and what stands in its way.
    pub(super) fn write(&mut self, place: &KeyPlace, change: &mut Change) {
        let Some(Content::Text(after)) = &change.after else {
            return;
        };
        let object = &place.at.object;
        let (key, after) = (&place.at.key, after.as_str());
        let value = match object.kind {
            Kind::Secret => STANDARD.encode(after),
            _ => after.to_owned(),
        };
        let Some(live) = self.existing.objects.get(object) else {
            change.apply = Some(self.new_secret(object, &json!({key: value})));
            self.limit(place, after.len());
            return;
        };
        let version = &live["metadata"]["resourceVersion"];
        change.resource_version = version.as_str().map(str::to_owned);
        change.apply = Some(json!({
            "metadata": {"resourceVersion": version},
            "data": {key: value},
        }));
        if live["immutable"] == true {
            self.plan.blockers.push(unwritable(place, Why::Immutable));
        }
        self.limit(place, others(live, key) + after.len());
        if !self.consent.removing {
            self.plan.warnings.extend(rewritten(object, live));
        }
    }

    /// A key of a Secret that holds nothing once our jobs are out of it goes if monconf made it, and with its last key
    /// the Secret. An operator takes a key that is named and not there for an error: then it stays, and is empty.
    pub(super) fn empty(&self, place: &KeyPlace, change: &mut Change) {
        let object = &place.at.object;
        let (Some(Content::Text(after)), Some(live)) =
            (&change.after, self.existing.objects.get(object))
        else {
            return;
        };
        let is_ours = || fields_of_others(live, &place.at.key).is_empty();
        if object.kind != Kind::Secret || !after.as_str().is_empty() || !is_ours() {
            return;
        }
        if !self.existing.names_key.is_empty() {
            let who = self.existing.names_key.join(", ");
            change.note = format!("{}; the key stays, because {who} names it", change.note);
            return;
        }
        change.action = Action::Delete;
        change.after = None;
        let keys = live["data"].as_object().map_or(0, Map::len);
        let is_made = matches!(owner(live, self.consent.names), Owner::Us);
        if keys == 1 && is_made && is_monconfs_alone(live) {
            change.target = Target::Object(object.clone());
            change.uid = uid(live).map(str::to_owned);
            change.apply = None;
        } else {
            change.apply = Some(json!({
                "metadata": {"resourceVersion": change.resource_version},
                "data": {&place.at.key: null},
            }));
        }
    }

    fn new_secret(&mut self, object: &ObjectRef, data: &Value) -> Value {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        if self.existing.missing_namespaces.contains(namespace) {
            self.plan.blockers.push(Blocker::NoNamespace {
                namespace: namespace.to_owned(),
                object: object.clone(),
            });
        }
        let live = ObjectRef::cluster(Kind::Namespace, namespace);
        if namespace != self.consent.names.namespace
            && let Some(live) = self.existing.objects.get(&live)
        {
            self.terminating(namespace, live);
        }
        json!({
            "apiVersion": object.kind.api_version(),
            "kind": object.kind.name(),
            "metadata": {
                "name": object.name,
                "namespace": namespace,
                "labels": self.consent.names.labels(),
            },
            "type": "Opaque",
            "data": data,
        })
    }

    fn limit(&mut self, place: &KeyPlace, bytes: usize) {
        if bytes > LARGEST {
            self.plan
                .blockers
                .push(unwritable(place, Why::TooLarge { bytes }));
        }
    }
}

fn unwritable(place: &KeyPlace, why: Why) -> Blocker {
    Blocker::Unwritable(Box::new(Unwritable {
        key: place.at.clone(),
        why,
    }))
}

/// The bytes of the values of all other keys.
fn others(live: &Value, key: &str) -> usize {
    let is_secret = live["kind"] == "Secret";
    let size = |text: &str| STANDARD.decode(text).map_or(0, |bytes| bytes.len());
    let sizes = [("data", is_secret), ("binaryData", true)].map(|(field, is_encoded)| {
        let values = live[field].as_object().into_iter().flatten();
        values
            .filter(|(other, _)| *other != key)
            .filter_map(|(_, value)| value.as_str())
            .map(|text| if is_encoded { size(text) } else { text.len() })
            .sum::<usize>()
    });
    sizes.iter().sum()
}

/// Whether nobody else than monconf, by whichever instance, has written the object.
fn is_monconfs_alone(live: &Value) -> bool {
    let managers = managers(live);
    !managers.is_empty() && managers.into_iter().all(is_monconf)
}

/// Who else than monconf set a key of the object's data.
fn fields_of_others<'a>(live: &'a Value, key: &str) -> Vec<&'a str> {
    let entries = live["metadata"]["managedFields"].as_array();
    let entries = entries.into_iter().flatten();
    let key = format!("f:{key}");
    entries
        .filter(|entry| entry["fieldsV1"]["f:data"].get(&key).is_some())
        .filter_map(|entry| entry["manager"].as_str())
        .filter(|manager| !is_monconf(manager))
        .collect()
}

/// Tools that write again what they have written before, as they call themselves as field managers.
const REWRITERS: [&str; 6] = [
    "helm",
    "argocd-controller",
    "kustomize-controller",
    "helm-controller",
    "fleetagent",
    "kapp",
];

/// A sentence for an object that somebody else will write again. A ConfigMap is always its chart's.
fn rewritten(object: &ObjectRef, live: &Value) -> Option<String> {
    let mut writers = managers(live);
    writers.retain(|manager| !is_monconf(manager));
    if object.kind == Kind::Secret {
        writers.retain(|manager| REWRITERS.contains(&manager.to_lowercase().as_str()));
    }
    let label = metadata(live, "labels", MANAGED_BY).filter(|tool| *tool != FIELD_MANAGER);
    let label = label.map(|tool| format!("{MANAGED_BY}={tool}"));
    let mut evidence = Vec::new();
    if !writers.is_empty() {
        evidence.push(format!("field managers {}", writers.join(", ")));
    }
    evidence.extend(label.map(|label| format!("label {label}")));
    if evidence.is_empty() && object.kind == Kind::Secret {
        return None;
    }
    let evidence = if evidence.is_empty() {
        String::new()
    } else {
        format!(" ({})", evidence.join("; "))
    };
    Some(format!(
        "{object} is not monconf's{evidence}: whoever writes it again, as Helm with the next upgrade and GitOps soon, takes these jobs out; put them into what it is made from (`-o config` prints the text), or run this again then"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_decoded_values_of_all_other_keys() {
        let secret = json!({"kind": "Secret", "data": {"a": STANDARD.encode("12345"), "b": STANDARD.encode("1")}});
        assert_eq!((others(&secret, "a"), others(&secret, "c")), (1, 6));
        let map = json!({"kind": "ConfigMap", "data": {"a": "ä", "b": "1"}, "binaryData": {"c": STANDARD.encode([0, 1])}});
        assert_eq!((others(&map, "a"), others(&map, "x")), (3, 5));
    }

    #[test]
    fn whoever_writes_it_again_is_told_by_name() {
        let of = |kind, manager: &str, labels: Value| {
            let object = ObjectRef::namespaced(kind, "obs", "x");
            let live = json!({"metadata": {"labels": labels, "managedFields": [{"manager": manager}, {"manager": "monconf"}]}});
            let sentence = rewritten(&object, &live)?;
            let (words, _) = sentence.split_once(':')?;
            Some(words.to_owned())
        };
        let helm = json!({MANAGED_BY: "Helm"});
        for (kind, manager, labels, expected) in [
            (
                Kind::ConfigMap,
                "helm",
                helm.clone(),
                Some(
                    "ConfigMap obs/x is not monconf's (field managers helm; label app.kubernetes.io/managed-by=Helm)",
                ),
            ),
            (
                Kind::ConfigMap,
                "kubectl-create",
                json!({}),
                Some("ConfigMap obs/x is not monconf's (field managers kubectl-create)"),
            ),
            (
                Kind::ConfigMap,
                "monconf",
                json!({}),
                Some("ConfigMap obs/x is not monconf's"),
            ),
            (Kind::Secret, "kubectl-create", json!({}), None),
            (
                Kind::Secret,
                "monconf",
                json!({MANAGED_BY: "monconf"}),
                None,
            ),
            (
                Kind::Secret,
                "argocd-controller",
                json!({}),
                Some("Secret obs/x is not monconf's (field managers argocd-controller)"),
            ),
            (
                Kind::Secret,
                "x",
                helm,
                Some("Secret obs/x is not monconf's (label app.kubernetes.io/managed-by=Helm)"),
            ),
        ] {
            assert_eq!(of(kind, manager, labels).as_deref(), expected);
        }
    }
}
