//! `monconf rotate`: a new token, proved, in the place of the old one, which is revoked after an overlap.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::provision::connect;
use super::{SettingsFile, Whose};
use crate::apply::{Progress, apply};
use crate::cli::Global;
use crate::cluster::{Cluster, Issued, Scraper};
use crate::command_line::CommandLine;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit, Outcome};
use crate::plan::{Blocked, Change};
use crate::prepare::{Prepared, issued, prepare};
use crate::reload::{Options, Server};
use crate::render::Templates;
use crate::spec::{self, Settings, Spec};
use crate::token::{Occupied, Renewal, Token, Verdict, rounded};
use crate::ui::Ui;
use crate::verify::diagnosis::Cause;
use crate::verify::{Asking, Diagnosis, verify};

/// Replace the token: issue a new one, verify it, write it where the consumer reads it, revoke the old one
///
/// The old token stays valid for the overlap, so that no scrape fails; this run, with --wait, or the next one
/// revokes it then. A new token that does not work is revoked, and the old one stays in use. Of two runs at
/// once one does it, and the other does nothing.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    whose: Whose,

    /// Do nothing unless less than a third of the token's life is left, or it does not work
    #[arg(long, env = "MONCONF_IF_DUE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    if_due: bool,

    /// For how long the old token stays valid; 0s revokes it at once
    #[arg(
        long,
        env = "MONCONF_OVERLAP",
        hide_env_values = true,
        value_name = "DURATION",
        default_value = "10m"
    )]
    overlap: spec::Duration,

    /// Stay until the overlap is over, and revoke the old token then
    #[arg(long, env = "MONCONF_WAIT", hide_env_values = true, value_parser = BoolishValueParser::new())]
    wait: bool,

    #[command(flatten)]
    file: SettingsFile,

    #[command(flatten)]
    settings: Settings,
}

/// How long Prometheus may take to scrape everything again.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long a new token may take until every API server knows of it.
const SETTLING: Duration = Duration::from_secs(10);
/// Of each job as many targets are asked with a new token.
const SAMPLE: usize = 3;

/// Rotates.
pub async fn run(args: Args, global: &Global, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
    let settings = args.file.beside(args.settings)?;
    let templates = Templates::load(settings.templates.as_deref())?;
    let mut spec = Spec::new(args.whose.consumer, settings)?;
    outcome.is_about(&spec.names);
    let overlap = i64::try_from(args.overlap.as_secs()).unwrap_or(i64::MAX);
    spec.renewal = Renewal {
        forced: !args.if_due,
        overlap: SignedDuration::from_secs(overlap),
    };
    let mut interrupt = Interrupt::new(global.timeout())?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let mut rotation = Rotation {
        spec: &spec,
        templates: &templates,
        cluster,
        global,
        ui,
    };
    let mut prepared = interrupt.or(Box::pin(rotation.prepare())).await?;
    if let Some(Occupied::ByReplaced(end)) = occupied(&prepared)
        && args.wait
    {
        ui.note(&format!(
            "Waiting for the end of the overlap before, at {}",
            shown(end)
        ));
        interrupt.wait(until(end)).await?;
        interrupt.or(rotation.connect_again()).await?;
        prepared = interrupt.or(Box::pin(rotation.prepare())).await?;
    }
    match (prepared.verdict(), occupied(&prepared)) {
        (Some(Verdict::Keep(claims)), _) => {
            outcome.kept(claims);
            rotation.write(&prepared, &mut interrupt, outcome).await?;
            let left = rounded(claims.expires_at.duration_since(Timestamp::now()));
            ui.note(&format!("Not due: the token has {left} left."));
            return Ok(Ended::NotDue.into());
        }
        (Some(Verdict::Issue(_)), Some(Occupied::ByRun(since))) => {
            ui.note(&format!(
                "Another run is replacing the token since {}: nothing was done.",
                shown(since)
            ));
            return Ok(Ended::Elsewhere.into());
        }
        (Some(Verdict::Issue(_)), Some(Occupied::ByReplaced(end))) => {
            return Err(Error::TooEarly {
                message: format!(
                    "the token before the one in use is valid until {}, and there is no third",
                    shown(end)
                ),
                hint: "--wait waits for that; --overlap 0s revokes it now".to_owned(),
            });
        }
        _ => {}
    }
    let used = prepared
        .decision
        .as_ref()
        .and_then(|decision| decision.used);
    let old = used.map(|used| spec.names.handles()[used].clone());
    let written = rotation.write(&prepared, &mut interrupt, outcome).await;
    let issued = match written {
        Err(Error::Changed { target }) => {
            ui.note(&format!(
                "{target} was written by another run: nothing was done."
            ));
            return Ok(Ended::Elsewhere.into());
        }
        written => written?,
    };
    if let Some(issued) = &issued {
        outcome.issued(&issued.grant);
        rotation.tell(&prepared, issued);
    }
    interrupt.or(rotation.see()).await?;
    let Some(old) = old else {
        return Ok(Ended::Rotated.into());
    };
    let end = Timestamp::now()
        .checked_add(spec.renewal.overlap)
        .unwrap_or(Timestamp::MAX);
    if !args.wait && !spec.renewal.overlap.is_zero() {
        ui.note(&format!(
            "The old token stays valid; a run after {} revokes it.",
            shown(end)
        ));
        return Ok(Ended::Rotated.into());
    }
    interrupt.wait(until(end)).await?;
    interrupt.or(rotation.connect_again()).await?;
    interrupt.or(rotation.revoke(&old)).await?;
    ui.note("The old token is revoked.");
    Ok(Ended::Rotated.into())
}

fn shown(time: Timestamp) -> impl std::fmt::Display {
    time.strftime("%F %H:%M:%S UTC")
}

fn occupied(prepared: &Prepared) -> Option<Occupied> {
    prepared.decision.as_ref()?.occupied
}

async fn until(end: Timestamp) -> Result<()> {
    let left = end.duration_since(Timestamp::now());
    tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
    Ok(())
}

/// What a rotation works with.
struct Rotation<'a> {
    spec: &'a Spec,
    templates: &'a Templates,
    cluster: Cluster,
    global: &'a Global,
    ui: &'a Ui,
}

/// Where the consumer's Pod has a token of its own.
pub(super) fn nothing_to_replace() -> Error {
    Error::usage_hint(
        "there is no token to replace: the consumer's Pod has one of its own",
        "Kubernetes renews that by itself",
    )
}

impl Rotation<'_> {
    /// After a wait: the credentials, and whom they are shown to, may be others by now. A Pod's token and CA are replaced
    /// in its files, and what a plugin gave may have ended.
    async fn connect_again(&mut self) -> Result<()> {
        self.cluster = connect(self.global, self.ui).await?;
        Ok(())
    }

    async fn revoke(&self, handle: &str) -> Result<()> {
        let namespace = &self.spec.names.namespace;
        Ok(self.cluster.revoke(namespace, handle).await?)
    }

    /// The part of the ordinary plan that is about the token.
    async fn prepare(&self) -> Result<Prepared> {
        let mut prepared = prepare(self.spec, self.templates, &self.cluster, false).await?;
        let plan = &mut prepared.plan;
        plan.retain_token(&self.spec.names);
        if plan.changes.is_empty() {
            return Err(nothing_to_replace());
        }
        prepared.head.call = CommandLine::of(&self.global.arguments);
        if let Some(blocked) = Blocked::of(plan, &prepared.head) {
            return Err(Error::Blocked(blocked));
        }
        if plan.issues_token() {
            plan.renew_handle(&prepared.handle);
        }
        Ok(prepared)
    }

    async fn write(
        &self,
        prepared: &Prepared,
        interrupt: &mut Interrupt,
        outcome: &mut Outcome,
    ) -> Result<Option<Issued>> {
        let report = |change: &Change| self.ui.written(change);
        let progress = Progress::new(&report);
        let proof = |token: &Token| self.prove(token.clone()).boxed_local();
        let applying = apply(
            &prepared.plan,
            self.spec,
            &prepared.handle,
            &self.cluster,
            &progress,
            Some(&proof),
        );
        let written = interrupt.or(Box::pin(applying)).await;
        outcome.wrote(&prepared.plan, &progress);
        written
    }

    /// Asks with the new token what the consumer will ask; a target that does not answer anybody is no fault of it.
    async fn prove(&self, token: Token) -> Result<()> {
        let mut issued = issued(self.spec, &self.cluster, Some(token)).await?;
        if self.spec.existing_access && !issued.discovers {
            // Who may not look for targets in the consumer's place proves the token and its rights alone.
            issued.scrapings.clear();
        }
        let patience = self.global.request_timeout();
        let identity =
            Cluster::with_token(&issued.address, &issued.token, patience, self.ui.tracer())?;
        let asking = Asking {
            identity: &identity,
            ours: Some(&self.cluster),
            token: &issued.token,
            discovers: issued.discovers,
            scraper: Scraper::new(patience),
            sample: SAMPLE,
            at_once: 16,
            progress: &|_, _| (),
        };
        let begun = tokio::time::Instant::now();
        loop {
            let report = verify(&asking, &issued.scrapings, &issued.needs).await;
            let diagnoses = report.diagnoses();
            let (ours, its): (Vec<_>, Vec<_>) = diagnoses
                .iter()
                .filter(|found| found.cause.is_mended_by_apply())
                .partition(|found| is_about_another(found.cause, report.user.as_deref()));
            let Some(fault) = its.first() else {
                for found in ours {
                    self.ui.warn(&format!(
                        "the new token is not tried at every target: {}",
                        found.cause.sentence()
                    ));
                }
                return Ok(());
            };
            if begun.elapsed() >= SETTLING {
                return Err(unproven(fault));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// What the server made of the request, and when the next run has to come.
    fn tell(&self, prepared: &Prepared, issued: &Issued) {
        self.ui.note(&format!(
            "Token issued for {}: {}.",
            prepared.service_account,
            issued.grant.sentence()
        ));
        self.ui.hint(&format!(
            "a CronJob with the schedule {:?} runs `monconf rotate --if-due` often enough",
            issued.grant.schedule()
        ));
    }

    /// Waits until the running Prometheus, where one is named, has scraped with the new token.
    async fn see(&self) -> Result<()> {
        let Some(running) = &self.spec.running else {
            return Ok(());
        };
        let options = Options {
            request_timeout: self.global.request_timeout(),
            trace: self.ui.tracer(),
        };
        let server = Server::connect(&running.url, &options)?;
        let jobs: BTreeSet<String> = self
            .spec
            .jobs
            .iter()
            .map(|job| job.job_name.clone())
            .collect();
        let seen = server.scraped_again(&jobs, PATIENCE).await?;
        let url = server.url();
        if !seen.errors.is_empty() {
            let errors: Vec<String> = seen.errors.into_iter().collect();
            self.ui.warn(&format!(
                "Prometheus {url} fails to scrape: {}",
                errors.join("; ")
            ));
        } else if seen.waiting > 0 {
            self.ui.warn(&format!(
                "Prometheus {url} has not scraped {} targets again within 2m",
                seen.waiting
            ));
        } else {
            self.ui.note(&format!(
                "Prometheus {url} has scraped {} targets with the new token.",
                seen.again
            ));
        }
        Ok(())
    }
}

/// Whether somebody else than the token's account was denied something: the caller, who finds the targets where it is not
/// the token that does.
fn is_about_another(cause: &Cause, account: Option<&str>) -> bool {
    let denied = cause.denied().map(|denied| denied.user.as_str());
    denied.is_some() && account.is_some() && denied != account
}

fn unproven(fault: &Diagnosis) -> Error {
    Error::Unproven {
        cause: fault.cause.sentence(),
        fix: fault.fix.clone(),
    }
}
