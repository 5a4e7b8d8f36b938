//! Writing a plan, and the account of one that was not written whole.

use std::time::{Duration, Instant};

use crate::apply::{self, Progress, Standing};
use crate::client::Cluster;
use crate::cluster::Issued;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::outcome::Outcome;
use crate::plan::{Action, Change, Plan};
use crate::prepare::Prepared;
use crate::spec::Spec;
use crate::ui::Ui;

/// What an apply did beyond the plan.
pub(super) struct Written {
    pub(super) issued: Option<Issued>,
    pub(super) took: Duration,
}

pub(super) async fn write(
    prepared: &Prepared,
    (spec, cluster): (&Spec, &Cluster),
    interrupt: &mut Interrupt,
    outcome: &mut Outcome,
    ui: &Ui,
) -> Result<Written> {
    let begun = Instant::now();
    let report = |change: &Change| ui.written(change);
    let progress = Progress::new(&report);
    let applying = apply::apply(
        &prepared.plan,
        spec,
        &prepared.handle,
        cluster,
        &progress,
        None,
    );
    let result = interrupt.or(applying).await;
    outcome.wrote(&prepared.plan, &progress);
    if result.is_err() {
        account(&prepared.plan, &progress, ui);
    }
    let issued = result?;
    if let Some(issued) = &issued {
        outcome.issued(&issued.grant);
    }
    Ok(Written {
        issued,
        took: begun.elapsed(),
    })
}

/// After an end half-way: what was written, what may have been, and what was not.
fn account(plan: &Plan, progress: &Progress, ui: &Ui) {
    let targets = |standing: Standing| -> Vec<String> {
        let changes = plan.changes.iter().enumerate();
        changes
            .filter(|(_, change)| change.action != Action::Unchanged)
            .filter(|(index, _)| progress.standing(*index) == standing)
            .map(|(_, change)| change.target.to_string())
            .collect()
    };
    let (done, unknown) = (targets(Standing::Done), targets(Standing::Unknown));
    if done.is_empty() && unknown.is_empty() {
        ui.note("Nothing was written.");
        return;
    }
    for (words, targets) in [
        ("written", done),
        ("sent without an answer, may have been written", unknown),
        ("not written", targets(Standing::Pending)),
    ] {
        if !targets.is_empty() {
            ui.note(&format!("{words}: {}", targets.join(", ")));
        }
    }
    if progress.token_lost() {
        ui.note("a token was asked for and not stored: the next run binds its own to the same handle, and deleting that handle revokes both");
    }
    ui.hint("running the same command again completes it");
}
