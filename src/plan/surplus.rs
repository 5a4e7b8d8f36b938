//! What exists and is no longer wanted, if it is the instance's own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::change::{Planner, without_server_fields};
use super::owner::{FileKind, Owner, file_owner, owner};
use super::{Action, Blocker, Change, Content as Holds, Stage, Target, Text};
use crate::cluster::is_monconf;
use crate::object::{Kind, ObjectRef, managers, uid};
use crate::token::{Claims, Token};

/// An object that may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surplus {
    /// Which.
    pub object: ObjectRef,
    /// A few words why.
    pub why: String,
    /// When it is deleted.
    pub stage: Stage,
    /// Why it cannot be deleted yet, where something still needs it.
    pub needed: Option<String>,
}

/// A file that may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurplusFile {
    /// Which.
    pub path: PathBuf,
    /// What it holds, by which it is known whose it is.
    pub kind: FileKind,
}

/// What a namespace holds, but for what every namespace has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Each object.
    pub objects: Vec<Found>,
    /// Sentences about what could not be looked at.
    pub unknown: Vec<String>,
}

/// An object of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Kind and name: `Pod web-0`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
}

impl Planner<'_> {
    pub(super) fn surplus(&mut self, surplus: &Surplus) {
        let reference = &surplus.object;
        let Some(live) = self.existing.objects.get(reference) else {
            return;
        };
        if let Some(whose) = self.somebodys(reference, live) {
            if self.consent.removing {
                let content = Holds::Object(without_server_fields(live));
                let target = Target::Object(reference.clone());
                self.plan.changes.push(left(target, content, &whose));
            } else if self.copied(reference, live).is_some() {
                self.plan.warnings.push(format!("{reference} {whose}"));
            }
            return;
        }
        if let Some(needed) = &surplus.needed {
            let content = Holds::Object(without_server_fields(live));
            let target = Target::Object(reference.clone());
            let change = left(target, content, &format!("stays: {needed}"));
            self.plan.changes.push(change);
            self.plan.remaining.push(format!(
                "{reference} is of the destination before and stays: {needed}. Run this again when nothing needs it"
            ));
            return;
        }
        let finalizers = finalizers(live);
        if !live["metadata"]["deletionTimestamp"].is_null() {
            let waits = match finalizers.as_str() {
                "" => String::new(),
                finalizers => format!("; it waits for {finalizers}"),
            };
            self.plan
                .warnings
                .push(format!("{reference} is being deleted already{waits}"));
            return;
        }
        let note = match (surplus.why.as_str(), finalizers.as_str()) {
            (why, "") => why.to_owned(),
            ("", finalizers) => format!("is gone only when {finalizers} lets it go"),
            (why, finalizers) => format!("{why}; is gone only when {finalizers} lets it go"),
        };
        self.plan.changes.push(Change {
            note,
            resource_version: live["metadata"]["resourceVersion"]
                .as_str()
                .map(str::to_owned),
            uid: uid(live).map(str::to_owned),
            ..deletion(
                Target::Object(reference.clone()),
                Some(Holds::Object(without_server_fields(live))),
                surplus.stage,
            )
        });
    }

    /// Why an object is not this instance's; `None` where it is.
    fn somebodys(&self, reference: &ObjectRef, live: &Value) -> Option<String> {
        let names = self.consent.names;
        let whose = |owner: Owner, what: &str| match owner {
            Owner::Us => None,
            Owner::Nobody => Some(format!("{what} not made by monconf")),
            Owner::Other {
                instance,
                component,
            } => Some(format!(
                "{what} of instance {instance} of monconf ({component})"
            )),
        };
        whose(owner(live, names), "stays:")
            .or_else(|| {
                // A role says nothing of the namespace of its instance; the binding beside it does.
                let binding = self.binding_beside(reference)?;
                whose(owner(binding, names), "stays: the binding beside it is")
            })
            .or_else(|| self.copied(reference, live))
    }

    /// Anyone can put an instance's labels on an object, as with a copy of ours: an object that was found by its labels
    /// alone is ours only where monconf wrote it too.
    fn copied(&self, reference: &ObjectRef, live: &Value) -> Option<String> {
        let names = self.consent.names;
        let has_fixed_name = match reference.kind {
            Kind::Secret
            | Kind::ServiceAccount
            | Kind::Namespace
            | Kind::ClusterRole
            | Kind::ClusterRoleBinding => true,
            Kind::GrafanaAgent | Kind::MetricsInstance => reference.name == names.agent(),
            _ => false,
        };
        let managers = managers(live);
        if has_fixed_name || managers.iter().any(|manager| is_monconf(manager)) {
            return None;
        }
        Some(match managers.as_slice() {
            [] => "stays: has this instance's labels, and was not written by monconf".to_owned(),
            managers => format!(
                "stays: has this instance's labels, and was written by {}",
                managers.join(", ")
            ),
        })
    }

    fn binding_beside(&self, role: &ObjectRef) -> Option<&Value> {
        let names = self.consent.names;
        let binding = match (role.kind, &role.namespace) {
            (Kind::ClusterRole, _) => {
                ObjectRef::cluster(Kind::ClusterRoleBinding, &names.cluster_role_binding())
            }
            (Kind::Role, Some(namespace)) => {
                ObjectRef::namespaced(Kind::RoleBinding, namespace, &names.role_binding())
            }
            _ => return None,
        };
        self.existing.objects.get(&binding)
    }

    pub(super) fn surplus_file(&mut self, surplus: &SurplusFile) {
        let Some(file) = self.existing.files.get(&surplus.path) else {
            return;
        };
        let text = Text::from(file.text.clone());
        let (content, stage) = match surplus.kind {
            FileKind::Token => (Holds::Token(file.text.to_string()), Stage::Cleanup),
            FileKind::Ca => (Holds::Text(text), Stage::Cleanup),
            FileKind::Configuration => (Holds::Text(text), Stage::Configuration),
        };
        let target = Target::File(surplus.path.clone());
        let whose = match file_owner(surplus.kind, &file.text, self.consent.names) {
            // Whoever made it, an empty file says nothing of monconf.
            Ok(()) if file.text.trim().is_empty() => Some("stays: it is empty".to_owned()),
            Ok(()) if surplus.kind == FileKind::Token && self.is_of_another_account(&file.text) => {
                Some("stays: a token of an account of this name in another cluster, or of an earlier one".to_owned())
            }
            Ok(()) => None,
            Err(Some(owner)) => Some(format!("stays: belongs to {owner}")),
            Err(None) => Some("stays: not written by monconf".to_owned()),
        };
        self.plan.changes.push(match whose {
            Some(whose) => left(target, content, &whose),
            None => deletion(target, Some(content), stage),
        });
    }

    /// Whether a token is of a ServiceAccount of our name that is not the one that exists.
    fn is_of_another_account(&self, token: &str) -> bool {
        let names = self.consent.names;
        let account = ObjectRef::namespaced(
            Kind::ServiceAccount,
            &names.namespace,
            &names.service_account(),
        );
        let live = self.existing.objects.get(&account).and_then(uid);
        let claims = Claims::of(&Token::new(token.to_owned()));
        matches!((live, claims), (Some(live), Some(claims)) if claims.service_account_uid != live)
    }

    /// The folder goes where nothing stays in it.
    pub(super) fn surplus_folder(&mut self) {
        let Some((folder, files)) = &self.existing.surplus_folder else {
            return;
        };
        let goes = |path: &PathBuf| {
            let mut changes = self.plan.changes.iter();
            changes
                .any(|change| change.target.file() == Some(path) && change.action == Action::Delete)
        };
        if files.iter().all(goes) {
            let target = Target::Folder(folder.clone());
            self.plan
                .changes
                .push(deletion(target, None, Stage::Enclosure));
        }
    }

    /// A Namespace goes only where nothing of others is in it.
    pub(super) fn vacated(&mut self) {
        let is_namespace = |object: &ObjectRef| object.kind == Kind::Namespace;
        let deleted = |change: &&Change| change.action == Action::Delete;
        let mut changes = self.plan.changes.iter().filter(deleted);
        let namespace = changes.find_map(|change| {
            change
                .target
                .object()
                .filter(|object| is_namespace(object))
                .map(|object| object.name.clone())
        });
        let Some(namespace) = namespace else { return };
        let changes = self.plan.changes.iter().filter(deleted);
        let going: BTreeSet<&str> = changes.filter_map(|change| change.uid.as_deref()).collect();
        let content = &self.existing.content;
        let others = content.objects.iter();
        let others: Vec<String> = others
            .filter(|found| !going.contains(found.uid.as_str()))
            .map(|found| found.name.clone())
            .collect();
        if !others.is_empty() || !content.unknown.is_empty() {
            self.plan.blockers.push(Blocker::NotVacant {
                namespace,
                others,
                unknown: content.unknown.clone(),
            });
        }
    }
}

pub(super) fn deletion(target: Target, before: Option<Holds>, stage: Stage) -> Change {
    Change {
        target,
        action: Action::Delete,
        stage,
        before,
        after: None,
        rendered: None,
        note: String::new(),
        apply: None,
        resource_version: None,
        uid: None,
    }
}

/// What has a name of ours and is somebody else's.
fn left(target: Target, content: Holds, whose: &str) -> Change {
    Change {
        action: Action::Unchanged,
        after: Some(content.clone()),
        note: whose.to_owned(),
        ..deletion(target, Some(content), Stage::Cleanup)
    }
}

/// `finalizer example.com/a, finalizer example.com/b`.
fn finalizers(live: &Value) -> String {
    let finalizers = live["metadata"]["finalizers"].as_array();
    let names = finalizers.into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<String> = names.map(|name| format!("finalizer {name}")).collect();
    names.join(", ")
}
