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
//! [`command`] holds the tree of flags and one file per verb, [`program`] what it is called, [`prepare`] the way from a
//! request to a plan, [`token`] the decision about the token, [`rbac`] rights and who holds them, [`reads`] what is asked
//! of the cluster, [`preflight`] which rights a command takes, [`consent`] the question before something is written,
//! [`mark`] the comments that name the instance and the cluster of a text, [`splice`] the change of a list in somebody's
//! text, [`alloy`] the language of Alloy's configuration, [`translate`] the way to it from Grafana Agent's operator,
//! [`status`] what is there and when its tokens end, [`verify`] whether it works and why not where it does not,
//! [`outcome`] how a run ended, [`core_dumps`] that its memory stays its own. Only [`client`] talks to Kubernetes, by way
//! of [`cluster`], which knows what to ask; only [`promfile`] to files, only [`reload`] to the running Prometheus, only
//! [`ui`] to people; everything else takes and returns values. What knows nothing of monconf is a crate of its own:
//! `yaml`, and `promconf`, the model of a Prometheus configuration.

pub mod access;
pub mod alloy;
pub mod apply;
pub mod client;
pub mod cluster;
pub mod command;
pub mod command_line;
pub mod consent;
pub mod core_dumps;
pub mod diff;
pub mod error;
pub mod interrupt;
pub mod job;
pub mod mark;
pub mod mask;
pub mod object;
pub mod outcome;
pub mod plan;
pub mod preflight;
pub mod prepare;
pub mod program;
pub mod promfile;
pub mod rbac;
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

mod quoted;
mod words;

// Tests within may share what the others are made of.
#[cfg(test)]
extern crate self as monconf;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::command::{Cli, Told};
use crate::error::{Error, Result};
use crate::outcome::{Exit, Outcome};
use crate::program::Program;
use crate::ui::{ColorChoice, Ui};

/// Parses `arguments`, runs the command and says what went wrong, and how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let begun = Instant::now();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = Program::called(arguments.first().map(OsString::as_os_str));
    if program == Program::Completer {
        return command::complete::run(arguments.into_iter().skip(1), &Ui::default());
    }
    let cli = match Cli::read(program, arguments.iter().cloned()) {
        Ok(cli) => cli,
        Err(message) => return refuse(program, &message, &arguments, begun),
    };
    let global = &cli.global;
    let ui = Ui::new(program, global.color, global.log_format, global.verbose);
    let result_file = global.result_file.clone();
    let mut outcome = Outcome::new(Some(cli.verb.clone()));
    let (words, kubeconfig) = (global.arguments.clone(), global.kubeconfig.clone());
    let end = finish(cli, &ui, &mut outcome);
    if let Err(error) = &end {
        ui.error(error);
        if let Some(line) = administrators_line(error, &words, kubeconfig) {
            ui.hint(&format!("let an administrator run `{line}`"));
        }
    }
    tell(
        &outcome.ended(end.as_ref().copied(), begun.elapsed()),
        result_file.as_deref(),
        &ui,
    )
}

fn finish(cli: Cli, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
    cli.refuse_consent_of_environment()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::usage(format!("cannot start: {error}")))?;
    let end = runtime.block_on(cli.command.run(&cli.global, ui, outcome));
    // A read of the terminal that nobody waits for any more must not hold the process.
    runtime.shutdown_background();
    end
}

/// Help and version are no run.
fn refuse(
    program: Program,
    message: &clap::Error,
    arguments: &[OsString],
    begun: Instant,
) -> ExitCode {
    let Told {
        format,
        result_file,
    } = Told::of(arguments);
    let ui = Ui::new(program, ColorChoice::Auto, format, 0);
    ui.usage(message);
    if !message.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let error = Error::usage(ui::usage(message));
    let outcome = Outcome::new(None).ended(Err(&error), begun.elapsed());
    tell(&outcome, result_file.as_deref(), &ui)
}

/// The last words of a run, where they were asked for.
fn tell(outcome: &Outcome, result_file: Option<&Path>, ui: &Ui) -> ExitCode {
    let written = result_file.map(|file| promfile::put(file, &outcome.line()));
    if let Some(Err(error)) = written {
        ui.warn(&format!("how the run ended is not recorded: {error}"));
    }
    ui.outcome(outcome);
    ExitCode::from(outcome.exit_code())
}

/// Where the caller lacks rights: the line that grants everything that this command line takes.
fn administrators_line(
    error: &Error,
    arguments: &[String],
    kubeconfig: Option<PathBuf>,
) -> Option<String> {
    let user = error.lacks_rights()?;
    command::of_arguments(arguments, Some(user), client::is_in_pod(kubeconfig))
}
