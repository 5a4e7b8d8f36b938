//! Who holds rights that are worth more than they look, and what to do about it.

mod built_in;
mod check;
mod find;
mod fix;
mod report;
mod sarif;

use std::path::PathBuf;

pub use check::{CHECKS, Check, Grant, Severity};
pub use find::{audit, dangers};
pub use fix::Fix;
pub use report::report;
pub use sarif::sarif;

use super::bindings::{Name, Subject};
use super::{Right, Rule, Scope};

/// One rule that gives one subject what it should not have, through one binding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked for.
    pub check: &'static Check,
    /// How bad it is here.
    pub severity: Severity,
    /// Who holds it.
    pub subject: Subject,
    /// Through which binding.
    pub binding: Name,
    /// Which role that binds.
    pub bound: Name,
    /// The role in which the rule stands; another one where the bound role aggregates it.
    pub role: Name,
    /// Which of its rules, counted from 0.
    pub index: usize,
    /// The rule.
    pub rule: Rule,
    /// The rights of the check that the rule allows.
    pub rights: Vec<Right>,
    /// Where they hold.
    pub scope: Scope,
    /// Where the rule stands, unless it comes from a cluster.
    pub place: Option<Place>,
    /// Whether Kubernetes creates it, for components and administrators that need it.
    pub built_in: bool,
    /// What to change.
    pub fix: Fix,
    /// What the API server says.
    pub confirmed: Confirmed,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

/// What the API server says of a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmed {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It allows it.
    Yes,
    /// It does not: another authorizer says no, or the roles have changed since they were read.
    No,
}

impl Finding {
    /// Whom it concerns and what it means, as a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut sentence = format!("{} {}", self.subject, self.check.meaning);
        if self.only_before_1_35() {
            sentence.push_str("; `get` suffices before Kubernetes 1.35");
        }
        sentence
    }

    /// `everywhere`, `in namespace monitoring`, `everywhere, objects a, b`.
    #[must_use]
    pub fn extent(&self) -> String {
        let mut extent = match &self.scope {
            Scope::Cluster => "everywhere".to_owned(),
            Scope::Namespace(namespace) => format!("in namespace {namespace}"),
        };
        if !self.rule.resource_names.is_empty() {
            extent.push_str(", only ");
            extent.push_str(&self.rule.resource_names.join(", "));
        }
        extent
    }

    /// Whether newer API servers ask for `create` too (`AuthorizePodWebsocketUpgradeCreatePermission`).
    #[must_use]
    pub fn only_before_1_35(&self) -> bool {
        check::STREAMS.contains(&self.check.id)
            && self
                .rights
                .iter()
                .all(|right| matches!(right, Right::Resource { verb, .. } if verb == "get"))
    }
}
