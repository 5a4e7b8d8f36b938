//! What would be written: desired state beside what exists, one [`Change`] per object and file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::object::{ObjectKey, ObjectRef};
use crate::render::{Content, Receiver, Stage};

mod adopt;
mod blocked;
mod blocker;
mod change;
mod cluster;
#[cfg(test)]
mod documents;
mod edit;
mod file;
mod fix;
mod foresee;
mod key;
mod layout;
mod loading;
mod merge;
mod owner;
mod report;
mod rotation;
mod sharing;
mod shown;
mod surplus;
mod unselected;
mod unwritable;

pub use blocked::{Blocked, Reason};
pub use blocker::Blocker;
pub use change::{Consent, Existing, differs, plan};
pub use owner::{FileKind, is_ours, is_valid_token};
pub use report::{Head, report};
pub use rotation::Rotation;
pub use shown::{foreign, shown};
pub use surplus::{Surplus, SurplusFile};
pub use unselected::{Candidate, Unselected};
pub use unwritable::{Unwritable, Why};

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An object in the cluster.
    Object(ObjectRef),
    /// A key of an object in the cluster that others write to too.
    Key(ObjectKey),
    /// A local file.
    File(PathBuf),
    /// A local folder.
    Folder(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(object) => object.fmt(f),
            Self::Key(key) => key.fmt(f),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Folder(path) => write!(f, "folder {}", path.display()),
        }
    }
}

impl Target {
    /// The object that this is, or is a key of.
    #[must_use]
    pub const fn object(&self) -> Option<&ObjectRef> {
        match self {
            Self::Object(object) | Self::Key(ObjectKey { object, .. }) => Some(object),
            Self::File(_) | Self::Folder(_) => None,
        }
    }

    /// The file, if this is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Object(_) | Self::Key(_) | Self::Folder(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

/// What happens to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It does not exist yet.
    Create,
    /// It exists and differs.
    Update,
    /// It is deleted and created again, because a field that differs is immutable.
    Replace,
    /// It belongs to this instance and is no longer wanted.
    Delete,
    /// It is as wanted.
    Unchanged,
}

/// One line of the plan.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// The object or file.
    pub target: Target,
    /// What happens to it.
    pub action: Action,
    /// When it is written.
    pub stage: Stage,
    /// What exists, `None` where nothing does.
    pub before: Option<Content>,
    /// What will exist, `None` for a deletion.
    pub after: Option<Content>,
    /// The rendered template with its comments, for showing what is created. Never holds a secret.
    pub rendered: Option<String>,
    /// A few words beside it: `2 rules for 3 jobs`, `new token, 90d asked`.
    pub note: String,
    /// The object to send: the fields that monconf wants, and only those; of a key a JSON merge patch, or the object
    /// where it does not exist. `None` for files and deletions.
    pub apply: Option<Value>,
    /// `metadata.resourceVersion` of `before`, for optimistic locking.
    pub resource_version: Option<String>,
    /// `metadata.uid` of `before`, so that a later object of its name is not deleted in its place.
    pub uid: Option<String>,
}

/// Everything that one run would do.
#[derive(Clone, Default, PartialEq)]
pub struct Plan {
    /// In the order in which they are shown.
    pub changes: Vec<Change>,
    /// What keeps it from being applied.
    pub blockers: Vec<Blocker>,
    /// What the user should know of the token before agreeing: who else has it, and which certificates go with it.
    pub token_warnings: Vec<String>,
    /// Sentences the user should read before agreeing.
    pub warnings: Vec<String>,
    /// What others still have to do, a line each.
    pub remaining: Vec<String>,
    /// The objects into whose namespaces an operator copies the token.
    pub receivers: Vec<Receiver>,
    /// Objects of the destination that was used before.
    pub left_behind: BTreeSet<ObjectRef>,
}

impl Plan {
    /// Whether it moves the instance to another destination: whether it deletes what the one before held.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.changes.iter().any(|change| {
            let object = change.target.object();
            change.action == Action::Delete
                && object.is_some_and(|object| self.left_behind.contains(object))
        })
    }

    /// Every sentence the user should read before agreeing.
    pub fn all_warnings(&self) -> impl Iterator<Item = &str> {
        let all = self.token_warnings.iter().chain(&self.warnings);
        all.map(String::as_str)
    }

    /// The namespaces into which an operator copies the token, each with the objects that select the monitors from there.
    #[must_use]
    pub fn receiving_namespaces(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut namespaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for receiver in &self.receivers {
            let who = namespaces.entry(&receiver.namespace).or_default();
            who.push(&receiver.who);
        }
        namespaces
    }

    /// Takes the deletions that come last out of a plan that moves the instance, for a consumer that has to take its new
    /// configuration first. `None` where it does not move.
    #[must_use]
    pub fn set_deletions_aside(&mut self) -> Option<Self> {
        if !self.moves() {
            return None;
        }
        let changes = std::mem::take(&mut self.changes);
        let (last, first) = changes
            .into_iter()
            .partition(|change| change.stage >= Stage::Cleanup && change.action == Action::Delete);
        self.changes = first;
        Some(Self {
            changes: last,
            ..Self::default()
        })
    }

    /// Whether nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes
            .iter()
            .all(|change| change.action == Action::Unchanged)
    }

    /// Every deletion.
    pub fn deletions(&self) -> impl Iterator<Item = &Change> {
        let changes = self.changes.iter();
        changes.filter(|change| change.action == Action::Delete)
    }

    /// The UIDs of the objects that it deletes.
    #[must_use]
    pub fn deleted_uids(&self) -> BTreeSet<&str> {
        let uids = self.deletions().filter_map(|change| change.uid.as_deref());
        uids.collect()
    }

    /// The first object or file that no longer is what this plan was made from, or that `later`
    /// would treat differently. A token still to be issued is the same in both.
    #[must_use]
    pub fn differs_from(&self, later: &Self) -> Option<String> {
        let targets = self
            .changes
            .iter()
            .chain(&later.changes)
            .map(|change| &change.target);
        for target in targets {
            let find = |plan: &Self| {
                plan.changes
                    .iter()
                    .find(|change| change.target == *target)
                    .cloned()
            };
            let same = match (find(self), find(later)) {
                (Some(seen), Some(now)) => {
                    (seen.action, seen.before, seen.after) == (now.action, now.before, now.after)
                }
                _ => false,
            };
            if !same {
                return Some(target.to_string());
            }
        }
        None
    }

    /// How many changes are of any of `actions`.
    #[must_use]
    pub fn count(&self, actions: &[Action]) -> usize {
        self.changes
            .iter()
            .filter(|change| actions.contains(&change.action))
            .count()
    }
}
