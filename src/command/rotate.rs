//! `monconf rotate`: a new token, verified, replaces the old one, which is revoked after an overlap.

mod guard;
mod overlap;
mod proof;
mod write;

use std::time::Duration;

use clap::builder::BoolishValueParser;
use jiff::Timestamp;

use self::guard::{Guard, place};
use self::overlap::overlap;
use self::write::report;
use super::Whose;
use super::consent::{Consent, obtain};
use super::provision::{CHANGES_PENDING, Manner, Writing, connect, show, show_to_person};
use super::remove::Output;
use crate::client::Cluster;
use crate::command::Global;
use crate::command_line::CommandLine;
use crate::consent::Question;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::object::ObjectRef;
use crate::outcome::{Ended, Exit, Outcome};
use crate::plan::{self, Blocked, Plan};
use crate::prepare::{Prepared, prepare};
use crate::render::{Stage, Templates};
use crate::spec::{Settings, Spec};
use crate::token::{BoundSecret, Claims, Occupied, Renewal, Verdict, rounded, utc};
use crate::ui::{Terminal, Ui};

/// Replace the token: show which one and where, and replace it with --apply
///
/// With --apply it issues a new token, verifies it, writes it where the consumer reads it, and revokes the old one
/// after the overlap. Until then the old token stays valid, so that no scrape fails; this run, with --wait, or the
/// next one revokes it. A new token that does not work is revoked, and the old one stays in use. Of two runs at once
/// one replaces the token, and the other does nothing. Nothing is written without --apply.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    whose: Whose,

    /// Do nothing unless less than a third of the token's life is left, or it does not work
    #[arg(long, env = "MONCONF_IF_DUE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    if_due: bool,

    /// For how long the old token stays valid; 0s revokes it at once [default: 10m]
    #[arg(
        long,
        env = "MONCONF_OVERLAP",
        hide_env_values = true,
        value_name = "DURATION"
    )]
    overlap: Option<promconf::Duration>,

    /// Stay until the overlap is over, and revoke the old token then
    #[arg(long, env = "MONCONF_WAIT", hide_env_values = true, value_parser = BoolishValueParser::new())]
    wait: bool,

    #[command(flatten)]
    writing: Writing,

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

    #[command(flatten)]
    settings: Settings,
}

/// Plans, and with `--apply` rotates.
pub async fn run(args: Args, global: &Global, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
    let settings = args.writing.file.beside(args.settings)?;
    let templates = Templates::load(settings.templates.as_deref())?;
    let mut spec = Spec::new(args.whose.consumer, settings)?;
    outcome.is_about(&spec.names);
    spec.renewal = Renewal {
        forced: !args.if_due,
        overlap: overlap(args.overlap, spec.duration)?,
    };
    let mut interrupt = Interrupt::new(global.timeout())?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let mut rotation = Rotation {
        spec: &spec,
        templates: &templates,
        cluster,
        asked: args.overlap,
        waits: args.wait,
        manner: Manner {
            writing: &args.writing,
            output: args.output.into(),
        },
        global,
        ui,
    };
    Box::pin(rotation.run(&mut interrupt, outcome)).await
}

/// Where the consumer's Pod has a token of its own.
pub(super) fn nothing_to_replace() -> Error {
    Error::usage_hint(
        "there is no token to replace: the consumer's Pod has one of its own",
        "Kubernetes renews that by itself",
    )
}

/// What a rotation works with.
struct Rotation<'a> {
    spec: &'a Spec,
    templates: &'a Templates,
    cluster: Cluster,
    /// `--overlap`.
    asked: Option<promconf::Duration>,
    /// `--wait`.
    waits: bool,
    manner: Manner<'a>,
    global: &'a Global,
    ui: &'a Ui,
}

impl Rotation<'_> {
    async fn run(&mut self, interrupt: &mut Interrupt, outcome: &mut Outcome) -> Result<Exit> {
        let applies = self.manner.writing.apply;
        let mut prepared = interrupt.or(Box::pin(self.prepare())).await?;
        if let Some(Occupied::ByReplaced(_, end)) = occupied(&prepared)
            && self.waits
            && applies
        {
            self.ui.note(&format!(
                "Waiting until the overlap of the previous rotation ends, at {}",
                utc(end)
            ));
            interrupt.wait(until(end)).await?;
            interrupt.or(self.connect_again()).await?;
            prepared = interrupt.or(Box::pin(self.prepare())).await?;
        }
        outcome.plans(&prepared.plan);
        match (prepared.verdict().cloned(), occupied(&prepared)) {
            (Some(Verdict::Keep(claims)), _) => {
                outcome.kept(&claims);
                self.keep(prepared, &claims, interrupt, outcome).await
            }
            (_, Some(Occupied::ByRun(bound))) => {
                prepared.plan.changes.clear();
                if self.manner.output != Output::Text.into() {
                    show(&prepared, self.manner, self.ui);
                }
                self.ui.note(&self.by_another_run(&bound));
                Ok(Ended::Elsewhere.into())
            }
            (_, Some(Occupied::ByReplaced(bound, end))) => Err(Error::TooEarly {
                message: format!(
                    "Rotation in progress: the previous token (bound Secret {}/{}) stays valid until {}. Nothing was written",
                    self.spec.names.namespace,
                    bound.name,
                    utc(end)
                ),
                hint: "wait with --wait --apply, or revoke it now with --overlap 0s --apply"
                    .to_owned(),
            }),
            (Some(Verdict::Issue(reason)), None) => {
                self.replace(prepared, &reason, interrupt, outcome).await
            }
            (None, None) => Ok(Ended::Unchanged.into()),
        }
    }

    /// The token serves; tokens before it whose overlap is over are revoked.
    async fn keep(
        &self,
        prepared: Prepared,
        claims: &Claims,
        interrupt: &mut Interrupt,
        outcome: &mut Outcome,
    ) -> Result<Exit> {
        let Manner { writing, output } = self.manner;
        let shows = !writing.apply || output == Output::Text.into();
        if shows {
            show(&prepared, self.manner, self.ui);
        }
        let pending = !prepared.plan.is_empty();
        let mut written = None;
        if writing.apply && pending {
            let question = Question::of_plan(&prepared.plan, &prepared.head, &self.spec.names);
            let consent = self.consent(&question, &prepared, interrupt).await?;
            if consent == Consent::Refused {
                return Ok(Ended::Declined.into());
            }
            let done = self.write(&prepared, interrupt, outcome).await?;
            self.ui.applied(&prepared.plan, done.took);
            written = Some(done);
        }
        if !shows {
            self.ui.out(&report(&prepared, written.as_ref()));
        }
        let left = rounded(claims.expires_at.duration_since(Timestamp::now()));
        self.ui
            .note(&format!("Not due: the token has {left} left."));
        if pending && !writing.apply && writing.detailed_exitcode {
            return Ok(Ended::NotDue.with_code(CHANGES_PENDING));
        }
        Ok(Ended::NotDue.into())
    }

    async fn replace(
        &mut self,
        mut prepared: Prepared,
        reason: &str,
        interrupt: &mut Interrupt,
        outcome: &mut Outcome,
    ) -> Result<Exit> {
        let Manner { writing, output } = self.manner;
        if !writing.apply {
            show(&prepared, self.manner, self.ui);
            return self.planned(reason);
        }
        if output == Output::Text.into() {
            show(&prepared, self.manner, self.ui);
        }
        let question = self.question(&prepared);
        match self.consent(&question, &prepared, interrupt).await? {
            Consent::Refused => return Ok(Ended::Declined.into()),
            Consent::Given => {}
            Consent::Answered => {
                let again = interrupt.or(Box::pin(self.prepare())).await?;
                if let Some(target) = prepared.plan.differs_from(&again.plan) {
                    show(&again, self.manner, self.ui);
                    return Err(Error::Changed { target });
                }
                prepared = again;
            }
        }
        let written = match self.write(&prepared, interrupt, outcome).await {
            Err(error @ Error::Changed { .. }) => {
                return interrupt.or(Box::pin(self.by_whom(&prepared, error))).await;
            }
            written => written?,
        };
        if output == Output::Json.into() {
            self.ui.out(&report(&prepared, Some(&written)));
        }
        self.tell(&prepared, &written, outcome);
        interrupt.or(self.see()).await?;
        let Some((old, uid)) = replaced(&prepared.plan) else {
            return Ok(Ended::Rotated.into());
        };
        let end = self.spec.renewal.overlap.after(Timestamp::now());
        if !self.waits && !self.spec.renewal.overlap.is_none() {
            self.ui.note(&format!(
                "The old token stays valid until {}; a run after that revokes it.",
                utc(end)
            ));
            return Ok(Ended::Rotated.into());
        }
        interrupt.wait(until(end)).await?;
        interrupt.or(self.connect_again()).await?;
        interrupt
            .or(async { Ok(self.cluster.revoke(&old, &uid).await?) })
            .await?;
        self.ui.note("The old token is revoked.");
        Ok(Ended::Rotated.into())
    }

    /// A token that is to be replaced and was not, for want of `--apply`: without a terminal, a scheduled run that
    /// replaces nothing must not look like one that did.
    fn planned(&self, reason: &str) -> Result<Exit> {
        if self.manner.writing.detailed_exitcode {
            return Ok(Ended::Planned.with_code(CHANGES_PENDING));
        }
        if Terminal::is_there() {
            return Ok(Ended::Planned.into());
        }
        Err(Error::usage_hint(
            format!(
                "the token of {} was not replaced ({reason}): without --apply nothing is written",
                self.spec.names.instance
            ),
            format!(
                "`{}` replaces it",
                CommandLine::of(&self.global.arguments).with("--apply")
            ),
        ))
    }

    fn question(&self, prepared: &Prepared) -> Question {
        let deed = format!("replace the token of {}", self.spec.names.instance);
        let question = Question::new(&deed, &prepared.head);
        let rotation = prepared.head.rotation.as_ref();
        match rotation.and_then(plan::Rotation::valid_until) {
            Some(_) if self.spec.renewal.overlap.is_none() => {
                question.remark("The current one is revoked at once.")
            }
            Some(end) => question.remark(&format!(
                "The current one stays valid until {}.",
                end.strftime("%F %H:%M UTC")
            )),
            None => question,
        }
    }

    async fn consent(
        &self,
        question: &Question,
        prepared: &Prepared,
        interrupt: &mut Interrupt,
    ) -> Result<Consent> {
        let yes = self.manner.writing.yes;
        if self.manner.output == Output::Json.into() && !yes && Terminal::is_there() {
            show_to_person(prepared, self.manner, self.ui);
        }
        obtain(question, yes, self.global, interrupt, self.ui).await
    }

    /// Whether it was another run that wrote first, as the cluster shows it; else the error.
    async fn by_whom(&self, before: &Prepared, error: Error) -> Result<Exit> {
        let again = self.prepare().await?;
        let uid = |prepared: &Prepared| {
            let current = prepared.found.as_ref()?.current.as_ref()?;
            Some(current.uid.clone())
        };
        let note = match occupied(&again) {
            Some(Occupied::ByRun(bound)) => self.by_another_run(&bound),
            _ if uid(&again).is_some() && uid(&again) != uid(before) => {
                "Another run has replaced the token. Nothing was written.".to_owned()
            }
            _ => return Err(error),
        };
        self.ui.note(&note);
        Ok(Ended::Elsewhere.into())
    }

    fn by_another_run(&self, bound: &BoundSecret) -> String {
        let created = bound.created.map(utc).unwrap_or_default();
        format!(
            "Another run is replacing the token: it created bound Secret {}/{} at {created}, whose token is not in use yet. Nothing was written.",
            self.spec.names.namespace, bound.name
        )
    }

    /// After a wait the credentials may be others: a Pod's token and CA are replaced in its files, and what a plugin gave
    /// may have ended.
    async fn connect_again(&mut self) -> Result<()> {
        self.cluster = connect(self.global, self.ui).await?;
        Ok(())
    }

    /// The part of the ordinary plan that is about the token.
    async fn prepare(&self) -> Result<Prepared> {
        let applies = self.manner.writing.apply;
        let mut prepared = prepare(self.spec, self.templates, &self.cluster, false).await?;
        prepared.plan.retain_token(&self.spec.names);
        // The configuration stays as it is.
        prepared.output = None;
        let guard = Guard {
            spec: self.spec,
            cluster: &self.cluster,
            global: self.global,
        };
        guard.check(&prepared).await?;
        let plan = &mut prepared.plan;
        if plan.changes.is_empty() {
            return Err(nothing_to_replace());
        }
        prepared.head.call = CommandLine::of(&self.global.arguments);
        if let Some(blocked) = Blocked::of(plan, &prepared.head) {
            return Err(blocked.error(false));
        }
        if plan.issues_token() {
            plan.renew_handle(&prepared.handle);
        }
        prepared.head.applying = applies;
        prepared.head.rotation = self.about(&prepared);
        if let Some(granted) = prepared.found.as_ref().and_then(|found| found.granted) {
            overlap(self.asked, granted.min(self.spec.duration))?;
        }
        Ok(prepared)
    }

    fn about(&self, prepared: &Prepared) -> Option<plan::Rotation> {
        let found = prepared.found.as_ref()?;
        Some(plan::Rotation {
            destination: place(self.spec, &found.place),
            current: found.current.clone(),
            reason: match prepared.verdict()? {
                Verdict::Keep(_) => None,
                Verdict::Issue(reason) => Some(reason.trim_start_matches("new token: ").to_owned()),
            },
            overlap: self.spec.renewal.overlap.0,
            now: found.now,
        })
    }
}

fn occupied(prepared: &Prepared) -> Option<Occupied> {
    prepared.decision.as_ref()?.occupied.clone()
}

/// The bound Secret of the token that a plan replaces, and its UID.
fn replaced(plan: &Plan) -> Option<(ObjectRef, String)> {
    let mut changes = plan.changes.iter();
    let change = changes.find(|change| change.stage == Stage::Handover)?;
    Some((change.target.object()?.clone(), change.uid.clone()?))
}

async fn until(end: Timestamp) -> Result<()> {
    let left = end.duration_since(Timestamp::now());
    tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
    Ok(())
}
