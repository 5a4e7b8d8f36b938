//! `monconf completions`: completion scripts for shells.

use clap_complete::Shell;

use crate::command::Cli;
use crate::error::Result;
use crate::outcome::{Ended, Exit};
use crate::ui::Ui;

/// Print a completion script for a shell
#[derive(clap::Args)]
pub struct Args {
    /// Which shell
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args, ui: &Ui) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Cli::for_program(ui.program),
        ui.program.word(),
        &mut script,
    );
    ui.out(&String::from_utf8_lossy(&script));
    Ok(Ended::Done.into())
}
