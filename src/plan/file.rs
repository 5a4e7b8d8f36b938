//! Files that are written whole.

use std::path::Path;

use super::change::Planner;
use super::owner::{FileKind, file_owner, is_valid_token};
use super::surplus::deletion;
use super::{Action, Blocker, Change, Content, ExistingFile, Stage, Target, Text};
use crate::object::{Kind, ObjectRef};
use crate::render::DesiredFile;

/// Of a token's file, nobody but its owner may do anything with it.
const OTHERS: u32 = 0o077;

impl Planner<'_> {
    pub(super) fn file(&mut self, desired: &DesiredFile) -> Change {
        let existing = self.existing.files.get(&desired.path);
        let kind = FileKind::of(desired);
        let owner = existing.map(|file| file_owner(kind, &file.text, self.consent.names));
        let is_foreign = matches!(owner, Some(Err(_)));
        let before = existing.map(|file| match desired.content {
            _ if is_foreign => Content::Foreign(file.text.to_string()),
            Content::Token(_) => Content::Token(file.text.to_string()),
            _ => Content::Text(Text::from(file.text.clone())),
        });
        if let Some(Err(owner)) = owner
            && !self.consent.take_ownership
        {
            self.plan.blockers.push(Blocker::ForeignFile {
                path: desired.path.clone(),
                owner,
            });
        } else if let Some(file) = existing {
            self.others(kind, file, &desired.path);
        }
        let faults = match existing {
            Some(file) if kind == FileKind::Token => self.faults(file),
            _ => Vec::new(),
        };
        let is_as_wanted = before.as_ref() == Some(&desired.content) && faults.is_empty();
        let action = match existing {
            None => Action::Create,
            Some(_) if is_as_wanted => Action::Unchanged,
            Some(_) => Action::Update,
        };
        let mut notes = vec![desired.note.clone()];
        notes.extend(faults);
        notes.retain(|note| !note.is_empty());
        let mut note = notes.join("; ");
        if desired.stage == Stage::Configuration {
            note = self.with_backup(note, action, &desired.path);
        } else {
            self.exposed(&desired.path, action);
        }
        if let Some(file) = existing.filter(|_| kind == FileKind::Token) {
            self.seen(file, &desired.path);
        }
        Change {
            target: Target::File(desired.path.clone()),
            action,
            stage: desired.stage,
            before,
            after: Some(desired.content.clone()),
            rendered: None,
            note: self.with_target(note, action, &desired.path),
            apply: None,
            resource_version: None,
            uid: None,
        }
    }

    /// Refuses a file of another user, which says nothing of monconf.
    fn others(&mut self, kind: FileKind, file: &ExistingFile, path: &Path) {
        let is_token = kind == FileKind::Token;
        let is_agreed_to = if is_token {
            // Then a new file replaces it, with that owner.
            self.consent.token_owner.is_some() || self.is_valid(file)
        } else {
            self.consent.take_ownership || !file.text.trim().is_empty()
        };
        if !file.is_own && !is_agreed_to {
            self.plan.blockers.push(Blocker::OthersFile {
                path: path.to_owned(),
                user: file.owner.0,
                is_token,
            });
        }
    }

    /// Whether a file holds a token of the account that exists.
    fn is_valid(&self, file: &ExistingFile) -> bool {
        let names = self.consent.names;
        let account = ObjectRef::namespaced(
            Kind::ServiceAccount,
            &names.namespace,
            &names.service_account(),
        );
        let account = self.existing.objects.get(&account);
        !self.existing.is_forged && is_valid_token(&file.text, names, account)
    }

    /// What is wrong with the file of a token, beside its content.
    fn faults(&self, file: &ExistingFile) -> Vec<String> {
        let mut faults = Vec::new();
        if file.mode & OTHERS != 0 {
            faults.push(format!("mode {:04o} becomes 0600", file.mode));
        }
        if file.links > 1 {
            let more = file.links - 1;
            let links = if more == 1 { "link" } else { "links" };
            faults.push(format!(
                "a new file replaces it, without {more} hard {links}"
            ));
        }
        let (user, group) = file.owner;
        if let Some(asked) = self.consent.token_owner
            && (asked.user != user || asked.group.is_some_and(|asked| asked != group))
        {
            let group = asked.group.map(|group| format!(":{group}"));
            let group = group.unwrap_or_default();
            faults.push(format!("owner {user} becomes {}{group}", asked.user));
        }
        faults
    }

    /// Warns of a token that others may have read.
    fn seen(&mut self, file: &ExistingFile, path: &Path) {
        let path = path.display();
        if file.mode & OTHERS != 0 {
            self.plan.warnings.push(format!(
                "other users could use file {path} (mode {:04o}): `monconf rotate` revokes its token",
                file.mode
            ));
        }
        if file.links > 1 {
            self.plan.warnings.push(format!(
                "file {path} has hard links, which keep its token: `monconf rotate` revokes it"
            ));
        }
    }

    /// Token and CA are not written to where others can read or replace them.
    fn exposed(&mut self, path: &Path, action: Action) {
        let Some((why, hint)) = self.existing.exposed.get(path) else {
            return;
        };
        if action == Action::Unchanged {
            let path = path.display();
            self.plan
                .warnings
                .push(format!("file {path} is not safe: {why}; {hint}"));
        } else {
            self.plan.blockers.push(Blocker::Exposed {
                path: path.to_owned(),
                why: why.clone(),
                hint: hint.clone(),
            });
        }
    }

    /// `note`, and the file that is written where links lead to another one.
    pub(super) fn with_target(&self, note: String, action: Action, path: &Path) -> String {
        match self.existing.resolved.get(path) {
            Some(target) if action != Action::Unchanged => {
                let target = format!("written to {}", target.display());
                let notes = [note, target].into_iter().filter(|note| !note.is_empty());
                notes.collect::<Vec<_>>().join("; ")
            }
            _ => note,
        }
    }

    /// What killed runs have left beside the files goes.
    pub(super) fn drafts(&mut self) {
        for (path, stage) in &self.existing.drafts {
            let note = "temporary file of a run that was killed".to_owned();
            self.plan.changes.push(Change {
                note,
                ..deletion(Target::File(path.clone()), None, *stage)
            });
        }
    }
}
