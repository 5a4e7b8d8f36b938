//! What a run prints: before anything is written, and afterwards.

use super::mode::{Manner, Output};
use super::write::Written;
use crate::command::reload::Runs;
use crate::mask::Masker;
use crate::plan::{Head, Plan, report};
use crate::prepare::Prepared;
use crate::render::{Content, Stage};
use crate::ui::{Stream, Ui};

pub(in crate::command) fn show(prepared: &Prepared, manner: Manner<'_>, ui: &Ui) {
    let Prepared { plan, head, .. } = prepared;
    match manner.output {
        Output::Text => {
            let stream = if manner.shows(prepared) {
                Stream::Out
            } else {
                Stream::Err
            };
            ui.plan(plan, head, manner.writing.context_lines, stream);
            if let Some(configuration) = &prepared.output
                && !manner.writing.apply
            {
                ui.out(configuration);
            }
        }
        Output::Json => ui.out(&json(plan, head, None, None)),
        Output::Yaml => ui.out(&prepared.manifests),
        Output::Config if prepared.plan.blockers.is_empty() => ui.out(configuration(prepared)),
        Output::Config => {}
    }
    for warning in plan.all_warnings() {
        ui.warn(warning);
    }
    if !manner.writing.apply {
        remaining(plan, ui);
    }
}

/// The plan for the person who is asked about it, where standard output is for programs.
pub(in crate::command) fn show_to_person(prepared: &Prepared, manner: Manner<'_>, ui: &Ui) {
    let Prepared { plan, head, .. } = prepared;
    ui.plan(plan, head, manner.writing.context_lines, Stream::Err);
    for warning in plan.all_warnings() {
        ui.warn(warning);
    }
}

/// What others still have to do comes last: after an apply they can.
fn remaining(plan: &Plan, ui: &Ui) {
    for line in &plan.remaining {
        ui.hint(line);
    }
}

/// After an apply, or where there was nothing to apply: what standard output is for, and what the server made of the token.
pub(super) fn finish(
    prepared: &Prepared,
    written: Option<&Written>,
    runs: Option<&Runs>,
    manner: Manner<'_>,
    ui: &Ui,
) {
    let Prepared { plan, head, .. } = prepared;
    match (manner.output, &prepared.output) {
        (Output::Text, Some(configuration)) => ui.out(configuration),
        (Output::Text, None) => {}
        (Output::Json, _) => ui.out(&json(plan, head, written, runs)),
        (Output::Yaml, _) => ui.out(&prepared.manifests),
        (Output::Config, _) => ui.out(configuration(prepared)),
    }
    if let Some(runs) = runs {
        ui.note(&runs.sentence());
    }
    let Some(written) = written else {
        remaining(plan, ui);
        return;
    };
    if let Some(issued) = &written.issued {
        let account = &prepared.service_account;
        ui.note(&format!(
            "Token issued for {account}: {}.",
            issued.grant.sentence()
        ));
        if let Some(hint) = issued.grant.hint() {
            ui.hint(&hint);
        }
    }
    ui.applied(plan, written.took);
    remaining(plan, ui);
}

/// The configuration in whichever form it has; monitors are manifests.
fn configuration(prepared: &Prepared) -> &str {
    let files = prepared.plan.changes.iter().rev();
    let file = files
        .filter(|change| change.stage == Stage::Configuration)
        .filter(|change| {
            change
                .target
                .file()
                .is_none_or(|file| prepared.rules.as_deref() != Some(file))
        })
        .find_map(|change| match &change.after {
            Some(Content::Text(text)) => Some(text.as_str()),
            _ => None,
        });
    file.or(prepared.output.as_deref())
        .unwrap_or(&prepared.manifests)
}

fn json(plan: &Plan, head: &Head, written: Option<&Written>, runs: Option<&Runs>) -> String {
    let mut report = report(plan, head, &mut Masker::default());
    report["applied"] = written.is_some().into();
    if let Some(issued) = written.and_then(|written| written.issued.as_ref()) {
        report["token"] = issued.grant.report();
    }
    if let Some(runs) = runs {
        report["prometheus"] = runs.json();
    }
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
