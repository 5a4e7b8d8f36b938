//! `monconf alloy`: access, token and configuration for Grafana Alloy.

use clap::builder::BoolishValueParser;

use super::{provision, translate};
use crate::command::Global;
use crate::error::Result;
use crate::outcome::{Exit, Outcome};
use crate::spec::Consumer;
use crate::ui::Ui;

/// Connect Grafana Alloy: show what is missing, and write it with --apply
///
/// From the jobs it derives the least access that they need and plans the ServiceAccount, role and
/// binding, a token where Alloy's Pod does not have its own, and a configuration with one pipeline
/// for each job: on standard output, in a file or in a ConfigMap. Nothing is written without --apply.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    translate: Translate,

    #[command(flatten)]
    provision: provision::Provision,
}

/// From the objects of Grafana Agent's operator.
#[derive(clap::Args)]
#[command(next_help_heading = "Moving from Grafana Agent's operator")]
struct Translate {
    /// Translate this MetricsInstance, with all that it selects, and print it; no job is configured and nothing is written
    #[arg(
        long,
        env = "MONCONF_FROM_METRICSINSTANCE",
        hide_env_values = true,
        value_name = "NAMESPACE/NAME"
    )]
    from_metricsinstance: Option<String>,

    /// Print what can be translated where not everything can
    #[arg(long, env = "MONCONF_BYPASS_ERRORS", hide_env_values = true, requires = "from_metricsinstance", value_parser = BoolishValueParser::new())]
    bypass_errors: bool,
}

/// The arguments that go with `--from-metricsinstance`; all others are about what it does not do.
pub(crate) const WITH_METRICSINSTANCE: [&str; 3] =
    ["from_metricsinstance", "bypass_errors", "clustering"];

/// Plans, and with `--apply` applies.
pub async fn run(args: Args, global: &Global, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
    if let Some(of) = &args.translate.from_metricsinstance {
        let clustering = args.provision.settings.clustering;
        return translate::run(of, args.translate.bypass_errors, clustering, global, ui).await;
    }
    provision::run(Consumer::Alloy, args.provision, global, ui, outcome).await
}
