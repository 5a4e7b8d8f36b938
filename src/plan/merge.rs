//! What a server-side apply would make of a live object, worked out from what was read.
//!
//! A field is changed where the desired value differs, and removed where `managedFields` says that
//! monconf set it and it is no longer wanted. A changed field that another manager set is a conflict.

use serde_json::{Map, Value};

use crate::object::FIELD_MANAGER;

/// The outcome for one object.
pub(super) struct Merged {
    /// The object after the apply.
    pub after: Value,
    /// Each changed field that someone else set: `.rules`, and the manager.
    pub conflicts: Vec<(String, String)>,
}

/// Applies `desired` to `live`, both without what only the server sets; `managed_fields` is the live
/// object's.
pub(super) fn merge(live: &Value, desired: &Value, managed_fields: &Value) -> Merged {
    let entries: Vec<Entry> = managed_fields
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Entry::read)
        .collect();
    let mut merged = Merged {
        after: live.clone(),
        conflicts: Vec::new(),
    };
    let ours: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry.is_ours())
        .map(|entry| entry.fields)
        .collect();
    let others: Vec<(&str, &Value)> = entries
        .iter()
        .filter(|entry| !entry.is_ours())
        .map(|entry| (entry.manager, entry.fields))
        .collect();
    set(
        &mut merged.after,
        desired,
        &ours,
        &others,
        "",
        &mut merged.conflicts,
    );
    for fields in ours {
        drop_unwanted(&mut merged.after, desired, fields, &others, "");
    }
    merged
}

struct Entry<'a> {
    manager: &'a str,
    applied: bool,
    fields: &'a Value,
}

impl<'a> Entry<'a> {
    fn read(entry: &'a Value) -> Option<Self> {
        Some(Self {
            manager: entry["manager"].as_str()?,
            applied: entry["operation"] == "Apply",
            fields: entry.get("fieldsV1")?,
        })
    }

    fn is_ours(&self) -> bool {
        self.applied && self.manager == FIELD_MANAGER
    }
}

/// The part of a field set for the member `key` of the map `name`. An empty part is a leaf: whoever has a map that is
/// atomic as a leaf owns all that lies below. Of a map that is not, a leaf is what is left of somebody who has lost all
/// members of it to others.
fn below<'a>(fields: &'a Value, name: &str, key: &str) -> Option<&'a Value> {
    if is_leaf(fields) {
        return (!MAPS_OF_MEMBERS.contains(&name)).then_some(fields);
    }
    fields.get(format!("f:{key}"))
}

/// Maps of the objects that monconf writes whose members have owners of their own.
const MAPS_OF_MEMBERS: [&str; 6] = ["", "metadata", "labels", "annotations", "data", "spec"];

fn is_leaf(fields: &Value) -> bool {
    fields.as_object().is_some_and(Map::is_empty)
}

fn set(
    after: &mut Value,
    desired: &Value,
    ours: &[&Value],
    others: &[(&str, &Value)],
    path: &str,
    conflicts: &mut Vec<(String, String)>,
) {
    let name = path.rsplit('.').next().unwrap_or_default();
    // A map that we own as a leaf is atomic: it is replaced whole.
    let atomic = !MAPS_OF_MEMBERS.contains(&name) && ours.iter().any(|fields| is_leaf(fields));
    if let (Value::Object(after), Value::Object(desired), false) = (&mut *after, desired, atomic) {
        for (key, wanted) in desired {
            let ours: Vec<&Value> = ours
                .iter()
                .filter_map(|fields| below(fields, name, key))
                .collect();
            let others: Vec<(&str, &Value)> = others
                .iter()
                .filter_map(|(manager, fields)| Some((*manager, below(fields, name, key)?)))
                .collect();
            let path = format!("{path}.{key}");
            match after.get_mut(key) {
                Some(after) => set(after, wanted, &ours, &others, &path, conflicts),
                None => {
                    after.insert(key.clone(), wanted.clone());
                }
            }
        }
        return;
    }
    if !same(after, desired) {
        conflicts.extend(
            others
                .iter()
                .map(|(manager, _)| (path.to_owned(), (*manager).to_owned())),
        );
        *after = desired.clone();
    }
}

/// Equal, or unequal only in what the CRDs fill in by themselves: `action: replace` of relabelling.
fn same(live: &Value, desired: &Value) -> bool {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => {
            desired
                .iter()
                .all(|(key, value)| live.get(key).is_some_and(|live| same(live, value)))
                && live.iter().all(|(key, value)| {
                    desired.contains_key(key) || (key == "action" && value == "replace")
                })
        }
        (Value::Array(live), Value::Array(desired)) => {
            live.len() == desired.len()
                && live
                    .iter()
                    .zip(desired)
                    .all(|(live, desired)| same(live, desired))
        }
        _ => live == desired,
    }
}

fn drop_unwanted(
    after: &mut Value,
    desired: &Value,
    fields: &Value,
    others: &[(&str, &Value)],
    name: &str,
) {
    let (Value::Object(after), Some(fields)) = (after, fields.as_object()) else {
        return;
    };
    for (key, fields) in fields {
        let Some(key) = key.strip_prefix("f:") else {
            continue;
        };
        let others: Vec<(&str, &Value)> = others
            .iter()
            .filter_map(|(manager, fields)| Some((*manager, below(fields, name, key)?)))
            .collect();
        match (desired.get(key), after.get_mut(key)) {
            (Some(desired), Some(after)) => drop_unwanted(after, desired, fields, &others, key),
            // Another manager's claim keeps the field alive.
            (None, Some(_)) if others.is_empty() => {
                after.remove(key);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "fieldsV1": fields})
    }

    #[test]
    fn what_others_add_stays_and_is_no_difference() {
        let live = json!({"metadata": {"labels": {"a": "1", "theirs": "x"}}, "rules": [1]});
        let desired = json!({"metadata": {"labels": {"a": "1"}}, "rules": [1]});
        let fields = json!([entry(
            "monconf",
            "Apply",
            &json!({"f:metadata": {"f:labels": {"f:a": {}}}, "f:rules": {}})
        )]);
        let merged = merge(&live, &desired, &fields);
        assert_eq!(merged.after, live);
        assert!(merged.conflicts.is_empty());
    }

    #[test]
    fn what_we_set_and_no_longer_want_goes() {
        let live = json!({"metadata": {"labels": {"a": "1", "b": "2", "c": "3"}}});
        let desired = json!({"metadata": {"labels": {"a": "1"}}});
        let fields = json!([
            entry(
                "monconf",
                "Apply",
                &json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}, "f:c": {}}}})
            ),
            entry(
                "other",
                "Update",
                &json!({"f:metadata": {"f:labels": {"f:c": {}}}})
            ),
        ]);
        let merged = merge(&live, &desired, &fields);
        assert_eq!(
            merged.after,
            json!({"metadata": {"labels": {"a": "1", "c": "3"}}})
        );
    }

    #[test]
    fn a_changed_field_of_another_manager_is_a_conflict_and_an_equal_one_is_not() {
        let live = json!({"rules": [1, 2], "x": "same"});
        let desired = json!({"rules": [1], "x": "same"});
        let fields = json!([
            entry("monconf", "Apply", &json!({"f:x": {}})),
            entry("kubectl-edit", "Update", &json!({"f:rules": {}, "f:x": {}})),
        ]);
        let merged = merge(&live, &desired, &fields);
        assert_eq!(
            merged.conflicts,
            [(".rules".to_owned(), "kubectl-edit".to_owned())]
        );
        assert_eq!(merged.after, desired);
    }

    #[test]
    fn whoever_has_lost_every_member_of_a_map_owns_none_of_them() {
        let live = json!({"data": {"token": "old"}, "roleRef": {"name": "old"}});
        let desired = json!({"data": {"token": "new"}, "roleRef": {"name": "new"}});
        let fields = json!([
            entry("monconf", "Apply", &json!({"f:data": {"f:token": {}}})),
            entry("kubectl", "Update", &json!({"f:data": {}, "f:roleRef": {}})),
        ]);
        let merged = merge(&live, &desired, &fields);
        // `roleRef` is atomic: its leaf owns all of it.
        assert_eq!(
            merged.conflicts,
            [(".roleRef.name".to_owned(), "kubectl".to_owned())]
        );
    }

    #[test]
    fn an_update_by_our_own_name_is_not_our_apply() {
        let live = json!({"rules": [1]});
        let fields = json!([entry("monconf", "Update", &json!({"f:rules": {}}))]);
        let merged = merge(&live, &json!({"rules": []}), &fields);
        assert_eq!(merged.conflicts.len(), 1);
    }

    #[test]
    fn an_atomic_map_is_compared_whole() {
        let live = json!({"spec": {"selector": {"matchLabels": {"a": "1", "b": "2"}}}});
        let desired = json!({"spec": {"selector": {"matchLabels": {"a": "1"}}}});
        let fields = json!([entry(
            "monconf",
            "Apply",
            &json!({"f:spec": {"f:selector": {}}})
        )]);
        assert_eq!(merge(&live, &desired, &fields).after, desired);
    }

    #[test]
    fn a_default_of_the_crd_is_no_difference() {
        let live = json!({"relabelings": [{"targetLabel": "job", "action": "replace"}]});
        let desired = json!({"relabelings": [{"targetLabel": "job"}]});
        let merged = merge(&live, &desired, &json!([]));
        assert_eq!(merged.after, live);
    }
}
