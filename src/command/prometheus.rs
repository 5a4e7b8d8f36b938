//! `monconf prometheus`: access, token and configuration for Prometheus.

use std::process::ExitCode;

use super::provision::{self, Mode};
use crate::cli::Global;
use crate::error::Result;
use crate::spec::{Consumer, Settings};
use crate::ui::Ui;

/// Connect Prometheus: show what is missing, and write it with --apply
///
/// From the jobs it derives the least access that they need and plans the ServiceAccount, role and
/// binding, a token, and the configuration that Prometheus or prometheus-operator reads. The plan is a
/// diff against what exists in the cluster and on disk. Nothing is written without --apply.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,

    #[command(flatten)]
    mode: Mode,
}

/// Plans, and with `--apply` applies.
pub async fn run(args: Args, global: &Global, ui: &Ui) -> Result<ExitCode> {
    provision::run(Consumer::Prometheus, args.settings, &args.mode, global, ui).await
}
