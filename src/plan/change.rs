//! Desired state beside what exists, object by object and file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use super::merge::merge;
use super::{Action, Blocker, Change, Content, PENDING_TOKEN, Plan, Stage, Target};
use crate::access::{Grants, Rule, missing};
use crate::object::{Kind, ObjectRef, metadata, uid};
use crate::render::{
    COMPONENT, Desired, DesiredFile, DesiredObject, INSTANCE, MANAGED_BY, file_instance,
};
use crate::spec::Names;
use crate::token::{Claims, Token};

/// What exists today, as far as it concerns one instance.
#[derive(Default)]
pub struct Existing {
    /// Objects as the API server returned them.
    pub objects: BTreeMap<ObjectRef, Value>,
    /// Namespaces that roles are wanted in and that do not exist.
    pub missing_namespaces: BTreeSet<String>,
    /// Files, those that exist.
    pub files: BTreeMap<PathBuf, ExistingFile>,
    /// Objects that may be deleted, each with a few words why, if they belong to the instance.
    pub surplus: Vec<(ObjectRef, String)>,
}

/// A file that exists.
pub struct ExistingFile {
    /// What it holds.
    pub text: String,
    /// Whether others than its owner may read or write it.
    pub open_to_others: bool,
}

/// Who asks, and what they agreed to.
pub struct Consent<'a> {
    /// Whose objects these are.
    pub names: &'a Names,
    /// Whether objects and fields of others are taken over.
    pub take_ownership: bool,
    /// The caller, for messages.
    pub user: &'a str,
    /// The rules that the caller holds in each namespace, where they are known completely.
    pub held: &'a BTreeMap<String, Vec<Rule>>,
}

/// Works out every change, and what would keep it from being applied.
#[must_use]
pub fn plan(desired: &Desired, existing: &Existing, consent: &Consent) -> Plan {
    let mut planner = Planner {
        existing,
        consent,
        plan: Plan {
            changes: Vec::new(),
            blockers: Vec::new(),
            warnings: desired.warnings.clone(),
        },
    };
    for object in &desired.objects {
        let change = planner.object(object);
        planner.plan.changes.push(change);
    }
    for (reference, why) in &existing.surplus {
        planner.surplus(reference, why);
    }
    for file in &desired.files {
        let change = planner.file(file);
        planner.plan.changes.push(change);
    }
    planner.escalation(&desired.grants);
    planner.namespaces(&desired.grants);
    planner.plan
}

struct Planner<'a> {
    existing: &'a Existing,
    consent: &'a Consent<'a>,
    plan: Plan,
}

impl Planner<'_> {
    fn object(&mut self, desired: &DesiredObject) -> Change {
        let reference = &desired.reference;
        let mut change = Change {
            target: Target::Object(reference.clone()),
            action: Action::Create,
            stage: desired.stage,
            before: None,
            after: Some(Content::Object(desired.value.clone())),
            rendered: Some(desired.text.clone()),
            note: desired.note.clone(),
            apply: Some(desired.value.clone()),
            resource_version: None,
            uid: None,
        };
        let Some(live) = self.existing.objects.get(reference) else {
            return change;
        };
        let before = without_server_fields(live);
        change.resource_version = live["metadata"]["resourceVersion"]
            .as_str()
            .map(str::to_owned);
        change.uid = uid(live).map(str::to_owned);
        if reference.kind == Kind::Namespace {
            // An existing namespace is used as it is: it belongs to whoever made it.
            self.terminating(live);
            change.action = Action::Unchanged;
            change.note = String::new();
            change.after = Some(Content::Object(before.clone()));
            change.before = Some(Content::Object(before));
            return change;
        }
        self.ownership(reference, live);
        let merged = merge(&before, &desired.value, &live["metadata"]["managedFields"]);
        if !merged.conflicts.is_empty() && !self.consent.take_ownership {
            self.plan.blockers.push(Blocker::FieldConflict {
                object: reference.clone(),
                fields: merged.conflicts,
            });
        }
        let replaced = immutable_field_differs(reference.kind, &before, &desired.value);
        change.action = if replaced {
            Action::Replace
        } else if merged.after == before {
            Action::Unchanged
        } else {
            Action::Update
        };
        if !replaced {
            change.after = Some(Content::Object(merged.after));
        }
        change.before = Some(Content::Object(before));
        change
    }

    fn terminating(&mut self, namespace: &Value) {
        if namespace["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        let finalizers = namespace["spec"]["finalizers"]
            .as_array()
            .into_iter()
            .chain(namespace["metadata"]["finalizers"].as_array())
            .flatten()
            .filter_map(Value::as_str)
            .map(|finalizer| format!("finalizer {finalizer}"));
        let conditions = namespace["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|condition| condition["status"] == "True")
            .filter_map(|condition| condition["message"].as_str().map(str::to_owned));
        self.plan.blockers.push(Blocker::Terminating {
            namespace: self.consent.names.namespace.clone(),
            waits_for: finalizers.chain(conditions).collect(),
        });
    }

    fn ownership(&mut self, reference: &ObjectRef, live: &Value) {
        match owner(live, self.consent.names) {
            Owner::Us => {}
            Owner::Other {
                instance,
                component,
            } => self.plan.blockers.push(Blocker::OtherInstance {
                object: reference.clone(),
                instance,
                component,
            }),
            Owner::Nobody if self.consent.take_ownership => {}
            Owner::Nobody => self.plan.blockers.push(Blocker::NotOurs {
                object: reference.clone(),
                managers: managers(live),
            }),
        }
    }

    fn surplus(&mut self, reference: &ObjectRef, why: &str) {
        let Some(live) = self.existing.objects.get(reference) else {
            return;
        };
        if !matches!(owner(live, self.consent.names), Owner::Us) {
            return;
        }
        self.plan.changes.push(Change {
            target: Target::Object(reference.clone()),
            action: Action::Delete,
            stage: Stage::Cleanup,
            before: Some(Content::Object(without_server_fields(live))),
            after: None,
            rendered: None,
            note: why.to_owned(),
            apply: None,
            resource_version: live["metadata"]["resourceVersion"]
                .as_str()
                .map(str::to_owned),
            uid: uid(live).map(str::to_owned),
        });
    }

    fn file(&mut self, desired: &DesiredFile) -> Change {
        let existing = self.existing.files.get(&desired.path);
        let secret = matches!(desired.content, Content::Token(_));
        let before = existing.map(|file| match desired.content {
            Content::Token(_) => Content::Token(file.text.clone()),
            _ => Content::Text(file.text.clone()),
        });
        if let Some(file) = existing
            && !self.consent.take_ownership
            && let Err(owner) = file_owner(desired, file, self.consent.names)
        {
            self.plan.blockers.push(Blocker::ForeignFile {
                path: desired.path.clone(),
                owner,
            });
        }
        let exposed = secret && existing.is_some_and(|file| file.open_to_others);
        let action = match &before {
            None => Action::Create,
            Some(before) if *before == desired.content && !exposed => Action::Unchanged,
            Some(_) => Action::Update,
        };
        let note = if exposed {
            format!("{}; others may read it, which is mended", desired.note)
        } else {
            desired.note.clone()
        };
        Change {
            target: Target::File(desired.path.clone()),
            action,
            stage: desired.stage,
            before,
            after: Some(desired.content.clone()),
            rendered: None,
            note,
            apply: None,
            resource_version: None,
            uid: None,
        }
    }

    /// The API server refuses a role that grants more than its writer holds; said before anything is written.
    fn escalation(&mut self, grants: &Grants) {
        let names = self.consent.names;
        // What holds in the whole cluster is part of what holds in any namespace.
        let in_cluster = self.consent.held.values().next();
        let cluster_role = ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role());
        self.escalation_of(cluster_role, &grants.cluster, in_cluster);
        for (namespace, rules) in &grants.namespaces {
            let role = ObjectRef::namespaced(Kind::Role, namespace, &names.role());
            self.escalation_of(role, rules, self.consent.held.get(namespace));
        }
    }

    fn escalation_of(&mut self, role: ObjectRef, rules: &[Rule], held: Option<&Vec<Rule>>) {
        let Some(held) = held.filter(|_| self.writes(&role)) else {
            return;
        };
        let may_escalate = held
            .iter()
            .any(|rule| rule.may("escalate", role.kind.plural(), &role.name));
        let missing: Vec<String> = missing(rules, held)
            .iter()
            .map(ToString::to_string)
            .collect();
        if !may_escalate && !missing.is_empty() {
            self.plan.blockers.push(Blocker::Escalation {
                object: role,
                user: self.consent.user.to_owned(),
                missing,
            });
        }
    }

    fn writes(&self, object: &ObjectRef) -> bool {
        let mut changes = self.plan.changes.iter();
        changes.any(|change| {
            change.target.object() == Some(object) && change.action != Action::Unchanged
        })
    }

    /// A Role can only be written where its namespace exists; only the instance's own is made.
    fn namespaces(&mut self, grants: &Grants) {
        let names = self.consent.names;
        for namespace in grants.namespaces.keys() {
            let role = ObjectRef::namespaced(Kind::Role, namespace, &names.role());
            let known = self.existing.missing_namespaces.contains(namespace);
            if known && self.writes(&role) {
                self.plan.blockers.push(Blocker::NoNamespace {
                    namespace: namespace.clone(),
                    object: role,
                });
            }
        }
    }
}

enum Owner {
    Us,
    Other { instance: String, component: String },
    Nobody,
}

fn owner(live: &Value, names: &Names) -> Owner {
    let label = |key| metadata(live, "labels", key);
    if label(MANAGED_BY) != Some("monconf") {
        return Owner::Nobody;
    }
    let instance = label(INSTANCE).unwrap_or("(none)");
    let component = label(COMPONENT).unwrap_or("(none)");
    if instance == names.instance && component == names.consumer.name() {
        return Owner::Us;
    }
    Owner::Other {
        instance: instance.to_owned(),
        component: component.to_owned(),
    }
}

/// Whether a file is this instance's: a configuration says so in its first line, a token by its claims. A CA is
/// nobody's. The error is the owner, where there is one to name.
fn file_owner(
    desired: &DesiredFile,
    file: &ExistingFile,
    names: &Names,
) -> Result<(), Option<String>> {
    match &desired.content {
        Content::Token(_) => match Claims::of(&Token::new(file.text.clone())) {
            Some(claims) if claims.service_account == names.account() => Ok(()),
            Some(claims) => Err(Some(format!("ServiceAccount {}", claims.service_account))),
            None if file.text.trim().is_empty() => Ok(()),
            None => Err(None),
        },
        Content::Text(_) if desired.stage == Stage::Configuration => {
            match file_instance(&file.text) {
                Some(instance) if instance == names.instance => Ok(()),
                Some(instance) => Err(Some(format!("instance {instance} of monconf"))),
                None if file.text.trim().is_empty() => Ok(()),
                None => Err(None),
            }
        }
        _ => Ok(()),
    }
}

/// Who wrote the object, each once.
fn managers(live: &Value) -> Vec<String> {
    let mut managers: Vec<String> = live["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["subresource"].is_null())
        .filter_map(|entry| entry["manager"].as_str().map(str::to_owned))
        .collect();
    managers.sort();
    managers.dedup();
    managers
}

/// The object as its writers see it.
fn without_server_fields(live: &Value) -> Value {
    let mut object = live.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in [
            "managedFields",
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "selfLink",
        ] {
            metadata.remove(field);
        }
    }
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    object
}

fn immutable_field_differs(kind: Kind, live: &Value, desired: &Value) -> bool {
    match kind {
        Kind::ClusterRoleBinding | Kind::RoleBinding => live["roleRef"] != desired["roleRef"],
        Kind::Secret => live["type"] != desired["type"],
        _ => false,
    }
}

impl Plan {
    /// Whether applying issues a token.
    #[must_use]
    pub fn issues_token(&self) -> bool {
        self.changes.iter().any(|change| match &change.after {
            Some(Content::Object(object)) => object["data"]["token"] == PENDING_TOKEN,
            Some(Content::Token(token)) => token == PENDING_TOKEN,
            _ => false,
        })
    }
}
