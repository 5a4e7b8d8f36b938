//! `monconf remove`: everything of one instance taken away, and nothing else.

use clap::ValueEnum;

use super::Whose;
use super::provision::{self, Manner, Run, Writing, connect};
use super::reload::Reload;
use crate::command::Global;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit, Outcome};
use crate::prepare::prepare_removal;
use crate::spec::{Settings, Spec};
use crate::ui::Ui;

/// Take an instance away: show what goes, and delete it with --apply
///
/// What carries the instance's labels goes, tokens first; its jobs go out of the files and keys that the
/// flags name, which are then what they were before. Objects and files of others stay, whatever they are
/// called. Nothing is deleted without --apply.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    whose: Whose,

    /// Delete the Namespace too, if monconf made it and nothing of others is in it
    #[arg(long, env = "MONCONF_DELETE_NAMESPACE", hide_env_values = true, value_parser = clap::builder::BoolishValueParser::new())]
    delete_namespace: bool,

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

/// The flags that say which instance goes, and where its jobs are.
pub const PLACES: [&str; 14] = [
    "existing-access",
    "name",
    "namespace",
    "config",
    "drop-in",
    "additional-scrape-configs",
    "configmap",
    "token-dir",
    "token-from",
    "agent-config",
    "backup",
    "rules-file",
    "reload",
    "prometheus-url",
];

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// The plan, for people
    #[default]
    Text,
    /// Every change, for programs
    Json,
}

impl From<Output> for provision::Output {
    fn from(output: Output) -> Self {
        match output {
            Output::Text => Self::Text,
            Output::Json => Self::Json,
        }
    }
}

/// Plans, and with `--apply` deletes.
pub async fn run(args: Args, global: &Global, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
    let settings = args.writing.file.beside(args.settings)?;
    let spec = Spec::for_removal(args.whose.consumer, settings)?;
    outcome.is_about(&spec.names);
    let applying = args.writing.apply;
    let mut interrupt = Interrupt::new(global.timeout())?;
    let reload = Reload::ask(&spec, applying, global, ui);
    let reload = interrupt.or(reload).await?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let run = Run {
        spec: &spec,
        cluster: &cluster,
        reload: reload.as_ref(),
        prepare: async || prepare_removal(&spec, &cluster, args.delete_namespace, applying).await,
        manner: Manner {
            writing: &args.writing,
            output: args.output.into(),
        },
        global,
        written: Ended::Removed,
        ui,
    };
    run.to_its_end(&mut interrupt, outcome).await
}
