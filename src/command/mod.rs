//! One file per verb: its arguments and its `run`.

pub mod alloy;
pub mod completions;
pub mod grafana_agent;
pub mod jobs;
pub mod man;
pub mod prometheus;
mod provision;
pub mod rbac;
mod reload;
pub mod remove;
pub mod template;
mod translate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use crate::cli::Global;
use crate::error::Result;
use crate::spec::{Consumer, Settings};
use crate::ui::Ui;

/// What can be done.
#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Command {
    /// Connect Prometheus: show what is missing, and write it with --apply
    Prometheus(prometheus::Args),
    /// Connect Grafana Agent: show what is missing, and write it with --apply
    GrafanaAgent(grafana_agent::Args),
    /// Connect Grafana Alloy: show what is missing, and write it with --apply
    Alloy(alloy::Args),
    /// Take an instance away: show what goes, and delete it with --apply
    Remove(remove::Args),
    /// List the jobs that can be configured, with the rights that they need
    Jobs(jobs::Args),
    /// Explain which rights jobs need; find dangerous and superfluous ones
    Rbac(rbac::Args),
    /// List, show or eject the built-in templates
    Template(template::Args),
    /// Print a completion script for a shell
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
    /// Runs it.
    pub async fn run(self, global: &Global, ui: &Ui) -> Result<ExitCode> {
        match self {
            Self::Prometheus(args) => prometheus::run(args, global, ui).await,
            Self::Alloy(args) => alloy::run(args, global, ui).await,
            Self::GrafanaAgent(args) => grafana_agent::run(args, global, ui).await,
            Self::Remove(args) => remove::run(args, global, ui).await,
            Self::Jobs(args) => jobs::run(&args, ui),
            Self::Rbac(args) => rbac::run(args, global, ui).await,
            Self::Template(args) => template::run(args, ui),
            Self::Completions(args) => completions::run(&args, ui),
            Self::Man => man::run(ui),
        }
    }
}
