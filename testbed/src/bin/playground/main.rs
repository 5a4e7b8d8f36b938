//! A real cluster without nodes to try monconf in: `cargo playground up`, then `cargo playground monconf …`.

#![allow(clippy::print_stdout, reason = "a command prints its answer")]

mod command;
mod down;
mod sample;
mod say;
mod state;
mod up;

use std::any::Any;
use std::panic;
use std::process::ExitCode;

use clap::Parser;

use command::Command;
use say::say;

/// A real API server with the Prometheus Operator's kinds, on loopback, to try monconf in.
#[derive(Parser)]
#[command(name = "playground", bin_name = "cargo playground", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    // The testbed panics with a sentence; the thread and line of the panic say nothing to a user.
    panic::set_hook(Box::new(|info| {
        say(&format!("error: {}", sentence(info.payload())));
    }));
    match Arguments::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            say(&format!("error: {e}"));
            ExitCode::FAILURE
        }
    }
}

fn sentence(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("unknown")
}
