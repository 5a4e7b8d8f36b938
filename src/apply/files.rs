//! The files of a plan, as they are to be written.

use crate::error::Result;
use crate::plan::{Action, Change, Content, PENDING_TOKEN, Plan, Stage, Target};
use crate::promfile::{FileOwner, Home, Mode, Write, owner};
use crate::spec::Spec;

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
            for write in changed.filter_map(|change| self.write(change, None)) {
                write.check(home)?;
            }
        }
        Ok(())
    }

    /// How a change of a file is written; `issued` is the token that a pending one stands for.
    pub(super) fn write<'a>(
        &self,
        change: &'a Change,
        issued: Option<&'a str>,
    ) -> Option<Write<'a>> {
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
