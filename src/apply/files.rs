//! The files of a plan, as they are to be written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::mask::PENDING_TOKEN;
use crate::plan::{Action, Change, Plan, Target};
use crate::promfile::{self, Checked, FileOwner, Home, Mode, Write, owner};
use crate::render::{Content, Stage};
use crate::spec::Spec;
use crate::token::{Claims, Token};

/// What is done to a file or folder.
pub(super) enum Step<'a> {
    /// It gets this content.
    Write(Write<'a>),
    /// It goes, if it still holds this.
    Remove { path: &'a Path, text: &'a str },
    /// What a killed run has left goes.
    RemoveDraft(&'a Path),
    /// It goes, if nothing is in it.
    RemoveFolder(&'a Path),
}

/// What a request says about files beyond their content, and where they are.
pub(super) struct Files {
    token_owner: Option<FileOwner>,
    /// The user whose the token is, where that is another one.
    reader: Option<u32>,
    backup: bool,
    /// The folders of the files that are written or removed, held open.
    checked: BTreeMap<PathBuf, Checked>,
}

impl Files {
    /// A file that cannot be written is found out before the cluster is changed. The configuration comes first: its
    /// folder must exist, and is not to be made on the way to the token's.
    pub(super) fn check(spec: &Spec, plan: &Plan) -> Result<Self> {
        let token_owner = spec.token_owner.as_deref().map(owner).transpose()?;
        let reader = match token_owner {
            Some(owner) => Some(owner.user),
            None => reader(spec, plan)?,
        };
        let mut files = Self {
            token_owner,
            reader,
            backup: spec.backup,
            checked: BTreeMap::new(),
        };
        for is_credentials in [false, true] {
            let changed = plan.changes.iter().filter(|change| {
                let credentials = change.stage == Stage::Credentials;
                change.action != Action::Unchanged && credentials == is_credentials
            });
            for change in changed {
                let (path, checked) = match files.step(change, None) {
                    Some(Step::Write(write)) => (write.path, write.check()?),
                    Some(Step::Remove { path, .. }) => {
                        // Where everything goes, a link is left for its owner to see to.
                        let keeps_link = change.stage == Stage::Cleanup;
                        (path, promfile::check_removal(path, keeps_link)?)
                    }
                    _ => continue,
                };
                let path = path.to_owned();
                files.checked.insert(path, checked);
            }
        }
        Ok(files)
    }

    /// What a change does to a file or folder; `issued` is the token that a pending one stands for.
    pub(super) fn step<'a>(&self, change: &'a Change, issued: Option<&'a str>) -> Option<Step<'a>> {
        let text = change.before.as_ref().map(text);
        match (&change.target, change.action, text) {
            (Target::File(path), Action::Delete, Some(text)) => Some(Step::Remove { path, text }),
            (Target::File(path), Action::Delete, None) => Some(Step::RemoveDraft(path)),
            (Target::Folder(path), Action::Delete, _) => Some(Step::RemoveFolder(path)),
            _ => self.write(change, issued).map(Step::Write),
        }
    }

    /// Takes a step, in the folder that was checked.
    pub(super) fn take(&self, step: &Step) -> Result<()> {
        match step {
            Step::Write(write) => match self.checked.get(write.path) {
                Some(checked) => write.write_at(checked),
                None => write.write(),
            },
            Step::Remove { path, text } => match self.checked.get(*path) {
                Some(checked) => checked.remove(path, text),
                None => promfile::remove(path, text),
            },
            Step::RemoveDraft(path) => {
                promfile::remove_draft(path, self.reader);
                Ok(())
            }
            Step::RemoveFolder(path) => promfile::remove_folder(path, self.reader),
        }
    }

    fn write<'a>(&self, change: &'a Change, issued: Option<&'a str>) -> Option<Write<'a>> {
        let Target::File(path) = &change.target else {
            return None;
        };
        let (text, mode) = match &change.after {
            Some(Content::Token(token)) if token == PENDING_TOKEN => {
                (issued.unwrap_or_default(), Mode::Secret)
            }
            Some(Content::Token(token)) => (token.as_str(), Mode::Secret),
            Some(Content::Text(text)) => (text.as_str(), Mode::Public),
            _ => return None,
        };
        let home = match change.stage {
            Stage::Credentials => Home::Own {
                reader: self.reader,
            },
            _ => Home::Existing,
        };
        Some(Write {
            path,
            text,
            before: change.before.as_ref().map(self::text),
            mode,
            owner: self.token_owner.filter(|_| mode == Mode::Secret),
            backup: self.backup && change.stage == Stage::Configuration,
            home,
        })
    }
}

/// What a file holds.
fn text(content: &Content) -> &str {
    match content {
        Content::Text(text) => text.as_str(),
        Content::Token(text) | Content::Foreign(text) => text,
        Content::Object(_) => "",
    }
}

/// The owner of the token that is replaced. The plan has found out that it is one of this instance.
fn reader(spec: &Spec, plan: &Plan) -> Result<Option<u32>> {
    let token = plan.changes.iter().find_map(|change| {
        let Some(Content::Token(token)) = &change.before else {
            return None;
        };
        Some((change.target.file()?, token))
    });
    let Some((path, token)) = token else {
        return Ok(None);
    };
    let claims = Claims::of(&Token::new(token.clone()));
    if claims.is_none_or(|claims| claims.service_account != spec.names.account()) {
        return Ok(None);
    }
    Ok(promfile::read(path)?.map(|file| file.owner.0))
}
