//! How a line of `kubectl monconf` can go on; kubectl asks with the words of the line, the last of which is not finished.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Arg, Command};

use crate::command::Cli;
use crate::program::Program;
use crate::ui::Ui;

/// What a shell does beside: what files there are is no answer here. See `ShellCompDirective` of cobra.
const NO_FILES: &str = ":4";
/// The shell completes a file's name.
const FILES: &str = ":0";

/// Prints a line for each word that may stand there, with its meaning after a tab, and what else the shell does.
pub fn run(words: impl IntoIterator<Item = OsString>, ui: &Ui) -> ExitCode {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let mut program = Cli::for_program(Program::Completer);
    program.build();
    let candidates = candidates(&program, &words);
    let directive = if candidates.is_empty() {
        FILES
    } else {
        NO_FILES
    };
    let lines = candidates.into_iter().chain([directive.to_owned()]);
    ui.out(&lines.map(|line| line + "\n").collect::<String>());
    ExitCode::SUCCESS
}

/// The words that may stand where the last of `words` stands.
fn candidates(program: &Command, words: &[String]) -> Vec<String> {
    let Some((unfinished, before)) = words.split_last() else {
        return Vec::new();
    };
    let command = before.iter().fold(program, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    });
    let valued = before.last().and_then(|flag| {
        let argument = flagged(command, flag)?;
        argument.get_action().takes_values().then_some(argument)
    });
    let all = match valued {
        Some(argument) => values(argument),
        None if unfinished.starts_with('-') => flags(command),
        None => names(command),
    };
    let mut lines: Vec<String> = all
        .into_iter()
        .filter(|(word, _)| word.starts_with(unfinished.as_str()))
        .map(|(word, meaning)| match meaning {
            Some(meaning) => format!("{word}\t{}", meaning.lines().next().unwrap_or_default()),
            None => word,
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// The flag of that name.
fn flagged<'a>(command: &'a Command, flag: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|argument| {
        match (flag.strip_prefix("--"), flag.strip_prefix('-')) {
            (Some(long), _) => argument.get_long() == Some(long),
            (None, Some(short)) => argument.get_short().is_some_and(|c| short == c.to_string()),
            (None, None) => false,
        }
    })
}

type Word = (String, Option<String>);

fn values(argument: &Arg) -> Vec<Word> {
    let values = argument.get_possible_values();
    let values = values.iter().filter(|value| !value.is_hide_set());
    values
        .map(|value| {
            let meaning = value.get_help().map(ToString::to_string);
            (value.get_name().to_owned(), meaning)
        })
        .collect()
}

fn flags(command: &Command) -> Vec<Word> {
    let arguments = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set());
    arguments
        .filter_map(|argument| {
            let meaning = argument.get_help().map(ToString::to_string);
            Some((format!("--{}", argument.get_long()?), meaning))
        })
        .collect()
}

/// Commands, and values of what stands without a flag.
fn names(command: &Command) -> Vec<Word> {
    let commands = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    commands
        .map(|command| {
            let meaning = command.get_about().map(ToString::to_string);
            (command.get_name().to_owned(), meaning)
        })
        .chain(command.get_positionals().flat_map(values))
        .collect()
}
