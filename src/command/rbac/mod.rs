//! `monconf rbac`: what jobs need, what a cluster's roles allow, and to whom.

mod audit;
mod configurations;
mod diff;
mod explain;
mod files;

pub(super) use configurations::configurations;

use crate::command::Global;
use crate::error::Result;
use crate::outcome::Exit;
use crate::ui::Ui;

/// Exit code where something was found.
const FOUND: u8 = 2;

/// Explain which rights jobs need; find dangerous and superfluous ones
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
enum Verb {
    Audit(audit::Args),
    Diff(diff::Args),
    Explain(explain::Args),
}

/// Audits, compares or explains.
pub async fn run(args: Args, global: &Global, ui: &Ui) -> Result<Exit> {
    match args.verb {
        Verb::Audit(args) => audit::run(args, global, ui).await,
        Verb::Diff(args) => diff::run(args, global, ui).await,
        Verb::Explain(args) => explain::run(args, ui),
    }
}
