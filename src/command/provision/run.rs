//! A run from its plan to what it has written.

use super::mode::{Manner, Output};
use super::show::{finish, show, show_to_person};
use super::write::write;
use crate::client::Cluster;
use crate::command::Global;
use crate::command::consent::{Consent, obtain};
use crate::command::reload::{Reload, Runs};
use crate::command_line::CommandLine;
use crate::consent::Question;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit, Outcome};
use crate::plan::{Blocked, Plan};
use crate::prepare::Prepared;
use crate::spec::Spec;
use crate::token::Verdict;
use crate::ui::{Terminal, Ui};

/// How often a plan is made anew because the cluster changed under it.
const ATTEMPTS: usize = 3;

/// Exit code for pending changes, as with terraform and helm-diff.
pub(in crate::command) const CHANGES_PENDING: u8 = 2;

/// What one run works with.
pub(in crate::command) struct Run<'a, P> {
    pub(in crate::command) spec: &'a Spec,
    pub(in crate::command) cluster: &'a Cluster,
    /// The running Prometheus, where one is to be asked.
    pub(in crate::command) reload: Option<&'a Reload>,
    /// Reads what exists, and plans.
    pub(in crate::command) prepare: P,
    pub(in crate::command) manner: Manner<'a>,
    pub(in crate::command) global: &'a Global,
    /// What it came to once everything is written.
    pub(in crate::command) written: Ended,
    pub(in crate::command) ui: &'a Ui,
}

impl<P: AsyncFn() -> Result<Prepared>> Run<'_, P> {
    /// Plans, shows and writes; anew, without asking, where the cluster changes under it.
    pub(in crate::command) async fn to_its_end(
        &self,
        interrupt: &mut Interrupt,
        outcome: &mut Outcome,
    ) -> Result<Exit> {
        let mut consent = None;
        for _ in 1..ATTEMPTS {
            match Box::pin(self.attempt(interrupt, outcome, &mut consent)).await {
                Err(Error::Changed { target }) if consent != Some(Consent::Answered) => {
                    self.ui
                        .note(&format!("{target} changed in the meantime; planning again"));
                }
                finished => return finished,
            }
        }
        Box::pin(self.attempt(interrupt, outcome, &mut consent)).await
    }

    async fn attempt(
        &self,
        interrupt: &mut Interrupt,
        outcome: &mut Outcome,
        consent: &mut Option<Consent>,
    ) -> Result<Exit> {
        let (manner, ui) = (self.manner, self.ui);
        let read = async || {
            let mut prepared = (self.prepare)().await?;
            prepared.head.call = CommandLine::of(&self.global.arguments);
            Ok(prepared)
        };
        let mut prepared = interrupt.or(Box::pin(read())).await?;
        tell(&prepared, outcome);
        if !manner.writing.apply {
            show(&prepared, manner, ui);
            refuse_blocked(&prepared, manner.shows(&prepared))?;
            if let Some(reload) = self.reload {
                interrupt.or(reload.compare(&prepared.plan, ui)).await?;
            }
            return Ok(planned(&prepared.plan, manner));
        }
        if manner.output == Output::Text {
            show(&prepared, manner, ui);
        }
        refuse_blocked(&prepared, manner.shows(&prepared))?;
        if prepared.plan.is_empty() {
            let runs = self.take(&prepared.plan, interrupt).await?;
            finish(&prepared, None, runs.as_ref(), manner, ui);
            return Ok(Ended::Unchanged.into());
        }
        let yes = manner.writing.yes;
        if manner.output != Output::Text && !yes && Terminal::is_there() {
            show_to_person(&prepared, manner, ui);
        }
        let question = Question::of_plan(&prepared.plan, &prepared.head, &self.spec.names);
        let obtained = obtain(&question, yes, self.global, interrupt, ui).await?;
        *consent = Some(obtained);
        if obtained == Consent::Refused {
            return Ok(Ended::Declined.into());
        }
        if obtained == Consent::Answered {
            let again = interrupt.or(Box::pin(read())).await?;
            if let Some(target) = prepared.plan.differs_from(&again.plan) {
                show(&again, manner, ui);
                return Err(Error::Changed { target });
            }
            refuse_blocked(&again, false)?;
            // Of an object that is not shown whole something else may have changed.
            prepared = again;
            tell(&prepared, outcome);
        }
        let place = (self.spec, self.cluster);
        // The destination before goes once Prometheus runs the new one.
        let reloads = self.reload.is_some();
        let last = reloads.then(|| prepared.plan.set_deletions_aside());
        let written = write(&prepared, place, interrupt, outcome, ui).await?;
        let runs = self.take(&prepared.plan, interrupt).await?;
        if let Some(last) = last.flatten() {
            let first = std::mem::replace(&mut prepared.plan, last);
            outcome.goes_on();
            write(&prepared, place, interrupt, outcome, ui).await?;
            let deletions = std::mem::replace(&mut prepared.plan, first).changes;
            prepared.plan.changes.extend(deletions);
        }
        finish(&prepared, Some(&written), runs.as_ref(), manner, ui);
        Ok(self.written.into())
    }

    /// Makes the running Prometheus take what was written, if there is one.
    async fn take(&self, plan: &Plan, interrupt: &mut Interrupt) -> Result<Option<Runs>> {
        match self.reload {
            Some(reload) => reload.take(plan, interrupt, self.ui).await,
            None => Ok(None),
        }
    }
}

/// `is_shown`: whether standard output holds what blocks the plan already.
pub(super) fn refuse_blocked(prepared: &Prepared, is_shown: bool) -> Result<()> {
    match Blocked::of(&prepared.plan, &prepared.head) {
        None => Ok(()),
        Some(blocked) => Err(blocked.error(is_shown)),
    }
}

/// What a run came to that writes nothing.
pub(in crate::command) fn planned(plan: &Plan, manner: Manner<'_>) -> Exit {
    if plan.is_empty() {
        return Ended::Unchanged.into();
    }
    if manner.writing.detailed_exitcode {
        return Ended::Planned.with_code(CHANGES_PENDING);
    }
    Ended::Planned.into()
}

/// What is planned, and the token that is kept.
fn tell(prepared: &Prepared, outcome: &mut Outcome) {
    outcome.plans(&prepared.plan);
    if let Some(Verdict::Keep(claims)) = prepared.verdict() {
        outcome.kept(claims);
    }
}
