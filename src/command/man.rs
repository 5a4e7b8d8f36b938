//! `monconf man`: the manual page, of the program and of every command.

use clap_mangen::Man;

use crate::command::Cli;
use crate::error::{Error, Result};
use crate::outcome::{Ended, Exit};
use crate::ui::Ui;

/// Prints one page in roff: the program's, followed by those of its commands and of theirs.
pub fn run(ui: &Ui) -> Result<Exit> {
    let mut program = Cli::for_program(ui.program);
    program.build();
    let mut page = Vec::new();
    render(&program, &mut page)
        .map_err(|error| Error::usage(format!("cannot render the manual: {error}")))?;
    ui.out(&String::from_utf8_lossy(&page));
    Ok(Ended::Done.into())
}

fn render(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    Man::new(command.clone()).render(page)?;
    let commands = command.get_subcommands();
    commands
        .filter(|command| command.get_name() != "help")
        .try_for_each(|command| render(command, page))
}
