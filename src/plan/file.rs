//! Files that are written whole.

use std::path::Path;

use super::change::Planner;
use super::cluster::servers_of_file;
use super::owner::{FileKind, Stranger, is_valid_token};
use super::surplus::deletion;
use super::{Action, Blocker, Change, Target};
use crate::mark::{Comment, Mark, Ownership};
use crate::mask::Text;
use crate::object::{Kind, ObjectRef};
use crate::promfile::ExistingFile;
use crate::render::{Content, DesiredFile, Stage};

/// Of a token's file, nobody but its owner may do anything with it.
const OTHERS: u32 = 0o077;

impl Planner<'_> {
    pub(super) fn file(&mut self, desired: &DesiredFile) -> Change {
        let existing = self.existing.files.get(&desired.path);
        let kind = FileKind::of(desired);
        let whose = existing.map(|file| self.file_owner(kind, &desired.path, &file.text));
        let before = existing.map(|file| match (&whose, &desired.content) {
            (Some(Err(_)), _) => Content::Foreign(file.text.to_string()),
            (_, Content::Token(_)) => Content::Token(file.text.to_string()),
            _ => Content::Text(Text::from(file.text.clone())),
        });
        let content = match (&desired.content, desired.comment) {
            (Content::Text(text), Some(comment)) => {
                let mark = self.marking(existing).header(comment);
                Content::Text((mark + text.as_str()).into())
            }
            (content, _) => content.clone(),
        };
        let faults = match existing {
            Some(file) if kind == FileKind::Token => self.faults(file),
            _ => Vec::new(),
        };
        let is_as_wanted = before.as_ref() == Some(&content) && faults.is_empty();
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
        }
        let is_exposed = self.exposed(desired, action);
        if let (Some(file), Some(whose)) = (existing.filter(|_| !is_exposed), whose) {
            let in_the_way = self.in_the_way(desired, file, whose);
            self.plan.blockers.extend(in_the_way);
        }
        if let Some(file) = existing.filter(|_| kind == FileKind::Token) {
            self.seen(file, &desired.path);
        }
        Change {
            target: Target::File(desired.path.clone()),
            action,
            stage: desired.stage,
            before,
            after: Some(content),
            rendered: None,
            note: self.with_target(note, action, &desired.path),
            apply: None,
            resource_version: None,
            uid: None,
        }
    }

    /// The mark of a file that is written: what another user knew of the cluster stays.
    fn marking(&self, existing: Option<&ExistingFile>) -> Mark {
        let mark = self.mark();
        match mark.owns(existing.map(|file| &*file.text)) {
            Ownership::Ours(found) => mark.after(&found),
            _ => mark,
        }
    }

    /// Why a file is not overwritten.
    fn in_the_way(
        &self,
        desired: &DesiredFile,
        file: &ExistingFile,
        whose: Result<(), Stranger>,
    ) -> Option<Blocker> {
        if self.consent.take_ownership {
            // A token is given to no other user all the same.
            return self.of_another_user(desired, file);
        }
        match whose {
            Err(stranger) => Some(Blocker::ForeignFile {
                path: desired.path.clone(),
                owner: stranger.owner,
                is_elsewhere: stranger.is_elsewhere,
            }),
            Ok(()) => self
                .for_another_server(desired, file)
                .or_else(|| self.of_another_user(desired, file)),
        }
    }

    fn for_another_server(&self, desired: &DesiredFile, file: &ExistingFile) -> Option<Blocker> {
        let (Content::Text(text), Some(Comment::Hash), Stage::Configuration) =
            (&desired.content, desired.comment, desired.stage)
        else {
            return None;
        };
        let found = Mark::of_file(&file.text)?;
        if self.consent.cluster.is_certainly(&found.cluster) {
            return None;
        }
        let here = servers_of_file(text.as_str());
        let there = servers_of_file(&file.text);
        let server = there
            .difference(&here)
            .next()
            .filter(|_| !here.is_empty())?;
        Some(Blocker::OtherCluster {
            place: desired.path.display().to_string(),
            job: None,
            server: server.clone(),
        })
    }

    /// A file of another user of this machine, which holds nothing of monconf's.
    fn of_another_user(&self, desired: &DesiredFile, file: &ExistingFile) -> Option<Blocker> {
        let is_token = FileKind::of(desired) == FileKind::Token;
        let is_agreed_to = if is_token {
            // Then a new file replaces it, with that owner.
            self.consent.token_owner.is_some() || self.is_valid(file)
        } else {
            self.consent.take_ownership || !file.text.trim().is_empty()
        };
        (!file.is_own && !is_agreed_to).then(|| Blocker::OthersFile {
            path: desired.path.clone(),
            user: file.owner.0,
            is_token,
        })
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
            self.plan.token_warnings.push(format!(
                "other users could use file {path} (mode {:04o}): a rotation with --overlap 0s revokes its token",
                file.mode
            ));
        }
        if file.links > 1 {
            self.plan.token_warnings.push(format!(
                "file {path} has hard links, which keep its token: a rotation with --overlap 0s revokes it"
            ));
        }
    }

    /// Refuses to write token and CA where others can read or replace them; says whether it did.
    fn exposed(&mut self, desired: &DesiredFile, action: Action) -> bool {
        let path = &desired.path;
        let Some((why, hint)) = self.existing.exposed.get(path) else {
            return false;
        };
        if action == Action::Unchanged {
            let path = path.display();
            self.plan
                .token_warnings
                .push(format!("file {path} is not safe: {why}; {hint}"));
            return false;
        }
        self.plan.blockers.push(Blocker::Exposed {
            path: path.clone(),
            why: why.clone(),
            hint: hint.clone(),
        });
        true
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
