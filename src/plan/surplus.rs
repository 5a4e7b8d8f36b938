//! What exists and is no longer wanted, if it is the instance's own.

use std::path::PathBuf;

use serde_json::Value;

use super::change::{Planner, without_server_fields};
use super::owner::{FileKind, Owner, Stranger, owner};
use super::{Action, Blocker, Change, Target};
use crate::mask::Text;
use crate::object::{Kind, ObjectRef, is_monconf, managers, uid};
use crate::render::{Content as Holds, Stage};

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
    /// Whether it is a link, where token and CA are plain files.
    pub is_link: bool,
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
        let link = self.existing.resolved.get(&surplus.path);
        let whose = match self.file_owner(surplus.kind, &surplus.path, &file.text) {
            // Token and CA are not written through links, so this is not how monconf left it.
            Ok(()) if surplus.is_link => {
                let target =
                    link.map_or_else(String::new, |link| format!(" to {}", link.display()));
                Some(format!("stays: it is a symbolic link{target}"))
            }
            // Whoever made it, an empty file says nothing of monconf.
            Ok(()) if file.text.trim().is_empty() => Some("stays: it is empty".to_owned()),
            Ok(()) => None,
            Err(Stranger {
                owner: Some(owner), ..
            }) => Some(format!("stays: belongs to {owner}")),
            Err(Stranger { owner: None, .. }) => Some("stays: not written by monconf".to_owned()),
        };
        self.plan.changes.push(match whose {
            Some(whose) => left(target, content, &whose),
            None => deletion(target, Some(content), stage),
        });
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
        let namespace = self.plan.deletions().find_map(|change| {
            let object = change.target.object()?;
            (object.kind == Kind::Namespace).then(|| object.name.clone())
        });
        let Some(namespace) = namespace else { return };
        let blocker = Blocker::of_content(
            &self.existing.content,
            &namespace,
            &self.plan.deleted_uids(),
        );
        self.plan.blockers.extend(blocker);
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
