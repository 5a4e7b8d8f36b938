//! The files of a plan, as they are to be written.

use std::path::Path;

use crate::error::Result;
use crate::plan::{Action, Change, Content, PENDING_TOKEN, Plan, Stage, Target};
use crate::promfile::{self, FileOwner, Home, Mode, Write, owner};
use crate::spec::Spec;

/// What is done to a file or folder.
pub(super) enum Step<'a> {
    /// It gets this content.
    Write(Write<'a>),
    /// It goes, if it still holds this.
    Remove { path: &'a Path, text: &'a str },
    /// It goes, if nothing is in it.
    RemoveFolder(&'a Path),
}

impl Step<'_> {
    fn check(&self, home: Home) -> Result<()> {
        match self {
            Self::Write(write) => write.check(home),
            Self::Remove { path, .. } => promfile::check_removal(path),
            Self::RemoveFolder(_) => Ok(()),
        }
    }

    pub(super) fn take(&self) -> Result<()> {
        match self {
            Self::Write(write) => write.write(),
            Self::Remove { path, text } => promfile::remove(path, text),
            Self::RemoveFolder(path) => promfile::remove_folder(path),
        }
    }
}

/// What a request says about files beyond their content.
pub(super) struct Files {
    token_owner: Option<FileOwner>,
    backup: bool,
}

impl Files {
    pub(super) fn new(spec: &Spec) -> Result<Self> {
        Ok(Self {
            token_owner: spec.token_owner.as_deref().map(owner).transpose()?,
            backup: spec.backup,
        })
    }

    /// A file that cannot be written is found out before the cluster is changed. The configuration comes first: its
    /// folder must exist, and is not to be made on the way to the token's.
    pub(super) fn check(&self, plan: &Plan) -> Result<()> {
        for home in [Home::Existing, Home::Own] {
            let changed = plan.changes.iter().filter(|change| {
                let credentials = change.stage == Stage::Credentials;
                change.action != Action::Unchanged && credentials == (home == Home::Own)
            });
            for step in changed.filter_map(|change| self.step(change, None)) {
                step.check(home)?;
            }
        }
        Ok(())
    }

    /// What a change does to a file or folder; `issued` is the token that a pending one stands for.
    pub(super) fn step<'a>(&self, change: &'a Change, issued: Option<&'a str>) -> Option<Step<'a>> {
        let text = match &change.before {
            Some(Content::Text(text)) => text.as_str(),
            Some(Content::Token(token)) => token,
            _ => "",
        };
        match (&change.target, change.action) {
            (Target::File(path), Action::Delete) => Some(Step::Remove { path, text }),
            (Target::Folder(path), Action::Delete) => Some(Step::RemoveFolder(path)),
            _ => self.write(change, issued).map(Step::Write),
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
        Some(Write {
            path,
            text,
            before: match &change.before {
                Some(Content::Text(text)) => Some(text.as_str()),
                Some(Content::Token(token)) => Some(token.as_str()),
                _ => None,
            },
            mode,
            owner: self.token_owner.filter(|_| mode == Mode::Secret),
            backup: self.backup && change.stage == Stage::Configuration,
        })
    }
}
