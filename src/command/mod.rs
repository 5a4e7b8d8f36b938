//! One file per verb: its arguments and its `run`.

pub mod alloy;
mod cli;
pub mod complete;
pub mod completions;
mod consent;
pub mod explain;
mod global;
pub mod jobs;
mod line;
pub mod man;
pub mod preflight;
pub mod provision;
pub mod rbac;
mod reload;
pub mod remove;
pub mod rotate;
pub mod status;
pub mod template;
mod translate;
pub mod verify;

pub use self::cli::Cli;
pub use self::global::{Global, Told};
pub use self::line::{of_arguments, of_consumer, with_output};
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use crate::error::Result;
use crate::outcome::{Exit, Outcome};
use crate::spec::{Consumer, Settings};
use crate::ui::Ui;

/// What can be done. The help text is the doc comment of a verb's arguments, or of a variant whose arguments are those of
/// several verbs.
#[derive(Subcommand)]
#[allow(
    missing_docs,
    reason = "a doc comment would take the place of the arguments' own"
)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Command {
    /// Connect Prometheus: show what is missing, and write it with --apply
    ///
    /// From the jobs it derives the least access that they need and plans the ServiceAccount, role and
    /// binding, a token, and the configuration that Prometheus or prometheus-operator reads. The plan is a
    /// diff against what exists in the cluster and on disk. Nothing is written without --apply.
    Prometheus(provision::Provision),
    /// Connect Grafana Agent: show what is missing, and write it with --apply
    ///
    /// From the jobs it derives the least access that they need and plans the ServiceAccount, role and
    /// binding, a token, and what Grafana Agent's operator reads: a GrafanaAgent, a MetricsInstance and
    /// the jobs; or the configuration of an agent in static mode. Nothing is written without --apply.
    /// Grafana Agent reached its end of life on 1 November 2025; `monconf alloy` serves its successor.
    GrafanaAgent(provision::Provision),
    Alloy(alloy::Args),
    Verify(verify::Args),
    Rotate(rotate::Args),
    Status(status::Args),
    Remove(remove::Args),
    Preflight(preflight::Args),
    Jobs(jobs::Args),
    Rbac(rbac::Args),
    Explain(explain::Args),
    Template(template::Args),
    Completions(completions::Args),
    /// Print the manual page
    Man,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// The plan and its diff, for people
    #[default]
    Text,
    /// Every change with path, old and new value, for programs
    Json,
    /// The manifests, without any token
    Yaml,
}

/// Whose access a command is about.
#[derive(clap::Args)]
pub struct Whose {
    /// The consumer: prometheus, grafana-agent or alloy
    #[arg(
        env = "MONCONF_CONSUMER",
        hide_env_values = true,
        value_name = "CONSUMER",
        value_enum,
        hide_possible_values = true,
        default_value_t
    )]
    consumer: Consumer,
}

/// Where settings stand beside the flags.
#[derive(clap::Args)]
pub struct SettingsFile {
    /// Settings file; flags win over it [default: monconf.yaml, if there is one]
    #[arg(
        short,
        long,
        env = "MONCONF_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    file: Option<PathBuf>,
}

impl SettingsFile {
    /// The flags' settings, and for those not given the file's.
    fn beside(&self, flags: Settings) -> Result<Settings> {
        flags.or_file(self.file.as_deref())
    }
}

impl Command {
    /// Runs it. What it comes to know of its own work, `outcome` gets.
    ///
    /// # Errors
    /// What ends it early.
    pub async fn run(self, global: &Global, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
        // Each has a future of its own size, and not all of them fit on the stack one within the other.
        match self {
            Self::Prometheus(args) => {
                Box::pin(provision::run(
                    Consumer::Prometheus,
                    args,
                    global,
                    ui,
                    outcome,
                ))
                .await
            }
            Self::Alloy(args) => Box::pin(alloy::run(args, global, ui, outcome)).await,
            Self::GrafanaAgent(args) => {
                Box::pin(provision::run(
                    Consumer::GrafanaAgent,
                    args,
                    global,
                    ui,
                    outcome,
                ))
                .await
            }
            Self::Verify(args) => Box::pin(verify::run(args, global, ui, outcome)).await,
            Self::Rotate(args) => Box::pin(rotate::run(args, global, ui, outcome)).await,
            Self::Status(args) => Box::pin(status::run(args, global, ui, outcome)).await,
            Self::Remove(args) => Box::pin(remove::run(args, global, ui, outcome)).await,
            Self::Preflight(args) => Box::pin(preflight::run(args, global, ui)).await,
            Self::Jobs(args) => jobs::run(args, ui),
            Self::Rbac(args) => Box::pin(rbac::run(args, global, ui)).await,
            Self::Explain(args) => explain::run(&args, ui),
            Self::Template(args) => template::run(args, ui),
            Self::Completions(args) => completions::run(&args, ui),
            Self::Man => man::run(ui),
        }
    }
}
