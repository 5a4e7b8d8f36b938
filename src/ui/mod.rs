//! The only module that prints or asks. Data goes to standard output, everything else to standard error.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this module is for"
)]

mod audit;
mod color;
mod compared;
mod diagnosis;
mod explanation;
mod plan;
mod preflight;
mod status;
mod verified;

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

pub use color::ColorChoice;
use color::{BOLD, Paint, RED, YELLOW};
pub use compared::Compared;

use crate::access::audit::Finding;
use crate::access::existing::Explanation;
use crate::cluster::Trace;
use crate::error::{Error, Result};
use crate::mask::{scrub, scrub_line};
use crate::plan::{Action, Change, Head, Plan};
use crate::preflight::Preflight;
use crate::status::Overview;
use crate::verify::Report;
use crate::verify::diagnosis::Finding as Diagnosed;

/// Which of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output: data.
    Out,
    /// Standard error: progress, warnings, hints.
    Err,
}

/// Prints and asks. Cheap to clone.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    color: ColorChoice,
    verbose: u8,
}

impl Ui {
    /// Colours as asked for; `verbose` counts `-v`.
    #[must_use]
    pub const fn new(color: ColorChoice, verbose: u8) -> Self {
        Self { color, verbose }
    }

    /// Data, as it is.
    pub fn out(&self, text: &str) {
        write(Stream::Out, text);
    }

    /// A line about what happened.
    pub fn note(&self, text: &str) {
        write(Stream::Err, &format!("{}\n", scrub(text)));
    }

    /// Something that the user should know.
    pub fn warn(&self, text: &str) {
        let word = self.paint(Stream::Err).with(YELLOW, "warning:");
        write(Stream::Err, &format!("{word} {}\n", scrub(text)));
    }

    /// One of several things that were found, each on a line.
    pub fn finding(&self, is_error: bool, text: &str) {
        let paint = self.paint(Stream::Err);
        let word = if is_error {
            paint.with(RED, "error:")
        } else {
            paint.with(BOLD, "note:")
        };
        write(Stream::Err, &format!("{word} {}\n", scrub_line(text)));
    }

    /// What the user can do next.
    pub fn hint(&self, text: &str) {
        let word = self.paint(Stream::Err).with(BOLD, "hint:");
        write(Stream::Err, &format!("{word} {}\n", scrub(text)));
    }

    /// What went wrong, and what to do about it.
    pub fn error(&self, error: &Error) {
        let word = self.paint(Stream::Err).with(RED, "error:");
        write(
            Stream::Err,
            &format!("{word} {}\n", scrub(&error.to_string())),
        );
        if let Some(hint) = error.hint() {
            self.hint(&hint);
        }
    }

    /// A printer of one line per request, with `-v`.
    #[must_use]
    pub fn tracer(&self) -> Trace {
        let ui = *self;
        (self.verbose > 0)
            .then(|| -> Arc<dyn Fn(&str) + Send + Sync> { Arc::new(move |line| ui.note(line)) })
    }

    /// The plan: head, table, diff and summary.
    pub fn plan(&self, plan: &Plan, head: &Head, context_lines: usize, stream: Stream) {
        write(
            stream,
            &plan::text(plan, head, context_lines, self.paint(stream)),
        );
    }

    /// What an audit found, by subject, and how to mend it.
    pub fn audit(&self, findings: &[Finding]) {
        let paint = self.paint(Stream::Out);
        write(Stream::Out, &audit::text(findings, paint));
    }

    /// What an identity may do against what it needs to.
    pub fn compared(&self, compared: &Compared<'_>) {
        let paint = self.paint(Stream::Out);
        write(Stream::Out, &compared::text(compared, paint));
    }

    /// What is wrong, and how to mend it.
    pub fn diagnosis(&self, findings: &[Diagnosed]) {
        let paint = self.paint(Stream::Out);
        write(Stream::Out, &diagnosis::text(findings, paint));
    }

    /// Which rights a command takes, and which are missing.
    pub fn preflight(&self, preflight: &Preflight) {
        let paint = self.paint(Stream::Out);
        write(Stream::Out, &preflight::text(preflight, paint));
    }

    /// Every instance and its token.
    pub fn status(&self, overview: &Overview) {
        write(
            Stream::Out,
            &status::text(overview, self.paint(Stream::Out)),
        );
    }

    /// Which job needs which right, and why.
    pub fn explanation(&self, explanations: &[Explanation]) {
        write(
            Stream::Out,
            &explanation::text(explanations, self.paint(Stream::Out)),
        );
    }

    /// What a verification found: the rows as data, the causes beside them.
    pub fn verified(&self, report: &Report) {
        write(
            Stream::Out,
            &verified::rows(report, self.paint(Stream::Out)),
        );
        write(
            Stream::Out,
            &verified::diagnoses(report, self.paint(Stream::Out)),
        );
    }

    /// How far a long run is, on a terminal alone: the line is written over, and gone in the end.
    pub fn progress(&self, what: &str, done: usize, of: usize) {
        const FEW: usize = 20;
        if of <= FEW || !io::stderr().is_terminal() {
            return;
        }
        let line = if done < of {
            format!("\r{done} of {of} {what}")
        } else {
            format!("\r{:width$}\r", "", width = what.len() + 30)
        };
        write(Stream::Err, &line);
    }

    /// That a change has been written.
    pub fn written(&self, change: &Change) {
        let line = plan::written(change, self.paint(Stream::Err));
        write(Stream::Err, &line);
    }

    /// The last line of an apply.
    pub fn applied(&self, plan: &Plan, took: Duration) {
        self.note(&format!(
            "Applied: {} created, {} changed, {} deleted in {:.2} s.",
            plan.count(&[Action::Create]),
            plan.count(&[Action::Update, Action::Replace]),
            plan.count(&[Action::Delete]),
            took.as_secs_f64(),
        ));
    }

    /// Whether there is somebody to ask: both ends of the conversation are a terminal.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks; only `y` and `yes` are a yes. Waits on a thread of its own, so that the caller can stop waiting.
    ///
    /// # Errors
    /// Where the terminal cannot be read.
    pub async fn confirm(&self, question: &str) -> Result<bool> {
        write(Stream::Err, &format!("{question} [y/N] "));
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).map(|_| line)
        })
        .await;
        match answer {
            Ok(Ok(line)) => {
                if !line.ends_with('\n') {
                    // The end of the input leaves the cursor behind the question.
                    write(Stream::Err, "\n");
                }
                Ok(matches!(
                    line.trim().to_ascii_lowercase().as_str(),
                    "y" | "yes"
                ))
            }
            Ok(Err(error)) => Err(Error::usage(format!("cannot read the answer: {error}"))),
            Err(error) => Err(Error::usage(format!("cannot read the answer: {error}"))),
        }
    }

    fn paint(self, stream: Stream) -> Paint {
        Paint::new(self.color, stream)
    }
}

/// Prints what clap has to say: help and version as data, everything else as an error of exit code 1.
#[must_use]
pub fn usage(message: &clap::Error) -> ExitCode {
    // A reader that went away, as `| head`, is no error of ours.
    let _ = message.print();
    if message.use_stderr() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// A reader that went away ends nothing: what is under way in the cluster is finished.
fn write(stream: Stream, text: &str) {
    let _ = match stream {
        Stream::Out => io::stdout()
            .lock()
            .write_all(text.as_bytes())
            .and_then(|()| io::stdout().flush()),
        Stream::Err => io::stderr().lock().write_all(text.as_bytes()),
    };
}
