//! The program's arguments. Doc comments are the help text.

use std::env;
use std::ffi::OsString;
use std::iter::successors;

use clap::builder::StyledStr;
use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser};

use super::alloy::WITH_METRICSINSTANCE;
use super::remove::PLACES;
use super::{Command, Global};
use crate::command_line::CommandLine;
use crate::error::{Error, Result};
use crate::program::Program;
use crate::spec::{Consumer, Settings};
use crate::words::joined;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    what a repetition does not mend, or a check that failed
  2    with --detailed-exitcode: something is to be changed, or due
  75   what a repetition may mend
  130  ended by SIGINT
  143  ended by SIGTERM";

/// Connects Prometheus, Grafana Agent and Alloy to Kubernetes clusters
///
/// From the scrape jobs that you want, monconf derives the least access that they need, creates
/// ServiceAccount, role and binding, issues a token and writes the configuration; and shows a diff
/// against what exists before it writes anything.
#[derive(Parser)]
#[command(name = "monconf", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// The same in words: `rotate`, `rbac diff`.
    #[arg(skip)]
    pub verb: String,
}

impl Cli {
    /// The program's arguments, each command with the flags that are for its consumer.
    #[must_use]
    pub fn for_consumers() -> clap::Command {
        let mut program = Self::command();
        for consumer in Consumer::ALL {
            if program.find_subcommand(consumer.name()).is_some() {
                program = program.mut_subcommand(consumer.name(), |command| {
                    command.mut_args(|argument| {
                        let is_foreign = argument
                            .get_long()
                            .is_some_and(|flag| !consumer.has_flag(flag));
                        // Given nevertheless, it is refused with the command that it is for.
                        if is_foreign {
                            argument.hide(true)
                        } else {
                            argument
                        }
                    })
                });
            }
        }
        // Files of as many instances as there are.
        program = program.mut_subcommand("status", |command| {
            command.mut_arg("token_dir", |argument| {
                argument
                    .action(ArgAction::Append)
                    .help("Folder of the files `token` and `ca.crt`; may be given several times")
                    .help_heading("What to show")
            })
        });
        program = program.mut_subcommand("remove", |command| {
            command.mut_args(|argument| {
                let says_what = argument.get_help_heading() == Some(Settings::HEADING);
                let flag = argument.get_long().unwrap_or_default().to_owned();
                // What is to be scraped, and with which rights, does not matter any more.
                if says_what && !PLACES.contains(&flag.as_str()) {
                    argument.hide(true)
                } else {
                    argument
                }
            })
        });
        program.mut_subcommand(Consumer::Alloy.name(), |command| {
            let others: Vec<clap::Id> = command
                .get_arguments()
                .map(|argument| argument.get_id().clone())
                .filter(|id| !WITH_METRICSINSTANCE.contains(&id.as_str()))
                .collect();
            command.mut_arg(WITH_METRICSINSTANCE[0], |argument| {
                argument.conflicts_with_all(others)
            })
        })
    }

    /// The same, with the name that the program is called by.
    #[must_use]
    pub fn for_program(program: Program) -> clap::Command {
        let command = Self::for_consumers()
            .name(program.word())
            .display_name(program.word())
            .bin_name(program.name());
        spelled(command, program)
    }

    /// Parses what the program was called with.
    ///
    /// # Errors
    /// What clap says, help and version included.
    pub fn read(
        program: Program,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let mut program = Self::for_program(program);
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let matches = program.try_get_matches_from_mut(&arguments)?;
        let mut cli =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut program))?;
        let words = arguments.iter().skip(1);
        let words = words.map(|word| word.to_string_lossy().into_owned());
        cli.global.arguments = words.collect();
        let verb = verb(&matches);
        Ok(Self { verb, ..cli })
    }
}

/// Flags that are consent to something dangerous. The environment gives settings, never consent.
const CONSENT: [&str; 4] = ["apply", "yes", "take-ownership", "allow-nodes-proxy"];

impl Cli {
    /// Refuses variables that look like consent, where the verb has their flag: ignored, they would turn a CronJob that
    /// sets them into one that writes nothing and succeeds.
    ///
    /// # Errors
    /// A usage error that names the flags.
    pub fn refuse_consent_of_environment(&self) -> Result<()> {
        let program = Self::for_consumers();
        let command = self
            .verb
            .split(' ')
            .try_fold(&program, |command, verb| command.find_subcommand(verb));
        let has = |flag: &str| {
            let mut arguments = command.into_iter().flat_map(clap::Command::get_arguments);
            arguments.any(|argument| argument.get_long() == Some(flag) && !argument.is_hide_set())
        };
        let (mut variables, mut flags) = (Vec::new(), Vec::new());
        for flag in CONSENT.into_iter().filter(|flag| has(flag)) {
            let variable = format!("MONCONF_{}", flag.replace('-', "_").to_uppercase());
            if env::var_os(&variable).is_some_and(|value| !value.is_empty()) {
                variables.push(variable);
                flags.push(format!("--{flag}"));
            }
        }
        if variables.is_empty() {
            return Ok(());
        }
        let given = CommandLine::of(&self.global.arguments);
        let line = flags.iter().fold(given, |line, flag| line.with(flag));
        Err(Error::usage_hint(
            format!(
                "{} in the environment: only flags give consent; nothing was written",
                joined(&variables)
            ),
            format!(
                "`unset {}`, and pass {}: `{}`",
                variables.join(" "),
                flags.join(" "),
                line
            ),
        ))
    }
}

fn verb(matches: &ArgMatches) -> String {
    let verbs = successors(matches.subcommand(), |(_, matches)| matches.subcommand());
    verbs.map(|(verb, _)| verb).collect::<Vec<_>>().join(" ")
}

/// The help of a command and of those within it, where calls are as they are typed.
fn spelled(mut command: clap::Command, program: Program) -> clap::Command {
    if program == Program::Monconf {
        return command;
    }
    let spell =
        |text: Option<&StyledStr>| text.map(|text| program.spell(&text.to_string()).into_owned());
    if let Some(about) = spell(command.get_about()) {
        command = command.about(about);
    }
    if let Some(about) = spell(command.get_long_about()) {
        command = command.long_about(about);
    }
    command
        .mut_args(|mut argument| {
            if let Some(help) = spell(argument.get_help()) {
                argument = argument.help(help);
            }
            if let Some(help) = spell(argument.get_long_help()) {
                argument = argument.long_help(help);
            }
            argument
        })
        .mut_subcommands(|command| spelled(command, program))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::VERBS;

    #[test]
    fn the_verbs_of_calls_are_those_of_the_program() {
        let program = Cli::command();
        let verbs = program.get_subcommands().map(clap::Command::get_name);
        assert_eq!(verbs.collect::<Vec<_>>(), VERBS);
    }
}
