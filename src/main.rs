//! The `monconf` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    monconf::run(std::env::args_os())
}
