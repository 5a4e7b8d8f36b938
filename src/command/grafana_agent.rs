//! `monconf grafana-agent`: access, token and configuration for Grafana Agent.

use std::process::ExitCode;

use super::provision::{self, Mode};
use crate::cli::Global;
use crate::error::Result;
use crate::spec::{Consumer, Settings};
use crate::ui::Ui;

/// Connect Grafana Agent: show what is missing, and write it with --apply
///
/// From the jobs it derives the least access that they need and plans the ServiceAccount, role and
/// binding, a token, and what Grafana Agent's operator reads: a GrafanaAgent, a MetricsInstance and
/// the jobs; or the configuration of an agent in static mode. Nothing is written without --apply.
/// Grafana Agent reached its end of life on 1 November 2025; `monconf alloy` serves its successor.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,

    #[command(flatten)]
    mode: Mode,
}

/// Plans, and with `--apply` applies.
pub async fn run(args: Args, global: &Global, ui: &Ui) -> Result<ExitCode> {
    provision::run(
        Consumer::GrafanaAgent,
        args.settings,
        &args.mode,
        global,
        ui,
    )
    .await
}
