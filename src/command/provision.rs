//! What the commands of all consumers share: plan, show, ask, apply.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use super::SettingsFile;
use super::reload::{Reload, Runs};
use crate::apply::{self, Progress, Standing};
use crate::cli::Global;
use crate::cluster::{Cluster, ConnectOptions, Issued};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::mask::Masker;
use crate::plan::{Action, Content, Head, Plan, Stage, report};
use crate::prepare::{Prepared, prepare, prepare_offline};
use crate::render::Templates;
use crate::spec::{Consumer, Settings, Spec};
use crate::ui::{Stream, Ui};

/// What the command of a consumer takes.
#[derive(clap::Args)]
pub struct Provision {
    #[command(flatten)]
    pub(super) settings: Settings,

    #[command(flatten)]
    mode: Mode,
}

/// How the command runs, as opposed to what it should achieve.
#[derive(clap::Args)]
#[command(next_help_heading = "What to do about it")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
struct Mode {
    #[command(flatten)]
    file: SettingsFile,

    /// Write what the diff shows, after asking on a terminal
    #[arg(long, env = "MONCONF_APPLY", hide_env_values = true, value_parser = BoolishValueParser::new())]
    apply: bool,

    /// Do not ask
    #[arg(short, long, env = "MONCONF_YES", hide_env_values = true, value_parser = BoolishValueParser::new())]
    yes: bool,

    /// Plan against nothing, without a cluster
    #[arg(long, env = "MONCONF_OFFLINE", hide_env_values = true, conflicts_with = "apply", value_parser = BoolishValueParser::new())]
    offline: bool,

    /// Exit with 2 when something is to be changed, 0 when nothing is
    #[arg(long, env = "MONCONF_DETAILED_EXITCODE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    detailed_exitcode: bool,

    /// What to print on standard output
    #[arg(
        short,
        long,
        env = "MONCONF_OUTPUT",
        hide_env_values = true,
        value_enum,
        default_value_t
    )]
    output: Output,

    /// Unchanged lines around each change in a diff
    #[arg(
        long,
        env = "MONCONF_CONTEXT_LINES",
        hide_env_values = true,
        value_name = "N",
        default_value_t = 3
    )]
    context_lines: usize,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// The plan and its diff, for people
    #[default]
    Text,
    /// Every change with path, old and new value, for programs
    Json,
    /// The manifests, without any token
    Yaml,
    /// The configuration file as it will be, and nothing else
    Config,
}

/// How often a plan is made anew because the cluster changed under it.
const ATTEMPTS: usize = 3;

/// Exit code for pending changes, as with terraform and helm-diff.
const CHANGES_PENDING: u8 = 2;

/// Plans for `consumer`, shows the plan, and with `--apply` writes it.
pub(super) async fn run(
    consumer: Consumer,
    asked: Provision,
    global: &Global,
    ui: &Ui,
) -> Result<ExitCode> {
    let Provision { settings, mode } = asked;
    let settings = mode.file.beside(settings)?;
    let templates = Templates::load(settings.templates.as_deref())?;
    let spec = Spec::new(consumer, settings)?;
    spec.check_destination()?;
    if let Some(version) = spec.version {
        spec.check_version(version)?;
    }
    if mode.offline {
        let prepared = prepare_offline(&spec, &templates)?;
        show(&prepared, &mode, ui);
        refuse_blocked(&prepared.plan)?;
        return Ok(outcome(&prepared.plan, &mode));
    }
    let mut interrupt = Interrupt::new(global.timeout())?;
    let reload = Reload::ask(&spec, mode.apply, global, ui);
    let reload = interrupt.or(reload).await?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let run = Run {
        spec: &spec,
        templates: &templates,
        cluster: &cluster,
        reload: reload.as_ref(),
        mode: &mode,
        ui,
    };
    for _ in 1..ATTEMPTS {
        match run.attempt(&mut interrupt).await {
            Err(Error::Changed { target }) if !asks(&mode, ui) => {
                ui.note(&format!("{target} changed in the meantime; planning again"));
            }
            finished => return finished,
        }
    }
    run.attempt(&mut interrupt).await
}

/// The cluster that the flags name; nothing is sent yet.
pub(super) async fn connect(global: &Global, ui: &Ui) -> Result<Cluster> {
    let options = ConnectOptions {
        kubeconfig: global.kubeconfig.clone(),
        context: global.context.clone(),
        request_timeout: global.request_timeout(),
        trace: ui.tracer(),
    };
    Ok(Cluster::connect(options).await?)
}

/// What one run works with.
struct Run<'a> {
    spec: &'a Spec,
    templates: &'a Templates,
    cluster: &'a Cluster,
    reload: Option<&'a Reload>,
    mode: &'a Mode,
    ui: &'a Ui,
}

impl Run<'_> {
    async fn attempt(&self, interrupt: &mut Interrupt) -> Result<ExitCode> {
        let (mode, ui) = (self.mode, self.ui);
        let read = || prepare(self.spec, self.templates, self.cluster, mode.apply);
        let mut prepared = interrupt.or(read()).await?;
        if !mode.apply {
            show(&prepared, mode, ui);
            refuse_blocked(&prepared.plan)?;
            if let Some(reload) = self.reload {
                interrupt.or(reload.compare(&prepared.plan, ui)).await?;
            }
            return Ok(outcome(&prepared.plan, mode));
        }
        if mode.output == Output::Text {
            show(&prepared, mode, ui);
        }
        refuse_blocked(&prepared.plan)?;
        if prepared.plan.is_empty() {
            let runs = self.take(&prepared.plan, interrupt).await?;
            finish(&prepared, None, runs.as_ref(), mode, ui);
            return Ok(outcome(&prepared.plan, mode));
        }
        if asks(mode, ui) {
            if !interrupt.wait(ui.confirm("Apply these changes?")).await? {
                ui.note("Nothing was written.");
                return Ok(ExitCode::FAILURE);
            }
            let again = interrupt.or(read()).await?;
            if let Some(target) = prepared.plan.differs_from(&again.plan) {
                show(&again, mode, ui);
                return Err(Error::Changed { target });
            }
            // Of an object that is not shown whole something else may have changed.
            prepared = again;
        }
        let written = write(&prepared, self.spec, self.cluster, interrupt, ui).await?;
        let runs = self.take(&prepared.plan, interrupt).await?;
        finish(&prepared, Some(&written), runs.as_ref(), mode, ui);
        Ok(ExitCode::SUCCESS)
    }

    /// Makes the running Prometheus take what was written, if there is one.
    async fn take(&self, plan: &Plan, interrupt: &mut Interrupt) -> Result<Option<Runs>> {
        match self.reload {
            Some(reload) => reload.take(plan, interrupt, self.ui).await,
            None => Ok(None),
        }
    }
}

/// Without a terminal, `--apply` is consent.
fn asks(mode: &Mode, ui: &Ui) -> bool {
    mode.apply && !mode.yes && ui.is_interactive()
}

fn refuse_blocked(plan: &Plan) -> Result<()> {
    if plan.blockers.is_empty() {
        return Ok(());
    }
    Err(Error::Blocked(plan.blockers.clone()))
}

fn outcome(plan: &Plan, mode: &Mode) -> ExitCode {
    if mode.detailed_exitcode && !plan.is_empty() {
        return ExitCode::from(CHANGES_PENDING);
    }
    ExitCode::SUCCESS
}

/// What an apply did beyond the plan.
struct Written {
    issued: Option<Issued>,
    took: Duration,
}

async fn write(
    prepared: &Prepared,
    spec: &Spec,
    cluster: &Cluster,
    interrupt: &mut Interrupt,
    ui: &Ui,
) -> Result<Written> {
    let begun = Instant::now();
    let report = |change: &crate::plan::Change| ui.written(change);
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
    if result.is_err() {
        account(&prepared.plan, &progress, ui);
    }
    Ok(Written {
        issued: result?,
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

fn show(prepared: &Prepared, mode: &Mode, ui: &Ui) {
    let Prepared { plan, head, .. } = prepared;
    match mode.output {
        Output::Text => {
            // Standard output belongs to the configuration where there is one to print.
            let stream = if prepared.output.is_some() {
                Stream::Err
            } else {
                Stream::Out
            };
            ui.plan(plan, head, mode.context_lines, stream);
            if let Some(configuration) = &prepared.output
                && !mode.apply
            {
                ui.out(configuration);
            }
        }
        Output::Json => ui.out(&json(plan, head, None, None)),
        Output::Yaml => ui.out(&prepared.manifests),
        Output::Config if prepared.plan.blockers.is_empty() => ui.out(configuration(prepared)),
        Output::Config => {}
    }
    for warning in &plan.warnings {
        ui.warn(warning);
    }
    if !mode.apply {
        remaining(plan, ui);
    }
}

/// What others still have to do comes last: after an apply they can.
fn remaining(plan: &Plan, ui: &Ui) {
    for line in &plan.remaining {
        ui.hint(line);
    }
}

/// After an apply, or where there was nothing to apply: what standard output is for, and what the server made of the token.
fn finish(
    prepared: &Prepared,
    written: Option<&Written>,
    runs: Option<&Runs>,
    mode: &Mode,
    ui: &Ui,
) {
    let Prepared { plan, head, .. } = prepared;
    match (mode.output, &prepared.output) {
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
        report["token"] = serde_json::json!({
            "requested": issued.grant.asked.to_string(),
            "granted": issued.grant.granted().to_string(),
            "issuedAt": issued.grant.issued_at.to_string(),
            "expiresAt": issued.grant.expires_at.to_string(),
        });
    }
    if let Some(runs) = runs {
        report["prometheus"] = runs.json();
    }
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
