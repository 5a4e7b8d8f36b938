//! The program's arguments. Doc comments are the help text.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser};

use crate::command::Command;
use crate::spec;
use crate::ui::ColorChoice;

/// Connects Prometheus to Kubernetes clusters
///
/// From the scrape jobs that you want, monconf derives the least access that they need, creates
/// ServiceAccount, role and binding, issues a token and writes the configuration; and shows a diff
/// against what exists before it writes anything.
#[derive(Parser)]
#[command(name = "monconf", version, max_term_width = 100)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Context of the kubeconfig to use
    #[arg(
        long,
        global = true,
        env = "MONCONF_CONTEXT",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub context: Option<String>,

    /// Kubeconfig file [default: $KUBECONFIG, else ~/.kube/config, else the Pod's own account]
    #[arg(
        long,
        global = true,
        env = "MONCONF_KUBECONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub kubeconfig: Option<PathBuf>,

    /// How long to wait for the answer to one request
    #[arg(
        long,
        global = true,
        env = "MONCONF_REQUEST_TIMEOUT",
        hide_env_values = true,
        value_name = "DURATION",
        default_value = "15s"
    )]
    request_timeout: spec::Duration,

    /// How long the whole run may take; waiting for your answer does not count
    #[arg(
        long,
        global = true,
        env = "MONCONF_TIMEOUT",
        hide_env_values = true,
        value_name = "DURATION",
        default_value = "5m"
    )]
    timeout: spec::Duration,

    /// When to colour the output
    #[arg(
        long,
        global = true,
        env = "MONCONF_COLOR",
        hide_env_values = true,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: ColorChoice,

    /// Print every request to standard error
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl Global {
    /// How long to wait for the answer to one request; at least a second.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout.as_secs().max(1))
    }

    /// How long the whole run may take; at least a second.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.as_secs().max(1))
    }
}
