//! monconf connects Prometheus, Grafana Agent and Alloy to Kubernetes clusters: from scrape jobs it derives access, token and
//! configuration, and shows what would change before it changes anything.
//!
//! The modules are the data flow:
//!
//! ```text
//! spec ──► job ──► access ─┐
//!           │              ├─► plan ──► diff ──► (confirm) ──► apply
//!           └──► render ───┘     ▲                                  └──► verify
//!                     cluster, promfile (read)      cluster, promfile (write)
//! ```
//!
//! [`command`] holds one file per verb, [`prepare`] the way from a request to a plan, [`token`] the
//! decision about the token, [`reads`] what is asked of the cluster, [`preflight`] which rights that takes, [`splice`] the change of a list in somebody's text, [`alloy`] the language
//! of Alloy's configuration, [`translate`] the way to it from Grafana Agent's operator, [`status`] what is there and when
//! its tokens end, [`verify`] whether it works and why not where it does not. Only [`cluster`]
//! talks to Kubernetes, only [`promfile`] to files, only [`reload`] to the running Prometheus, only [`ui`]
//! to people; everything else takes and returns values.

pub mod access;
pub mod alloy;
pub mod apply;
pub mod cli;
pub mod cluster;
pub mod command;
pub mod diff;
pub mod error;
pub mod interrupt;
pub mod job;
pub mod mask;
pub mod object;
pub mod plan;
pub mod preflight;
pub mod prepare;
pub mod promfile;
pub mod reads;
pub mod reload;
pub mod render;
pub mod spec;
pub mod splice;
pub mod status;
pub mod token;
pub mod translate;
pub mod ui;
pub mod verify;
pub mod yaml;

mod quoted;

// Tests within may share what the others are made of.
#[cfg(test)]
extern crate self as monconf;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::Cli;
use crate::ui::Ui;

/// Parses `arguments`, runs the command and says what went wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::read(arguments.clone()) {
        Ok(cli) => cli,
        Err(message) => return ui::usage(&message),
    };
    let ui = Ui::new(cli.global.color, cli.global.verbose);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(cli.command.run(&cli.global, &ui));
            // A read of the terminal that nobody waits for any more must not hold the process.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(error::Error::usage(format!("cannot start: {error}"))),
    };
    result.unwrap_or_else(|error| {
        ui.error(&error);
        if let Some(line) = administrators_line(&error, &arguments) {
            ui.hint(&format!("let an administrator run `{line}`"));
        }
        ExitCode::from(error.exit_code())
    })
}

/// Where the caller lacks rights: the line that grants everything that this command line takes.
fn administrators_line(error: &error::Error, arguments: &[OsString]) -> Option<String> {
    let user = error.lacks_rights()?;
    let words = arguments.iter().skip(1);
    let words: Vec<String> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    preflight::of_arguments(&words, Some(user))
}
