//! A plan that cannot be applied: everything that blocks it, and how to unblock it.

use std::fmt;

use super::fix::fix;
use super::{Blocker, Head, Plan};
use crate::error::Error;

/// All blockers of a plan, those together that one and the same step lifts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Never empty.
    pub reasons: Vec<Reason>,
}

/// Blockers that are lifted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What blocks.
    pub blockers: Vec<Blocker>,
    /// What unblocks it, with a line to paste.
    pub fix: Option<String>,
}

impl Blocked {
    /// What blocks `plan`; `None` where it can be applied.
    #[must_use]
    pub fn of(plan: &Plan, head: &Head) -> Option<Self> {
        let mut reasons: Vec<Reason> = Vec::new();
        for blocker in &plan.blockers {
            let fix = fix(blocker, plan, head);
            match reasons.iter_mut().find(|reason| reason.fix == fix) {
                Some(reason) => reason.blockers.push(blocker.clone()),
                None => reasons.push(Reason {
                    blockers: vec![blocker.clone()],
                    fix,
                }),
            }
        }
        (!reasons.is_empty()).then_some(Self { reasons })
    }

    /// What blocks a plan that is being applied already; `fix` is what unblocks it.
    #[must_use]
    pub fn by(blocker: Blocker, fix: &str) -> Self {
        Self {
            reasons: vec![Reason {
                blockers: vec![blocker],
                fix: Some(fix.to_owned()),
            }],
        }
    }

    /// Every blocker.
    pub fn blockers(&self) -> impl Iterator<Item = &Blocker> {
        self.reasons.iter().flat_map(|reason| &reason.blockers)
    }

    /// Why a run ends here; `is_shown`: whether standard output holds what blocks the plan already.
    #[must_use]
    pub fn error(&self, is_shown: bool) -> Error {
        let user = self.blockers().find_map(|blocker| match blocker {
            Blocker::Escalation { user, .. } => Some(user.clone()),
            _ => None,
        });
        Error::Blocked {
            reasons: self.to_string(),
            fixes: self.fixes(),
            user,
            is_shown,
        }
    }

    /// What unblocks the plan, a line for each step.
    #[must_use]
    pub fn fixes(&self) -> Option<String> {
        let fixes: Vec<&str> = self
            .reasons
            .iter()
            .filter_map(|reason| reason.fix.as_deref())
            .collect();
        (!fixes.is_empty()).then(|| fixes.join("\n  "))
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, blocker) in self.blockers().enumerate() {
            let separator = if index == 0 { "" } else { "\n  " };
            write!(f, "{separator}{blocker}")?;
        }
        Ok(())
    }
}
