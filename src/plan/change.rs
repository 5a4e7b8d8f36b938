//! Desired state beside what exists, object by object and file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::merge::merge;
use super::owner::{Owner, owner};
use super::surplus::{Surplus, SurplusFile};
use super::{Action, Blocker, Change, Plan, Target};
use crate::mark::ClusterIdentity;
use crate::mask::PENDING_TOKEN;
use crate::object::{Kind, NamespaceContent, ObjectRef, managers, uid};
use crate::promfile::{ExistingFile, FileOwner};
use crate::rbac::Rule;
use crate::render::{Content, Desired, DesiredObject, Stage};
use crate::spec::Names;

/// What exists today, as far as it concerns one instance.
#[derive(Default)]
pub struct Existing {
    /// Objects as the API server returned them.
    pub objects: BTreeMap<ObjectRef, Value>,
    /// Namespaces that roles or jobs are wanted in and that do not exist.
    pub missing_namespaces: BTreeSet<String>,
    /// Files, those that exist.
    pub files: BTreeMap<PathBuf, ExistingFile>,
    /// Jobs of other files of the same Prometheus, each with its place.
    pub jobs_elsewhere: BTreeMap<String, String>,
    /// Objects that may be deleted, if they belong to the instance.
    pub surplus: Vec<Surplus>,
    /// Files that may be deleted, if they belong to the instance.
    pub surplus_files: Vec<SurplusFile>,
    /// A folder that may be deleted, if nothing is left in it, and what is in it.
    pub surplus_folder: Option<(PathBuf, Vec<PathBuf>)>,
    /// What is in the instance's namespace, where that may be deleted.
    pub content: NamespaceContent,
    /// Who names the key of a Secret that jobs are in, and needs it to exist.
    pub names_key: Vec<String>,
    /// The paths that files have without links, where they are called by others.
    pub resolved: BTreeMap<PathBuf, PathBuf>,
    /// Why token and CA must not be written to a path, and what to do about it.
    pub exposed: BTreeMap<PathBuf, (String, String)>,
    /// Temporary files beside the instance's own that killed runs have left, and when each is removed.
    pub drafts: Vec<(PathBuf, Stage)>,
    /// Whether the token in use is known not to be signed by this cluster.
    pub is_forged: bool,
}

/// Who asks, and what they agreed to.
pub struct Consent<'a> {
    /// Whose objects these are.
    pub names: &'a Names,
    /// The cluster, as far as it is known.
    pub cluster: &'a ClusterIdentity,
    /// Whether objects and fields of others are taken over.
    pub take_ownership: bool,
    /// Whose the token's file is to be, where that is asked for.
    pub token_owner: Option<FileOwner>,
    /// Whether the old content of configuration files is kept.
    pub backup: bool,
    /// Whether the whole instance goes: what is not its own is then told.
    pub removing: bool,
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
            warnings: desired.warnings.clone(),
            ..Plan::default()
        },
    };
    for object in &desired.objects {
        let change = planner.object(object);
        planner.plan.changes.push(change);
    }
    for surplus in &existing.surplus {
        planner.surplus(surplus);
    }
    for file in &desired.files {
        let change = planner.file(file);
        planner.plan.changes.push(change);
    }
    for edit in &desired.edits {
        let change = planner.edit(edit, &desired.grants);
        planner.plan.changes.extend(change);
    }
    for file in &existing.surplus_files {
        planner.surplus_file(file);
    }
    planner.drafts();
    planner.surplus_folder();
    planner.vacated();
    planner.escalation(&desired.grants);
    planner.namespaces(&desired.grants);
    planner.plan
}

/// Whether applying `desired` would change `live`, an object as the API server returned it.
#[must_use]
pub fn differs(live: &Value, desired: &Value) -> bool {
    let before = without_server_fields(live);
    merge(&before, desired, &live["metadata"]["managedFields"]).after != before
}

pub(super) struct Planner<'a> {
    pub(super) existing: &'a Existing,
    pub(super) consent: &'a Consent<'a>,
    pub(super) plan: Plan,
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
            self.terminating(&reference.name, live);
            change.action = Action::Unchanged;
            change.note = String::new();
            change.after = Some(Content::Object(before.clone()));
            change.before = Some(Content::Object(before));
            return change;
        }
        self.ownership(reference, live);
        if matches!(owner(live, self.consent.names), Owner::Nobody) {
            self.beyond(reference, live, &desired.value);
        }
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
                managers: managers(live).into_iter().map(str::to_owned).collect(),
            }),
        }
    }
}

/// The object as its writers see it.
pub(super) fn without_server_fields(live: &Value) -> Value {
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
    /// The part of the plan that is about the token alone: its bound Secrets, and where the consumer reads it. A token's
    /// Secret that the settings do not ask for stays: moving the token is not part of replacing it.
    pub fn retain_token(&mut self, names: &Names) {
        let [first, second] = names.handles();
        let secrets = [first, second, names.token_secret()];
        let moves = |change: &Change, object: &ObjectRef| {
            change.action == Action::Delete && object.name == names.token_secret()
        };
        let is_ours = |object: &ObjectRef| {
            object.kind == Kind::Secret
                && object.namespace.as_deref() == Some(names.namespace.as_str())
                && secrets.contains(&object.name)
        };
        let left_behind = std::mem::take(&mut self.left_behind);
        self.changes.retain(|change| match &change.target {
            Target::Object(object) => {
                is_ours(object) && !moves(change, object) && !left_behind.contains(object)
            }
            Target::Key(_) | Target::Folder(_) => false,
            Target::File(_) => change.stage == Stage::Credentials,
        });
        let changes = &self.changes;
        let is_written = |path: &Path| {
            changes
                .iter()
                .any(|change| change.target.file() == Some(path))
        };
        self.blockers.retain(|blocker| {
            blocker.object().is_some_and(is_ours) || blocker.file().is_some_and(is_written)
        });
        self.warnings.clear();
        self.remaining.clear();
    }

    /// Makes the handle of a new token anew where one was left behind: the token is to be the only one that is bound to
    /// it.
    pub fn renew_handle(&mut self, handle: &str) {
        for change in &mut self.changes {
            let is_handle = change
                .target
                .object()
                .is_some_and(|object| object.name == handle);
            if is_handle && change.action == Action::Update {
                change.action = Action::Replace;
            }
        }
    }

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
