//! What the commands of all consumers share: plan, show, ask, apply.

mod mode;
mod run;
mod show;
mod write;

use self::run::{planned, refuse_blocked};
use super::reload::Reload;
use crate::client::{Cluster, ConnectOptions};
use crate::command::Global;
use crate::command_line::CommandLine;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit, Outcome};
use crate::prepare::{prepare, prepare_offline};
use crate::render::Templates;
use crate::spec::{Consumer, Settings, Spec};
use crate::ui::Ui;

pub(super) use self::mode::{Manner, Mode, Output, Writing};
pub(super) use self::run::{CHANGES_PENDING, Run};
pub(super) use self::show::{show, show_to_person};

/// What the command of a consumer takes.
#[derive(clap::Args)]
pub struct Provision {
    #[command(flatten)]
    pub(super) settings: Settings,

    #[command(flatten)]
    mode: Mode,
}

/// Plans for `consumer`, shows the plan, and with `--apply` writes it.
pub(super) async fn run(
    consumer: Consumer,
    asked: Provision,
    global: &Global,
    ui: &Ui,
    outcome: &mut Outcome,
) -> Result<Exit> {
    let Provision { settings, mode } = asked;
    let settings = mode.writing.file.beside(settings)?;
    let templates = Templates::load(settings.templates.as_deref())?;
    let spec = Spec::new(consumer, settings)?;
    outcome.is_about(&spec.names);
    spec.check_destination()?;
    if let Some(version) = spec.version {
        spec.check_version(version)?;
    }
    let manner = Manner {
        writing: &mode.writing,
        output: mode.output,
    };
    if mode.offline {
        let mut prepared = prepare_offline(&spec, &templates)?;
        prepared.head.call = CommandLine::of(&global.arguments);
        outcome.plans(&prepared.plan);
        show(&prepared, manner, ui);
        refuse_blocked(&prepared, manner.shows(&prepared))?;
        return Ok(planned(&prepared.plan, manner));
    }
    let mut interrupt = Interrupt::new(global.timeout())?;
    let applying = mode.writing.apply;
    let reload = Reload::ask(&spec, applying, global, ui);
    let reload = interrupt.or(reload).await?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let run = Run {
        spec: &spec,
        cluster: &cluster,
        reload: reload.as_ref(),
        prepare: async || prepare(&spec, &templates, &cluster, applying).await,
        manner,
        global,
        written: Ended::Applied,
        ui,
    };
    run.to_its_end(&mut interrupt, outcome).await
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
