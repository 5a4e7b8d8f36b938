//! `monconf alloy`: access, token and configuration for Grafana Alloy.

use std::process::ExitCode;

use super::provision::{self, Mode};
use crate::cli::Global;
use crate::error::Result;
use crate::spec::{Consumer, Settings};
use crate::ui::Ui;

/// Connect Grafana Alloy: show what is missing, and write it with --apply
///
/// From the jobs it derives the least access that they need and plans the ServiceAccount, role and
/// binding, a token where Alloy's Pod does not have its own, and a configuration with one pipeline
/// for each job: on standard output, in a file or in a ConfigMap. Nothing is written without --apply.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,

    #[command(flatten)]
    mode: Mode,
}

/// Plans, and with `--apply` applies.
pub async fn run(args: Args, global: &Global, ui: &Ui) -> Result<ExitCode> {
    provision::run(Consumer::Alloy, args.settings, &args.mode, global, ui).await
}
