//! The flags of a run that may write.

use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use crate::command::SettingsFile;

/// How the command runs, as opposed to what it should achieve.
#[derive(clap::Args)]
#[command(next_help_heading = "What to do about it")]
pub(in crate::command) struct Mode {
    #[command(flatten)]
    pub(super) writing: Writing,

    /// Plan against nothing, without a cluster
    #[arg(long, env = "MONCONF_OFFLINE", hide_env_values = true, conflicts_with = "apply", value_parser = BoolishValueParser::new())]
    pub(super) offline: bool,

    /// What to print on standard output
    #[arg(
        short,
        long,
        env = "MONCONF_OUTPUT",
        hide_env_values = true,
        value_enum,
        default_value_t
    )]
    pub(super) output: Output,
}

/// The flags of every run that shows a plan and may write it.
#[derive(clap::Args)]
#[command(next_help_heading = "What to do about it")]
pub(in crate::command) struct Writing {
    #[command(flatten)]
    pub(in crate::command) file: SettingsFile,

    /// Write what the plan shows, after asking on the terminal; without a terminal, write it
    #[arg(long)]
    pub(in crate::command) apply: bool,

    /// Do not ask; without a terminal, required to delete an instance or move it to another destination
    #[arg(short, long)]
    pub(super) yes: bool,

    /// Exit with 2 when something is to be changed, 0 when nothing is
    #[arg(long, env = "MONCONF_DETAILED_EXITCODE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub(super) detailed_exitcode: bool,

    /// Unchanged lines around each change in a diff
    #[arg(
        long,
        env = "MONCONF_CONTEXT_LINES",
        hide_env_values = true,
        value_name = "N",
        default_value_t = 3
    )]
    pub(super) context_lines: usize,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::command) enum Output {
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

/// How one run shows its plan, and whether it writes it.
#[derive(Clone, Copy)]
pub(in crate::command) struct Manner<'a> {
    pub(in crate::command) writing: &'a Writing,
    pub(in crate::command) output: Output,
}
