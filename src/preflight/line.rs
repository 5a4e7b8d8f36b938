//! The command line of a preflight for the command line that is running.

use crate::quoted::shell_word;
use crate::spec::Consumer;

/// Flags with a value that say from where, and as whom: an administrator has their own.
const OWN: [&str; 2] = ["--kubeconfig", "--context"];
/// Flags with a value that say nothing about rights.
const WITH_VALUE: [&str; 12] = [
    "--log-format",
    "--result-file",
    "--request-timeout",
    "--timeout",
    "--color",
    "--overlap",
    "--nodes",
    "--concurrency",
    "--token-file",
    "--output-file",
    "--context-lines",
    "--output",
];
/// Flags without one.
const ALONE: [&str; 8] = [
    "--apply",
    "--yes",
    "-y",
    "--detailed-exitcode",
    "--if-due",
    "--wait",
    "--verbose",
    "--offline",
];
const TO_KUBECTL: &str = "| kubectl apply -f -";

/// The line that gives `user` what the command line `arguments` (without the program's name) takes; `None` for a command
/// that has no preflight.
#[must_use]
pub fn of_arguments(arguments: &[String], user: Option<&str>) -> Option<String> {
    let mut kept = Kept::of(arguments);
    let verb = kept.take_word()?;
    let is_consumer = Consumer::named(&verb).is_some();
    let (consumer, verb) = if is_consumer {
        (Some(verb), None)
    } else if ["verify", "rotate", "status", "remove"].contains(&verb.as_str()) {
        (kept.take_consumer(), Some(verb))
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
    words.extend(kept.words);
    Some(to_kubectl(words, user))
}

/// The line of a preflight again that prints roles, for `user`.
#[must_use]
pub fn with_output(arguments: &[String], user: Option<&str>) -> String {
    let kept = Kept::of(arguments);
    let is_told = kept
        .words
        .iter()
        .any(|word| word == "--as" || word.starts_with("--as="));
    let mut words = vec!["monconf".to_owned()];
    words.extend(kept.words);
    to_kubectl(words, user.filter(|_| !is_told))
}

fn to_kubectl(mut words: Vec<String>, user: Option<&str>) -> String {
    if let Some(user) = user {
        words.extend(["--as".to_owned(), user.to_owned()]);
    }
    words.extend(["-o".to_owned(), "yaml".to_owned()]);
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    format!("{} {TO_KUBECTL}", words.join(" "))
}

/// What of a command line matters.
struct Kept {
    words: Vec<String>,
    applies: bool,
}

impl Kept {
    fn of(arguments: &[String]) -> Self {
        let mut words = Vec::new();
        let mut applies = false;
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let flag = argument.split('=').next().unwrap_or_default();
            applies |= flag == "--apply";
            let is_short =
                |letter: &str| argument.starts_with(letter) && !argument.starts_with("--");
            if OWN.contains(&flag) || WITH_VALUE.contains(&flag) || argument == "-o" {
                if flag == argument {
                    arguments.next();
                }
            } else if !ALONE.contains(&flag) && !is_short("-v") && !is_short("-o") {
                words.push(argument.clone());
            }
        }
        Self { words, applies }
    }

    /// The first word that is no flag.
    fn take_word(&mut self) -> Option<String> {
        let first = self.words.first()?;
        (!first.starts_with('-')).then(|| self.words.remove(0))
    }

    /// A consumer's name, wherever it stands and is no flag's value.
    fn take_consumer(&mut self) -> Option<String> {
        let place = (0..self.words.len()).find(|&place| {
            let follows_flag = place > 0
                && self.words[place - 1].starts_with('-')
                && !self.words[place - 1].contains('=');
            Consumer::named(&self.words[place]).is_some() && !follows_flag
        })?;
        Some(self.words.remove(place))
    }
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
                of_arguments(&words, Some("jane")).as_deref(),
                Some(preflight)
            );
        }
        for line in ["rbac audit", "jobs", "", "--help"] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(of_arguments(&words, None), None, "{line}");
        }
        let words = ["preflight", "alloy", "-o", "json", "--as=a b"].map(str::to_owned);
        assert_eq!(
            with_output(&words, Some("jane")),
            "monconf preflight alloy '--as=a b' -o yaml | kubectl apply -f -"
        );
    }
}
