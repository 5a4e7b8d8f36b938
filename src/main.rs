//! The `monconf` program.

use std::process::ExitCode;

use monconf::core_dumps;
use monconf::ui::Ui;

fn main() -> ExitCode {
    // First of all: from here on memory may hold tokens.
    if let Err(error) = core_dumps::disable() {
        Ui::default().error(&error);
        return ExitCode::FAILURE;
    }
    monconf::run(std::env::args_os())
}
