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
mod log;
mod plan;
mod preflight;
mod status;
mod terminal;
mod verified;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

pub use color::ColorChoice;
use color::{BOLD, Paint, RED, YELLOW};
pub use compared::Compared;
use log::Level;
pub use log::LogFormat;
use serde::Serialize;
use serde_json::json;
pub use terminal::Terminal;

use crate::access::existing::Explanation;
use crate::client::Trace;
use crate::error::Error;
use crate::mask::{hide_own, scrub, scrub_line};
use crate::outcome::Outcome;
use crate::plan::{Action, Blocked, Change, Head, Plan};
use crate::preflight::Preflight;
use crate::program::Program;
use crate::rbac::audit::Finding;
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
#[derive(Clone, Copy, Debug, Default)]
pub struct Ui {
    /// What the program is called in what is said.
    pub program: Program,
    color: ColorChoice,
    format: LogFormat,
    verbose: u8,
}

impl Ui {
    /// Colours and lines as asked for; `verbose` counts `-v`.
    #[must_use]
    pub const fn new(program: Program, color: ColorChoice, format: LogFormat, verbose: u8) -> Self {
        Self {
            program,
            color,
            format,
            verbose,
        }
    }

    /// Data, as it is.
    pub fn out(&self, text: &str) {
        write(Stream::Out, text);
    }

    /// A line about what happened.
    pub fn note(&self, text: &str) {
        self.log(Level::Info, &scrub(text), (), None);
    }

    /// Something that the user should know.
    pub fn warn(&self, text: &str) {
        self.log(Level::Warn, &scrub(text), (), Some((YELLOW, "warning:")));
    }

    /// One of several things that were found, each on a line.
    pub fn finding(&self, is_error: bool, text: &str) {
        let (level, word) = if is_error {
            (Level::Error, (RED, "error:"))
        } else {
            (Level::Info, (BOLD, "note:"))
        };
        self.log(level, &scrub_line(text), (), Some(word));
    }

    /// What the user can do next.
    pub fn hint(&self, text: &str) {
        let kind = json!({"kind": "hint"});
        self.log(Level::Info, &scrub(text), kind, Some((BOLD, "hint:")));
    }

    /// What went wrong, and what to do about it.
    pub fn error(&self, error: &Error) {
        if let Error::Blocked { is_shown: true, .. } = error
            && self.format == LogFormat::Text
            && io::stdout().is_terminal()
            && io::stderr().is_terminal()
        {
            // The plan on the same terminal has just said why.
            let word = Some((RED, "error:"));
            return self.log(Level::Error, "the plan is blocked", (), word);
        }
        let hint = error.hint();
        let more = hint.as_deref().map(|hint| json!({"hint": scrub(hint)}));
        let word = Some((RED, "error:"));
        self.log(Level::Error, &scrub(&error.to_string()), more, word);
        if let Some(hint) = hint.filter(|_| self.format == LogFormat::Text) {
            self.hint(&hint);
        }
    }

    /// What clap has to say: help and version as data, everything else as an error.
    pub fn usage(&self, message: &clap::Error) {
        if !message.use_stderr() || self.format == LogFormat::Text {
            // A reader that went away, as `| head`, is no error of ours.
            let _ = message.print();
            return;
        }
        self.log(Level::Error, &usage(message), (), None);
    }

    /// The last line of a run whose lines are for programs.
    pub fn outcome(&self, outcome: &Outcome) {
        if self.format == LogFormat::Json {
            let (level, message) = if outcome.is_good() {
                (Level::Info, "done")
            } else {
                (Level::Error, "failed")
            };
            write(Stream::Err, &log::json(level, message, outcome));
        }
    }

    /// A printer of one line per request, with `-v`.
    #[must_use]
    pub fn tracer(&self) -> Trace {
        let ui = *self;
        (self.verbose > 0).then(|| -> Arc<dyn Fn(&str) + Send + Sync> {
            Arc::new(move |line| ui.log(Level::Debug, &scrub(line), (), None))
        })
    }

    /// One line, or one object. `more` are fields that only the object has, the word is for people.
    fn log(&self, level: Level, text: &str, more: impl Serialize, word: Option<(&str, &str)>) {
        let text = &self.program.spell(text);
        let line = match (self.format, word) {
            (LogFormat::Json, _) => log::json(level, text, more),
            (LogFormat::Text, None) => format!("{text}\n"),
            (LogFormat::Text, Some((color, word))) => {
                let word = self.paint(Stream::Err).with(color, word);
                format!("{word} {text}\n")
            }
        };
        write(Stream::Err, &line);
    }

    /// The plan: head, table, diff and summary.
    pub fn plan(&self, plan: &Plan, head: &Head, context_lines: usize, stream: Stream) {
        let text = plan::text(plan, head, context_lines, self.paint(stream));
        match (stream, self.format) {
            (Stream::Err, LogFormat::Json) => self.log(Level::Info, &text, (), None),
            _ => write(stream, &text),
        }
        // On standard error the error follows.
        if stream == Stream::Out
            && let Some(blocked) = Blocked::of(plan, head)
        {
            self.say(stream, &plan::blocked(&blocked, self.paint(stream)));
        }
    }

    /// What an audit found, by subject, and how to mend it.
    pub fn audit(&self, findings: &[Finding]) {
        let paint = self.paint(Stream::Out);
        self.say(Stream::Out, &audit::text(findings, paint));
    }

    /// What an identity may do against what it needs to.
    pub fn compared(&self, compared: &Compared<'_>) {
        let paint = self.paint(Stream::Out);
        self.say(Stream::Out, &compared::text(compared, paint));
    }

    /// What is wrong, and how to mend it.
    pub fn diagnosis(&self, findings: &[Diagnosed]) {
        let paint = self.paint(Stream::Out);
        self.say(Stream::Out, &diagnosis::text(findings, paint));
    }

    /// Which rights a command takes, and which are missing.
    pub fn preflight(&self, preflight: &Preflight) {
        let paint = self.paint(Stream::Out);
        self.say(Stream::Out, &preflight::text(preflight, paint));
    }

    /// Roles as manifests, whose comments name calls of the program.
    pub fn roles(&self, manifests: &str) {
        self.say(Stream::Out, manifests);
    }

    /// Every instance and its token.
    pub fn status(&self, overview: &Overview) {
        self.say(
            Stream::Out,
            &status::text(overview, self.paint(Stream::Out)),
        );
    }

    /// Which job needs which right, and why.
    pub fn explanation(&self, explanations: &[Explanation]) {
        self.say(
            Stream::Out,
            &explanation::text(explanations, self.paint(Stream::Out)),
        );
    }

    /// What a verification found: the rows as data, the causes beside them.
    pub fn verified(&self, report: &Report) {
        self.say(
            Stream::Out,
            &verified::rows(report, self.paint(Stream::Out)),
        );
        self.say(
            Stream::Out,
            &verified::diagnoses(report, self.paint(Stream::Out)),
        );
    }

    /// How far a long run is, for people at a terminal alone: the line is written over, and gone in the end.
    pub fn progress(&self, what: &str, done: usize, of: usize) {
        const FEW: usize = 20;
        if of <= FEW || self.format == LogFormat::Json || !io::stderr().is_terminal() {
            return;
        }
        let line = if done < of {
            format!("\r{done} of {of} {what}")
        } else {
            format!("\r{:width$}\r", "", width = what.len() + 30)
        };
        self.say(Stream::Err, &line);
    }

    /// That a change has been written.
    pub fn written(&self, change: &Change) {
        let word = plan::word(change.action);
        let target = scrub(&change.target.to_string());
        if self.format == LogFormat::Json {
            let more = json!({"action": word, "target": target});
            self.log(Level::Info, &format!("{target} {word}"), more, None);
        } else {
            let line = plan::written(&target, word, self.paint(Stream::Err));
            write(Stream::Err, &line);
        }
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

    /// Whether standard input is typed by a person who reads standard error. It never decides whether something is
    /// written: [`Terminal`] does.
    #[must_use]
    pub fn input_is_typed(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints words of the program, not of others: calls of it are written as they are typed.
    fn say(self, stream: Stream, text: &str) {
        write(stream, &self.program.spell(text));
    }

    fn paint(self, stream: Stream) -> Paint {
        match (stream, self.format) {
            (Stream::Err, LogFormat::Json) => Paint::plain(),
            _ => Paint::new(self.color, stream),
        }
    }
}

/// What clap says is wrong, in words without its own heading.
#[must_use]
pub fn usage(message: &clap::Error) -> String {
    let text = scrub(&message.render().to_string());
    text.strip_prefix("error: ")
        .unwrap_or(&text)
        .trim()
        .to_owned()
}

/// A reader that went away ends nothing: what is under way in the cluster is finished. Whatever the text is made of, it
/// holds no credential of this run.
fn write(stream: Stream, text: &str) {
    let text = hide_own(text);
    let _ = match stream {
        Stream::Out => io::stdout()
            .lock()
            .write_all(text.as_bytes())
            .and_then(|()| io::stdout().flush()),
        Stream::Err => io::stderr().lock().write_all(text.as_bytes()),
    };
}
