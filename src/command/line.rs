//! The command line of a preflight for the command line that is running.

use std::any::TypeId;
use std::path::PathBuf;

use clap::{Arg, Command};

use super::Cli;
use super::alloy::WITH_METRICSINSTANCE;
use crate::quoted::shell_word;
use crate::spec::Consumer;

const TO_KUBECTL: &str = "| kubectl apply -f -";

/// The line that gives `user` what the command line `arguments` (without the program's name) takes; `None` for a command
/// that has no preflight, and where nobody else can run the line: its settings are on standard input, or in files of a Pod.
#[must_use]
pub fn of_arguments(arguments: &[String], user: Option<&str>, is_in_pod: bool) -> Option<String> {
    let kept = Kept::of(arguments, is_in_pod)?;
    let mut words = kept.words.into_iter();
    let verb = words.next()?;
    let is_consumer = Consumer::named(&verb).is_some();
    let (consumer, verb) = if is_consumer {
        (Some(verb), None)
    } else if ["verify", "rotate", "status", "remove"].contains(&verb.as_str()) {
        (words.next(), Some(verb))
    } else {
        return None;
    };
    let mut words = vec!["monconf".to_owned(), "preflight".to_owned()];
    words.extend(consumer);
    match verb {
        Some(verb) => words.extend(["--for".to_owned(), verb]),
        None if kept.applies => {}
        None => words.extend(["--for".to_owned(), "plan".to_owned()]),
    }
    words.extend(kept.flags);
    Some(to_kubectl(words, user))
}

/// The line of a preflight again that prints roles, for `user`; `None` where nobody else can run it.
#[must_use]
pub fn with_output(arguments: &[String], user: Option<&str>, is_in_pod: bool) -> Option<String> {
    let kept = Kept::of(arguments, is_in_pod)?;
    let mut flags = kept.flags.iter();
    let is_told = flags.any(|word| word == "--as" || word.starts_with("--as="));
    let mut words = vec!["monconf".to_owned()];
    words.extend(kept.words);
    words.extend(kept.flags);
    Some(to_kubectl(words, user.filter(|_| !is_told)))
}

/// The line of the consumer's command that writes, with what the command line `arguments` of another verb says; `None`
/// where that cannot be told.
#[must_use]
pub fn of_consumer(arguments: &[String], consumer: Consumer) -> Option<String> {
    let kept = Kept::of(arguments, false)?;
    let mut words = vec!["monconf".to_owned(), consumer.name().to_owned()];
    words.extend(kept.flags);
    words.extend(kept.to_cluster);
    words.push("--apply".to_owned());
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    Some(words.join(" "))
}

fn to_kubectl(mut words: Vec<String>, user: Option<&str>) -> String {
    if let Some(user) = user {
        words.extend(["--as".to_owned(), user.to_owned()]);
    }
    words.extend(["-o".to_owned(), "yaml".to_owned()]);
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    format!("{} {TO_KUBECTL}", words.join(" "))
}

/// What of a command line matters: what the preflight has a flag for too.
#[derive(Default)]
struct Kept {
    words: Vec<String>,
    flags: Vec<String>,
    /// The flags that say which cluster is meant.
    to_cluster: Vec<String>,
    applies: bool,
}

impl Kept {
    fn of(arguments: &[String], is_in_pod: bool) -> Option<Self> {
        let mut program = Cli::for_consumers();
        program.build();
        let preflight = program.find_subcommand("preflight")?;
        let mut command = &program;
        let mut kept = Self::default();
        let mut arguments = arguments.iter();
        while let Some(word) = arguments.next() {
            if !word.starts_with('-') {
                if kept.words.is_empty() {
                    command = program.find_subcommand(word)?;
                }
                kept.words.push(word.clone());
                continue;
            }
            let (flag, within) = flag(command, word)?;
            // Its plan is another than that of the flags.
            if flag.get_id() == WITH_METRICSINSTANCE[0] {
                return None;
            }
            kept.applies |= flag.get_long() == Some("apply");
            let takes_next = flag.get_action().takes_values() && within.is_none();
            let next = if takes_next { arguments.next() } else { None };
            if ["context", "kubeconfig"]
                .map(Some)
                .contains(&flag.get_long())
            {
                kept.to_cluster.push(word.clone());
                kept.to_cluster.extend(next.cloned());
            }
            if !is_kept(preflight, flag) {
                continue;
            }
            let value = within.or(next.map(String::as_str));
            let is_file = flag.get_value_parser().type_id() == TypeId::of::<PathBuf>();
            if is_file && (is_in_pod || value == Some("-")) {
                return None;
            }
            kept.flags.push(word.clone());
            kept.flags.extend(next.cloned());
        }
        Some(kept)
    }
}

/// An administrator has an own kubeconfig, and all else that is of every command says nothing about rights.
fn is_kept(preflight: &Command, flag: &Arg) -> bool {
    let mut known = preflight.get_arguments();
    let long = flag.get_long();
    long != Some("output")
        && !flag.is_global_set()
        && known.any(|known| known.get_long().is_some() && known.get_long() == long)
}

/// The flag that a word begins with, and its value where that is in the same word.
fn flag<'a, 'b>(command: &'a Command, word: &'b str) -> Option<(&'a Arg, Option<&'b str>)> {
    let mut arguments = command.get_arguments();
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let flag = arguments.find(|argument| argument.get_long() == Some(name))?;
        return Some((flag, value));
    }
    let short = word.strip_prefix('-')?;
    let mut letters = short.char_indices();
    let (_, letter) = letters.next()?;
    let flag = arguments.find(|argument| argument.get_short() == Some(letter))?;
    let rest = letters.as_str();
    let value = rest.strip_prefix('=').unwrap_or(rest);
    Some((flag, (!value.is_empty()).then_some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_turned_into_that_of_its_preflight() {
        for (line, preflight) in [
            (
                "prometheus --apply --yes --jobs apiserver",
                "monconf preflight prometheus --jobs apiserver --as jane -o yaml | kubectl apply -f -",
            ),
            (
                "--context prod alloy --remote-write https://m/write -v",
                "monconf preflight alloy --for plan --remote-write https://m/write --as jane -o yaml | kubectl apply -f -",
            ),
            (
                "rotate --overlap 0s --if-due --name alloy prometheus",
                "monconf preflight prometheus --for rotate --name alloy --as jane -o yaml | kubectl apply -f -",
            ),
            (
                "remove --delete-namespace --apply",
                "monconf preflight --for remove --delete-namespace --as jane -o yaml | kubectl apply -f -",
            ),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(
                of_arguments(&words, Some("jane"), false).as_deref(),
                Some(preflight)
            );
        }
        for line in [
            "rbac audit",
            "jobs",
            "",
            "--help",
            "prometheus --file - --apply",
            "prometheus -f- --apply",
            "alloy --from-metricsinstance a/b --bypass-errors",
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(of_arguments(&words, None, false), None, "{line}");
        }
        let words = ["preflight", "alloy", "-o", "json", "--as=a b"].map(str::to_owned);
        assert_eq!(
            with_output(&words, Some("jane"), false).as_deref(),
            Some("monconf preflight alloy '--as=a b' -o yaml | kubectl apply -f -")
        );
    }

    #[test]
    fn another_verb_s_command_line_is_turned_into_that_of_its_consumer() {
        for (line, command) in [
            (
                "rotate --if-due --overlap 0s --name ext --context lab --apply",
                "monconf prometheus --name ext --context lab --apply",
            ),
            (
                "--kubeconfig k rotate prometheus -n a --drop-in f.yml --wait",
                "monconf prometheus -n a --drop-in f.yml --kubeconfig k --apply",
            ),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let told = of_consumer(&words, Consumer::Prometheus);
            assert_eq!(told.as_deref(), Some(command));
        }
    }

    #[test]
    fn a_file_of_a_pod_is_nobody_elses() {
        for (line, is_there) in [
            ("prometheus --apply --file=/etc/monconf.yaml", false),
            ("rotate prometheus -f /etc/monconf.yaml", false),
            ("rotate prometheus --existing-access -vv", true),
            ("status --result-file /dev/termination-log", true),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let told = of_arguments(&words, Some("jane"), true);
            assert_eq!(told.is_some(), is_there, "{line}");
            assert!(of_arguments(&words, Some("jane"), false).is_some());
        }
    }
}
