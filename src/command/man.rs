//! `monconf man`: the manual page, of the program and of every command.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::error::{Error, Result};
use crate::ui::Ui;

/// Prints one page in roff: the program's, followed by those of its commands.
pub fn run(ui: &Ui) -> Result<ExitCode> {
    let mut page = Vec::new();
    let mut program = Cli::command();
    program.build();
    let commands: Vec<clap::Command> = program.get_subcommands().cloned().collect();
    for command in std::iter::once(program).chain(commands) {
        if command.get_name() != "help" {
            Man::new(command)
                .render(&mut page)
                .map_err(|error| Error::usage(format!("cannot render the manual: {error}")))?;
        }
    }
    ui.out(&String::from_utf8_lossy(&page));
    Ok(ExitCode::SUCCESS)
}
