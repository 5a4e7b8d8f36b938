//! The command line that runs, changed and as a line to paste.

use std::fmt;

use crate::quoted::shell_word;

/// The words behind the program's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    flags: Vec<String>,
    /// `--` and what follows it: no flags any more.
    rest: Vec<String>,
}

impl CommandLine {
    /// Of a program's arguments, without its name.
    #[must_use]
    pub fn of(arguments: &[String]) -> Self {
        let end = arguments.iter().position(|argument| argument == "--");
        let (flags, rest) = arguments.split_at(end.unwrap_or(arguments.len()));
        Self {
            flags: flags.to_vec(),
            rest: rest.to_vec(),
        }
    }

    /// Whether `flag` is given, with a value or without.
    #[must_use]
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|word| is_flag(word, flag))
    }

    /// The value that `flag` is given.
    #[must_use]
    pub fn value(&self, flag: &str) -> Option<&str> {
        let at = self.flags.iter().position(|word| is_flag(word, flag))?;
        match self.flags[at].split_once('=') {
            Some((_, value)) => Some(value),
            None => self.flags.get(at + 1).map(String::as_str),
        }
    }

    /// With `flag`, which has no value of its own.
    #[must_use]
    pub fn with(mut self, flag: &str) -> Self {
        if !self.has(flag) {
            self.flags.push(flag.to_owned());
        }
        self
    }

    /// Without `flag`, which has no value in the next word.
    #[must_use]
    pub fn without(mut self, flag: &str) -> Self {
        self.flags.retain(|word| !is_flag(word, flag));
        self
    }

    /// With `flag` and its value, in the place of another value.
    #[must_use]
    pub fn set(mut self, flag: &str, value: &str) -> Self {
        if let Some(at) = self.flags.iter().position(|word| is_flag(word, flag)) {
            let is_split = self.flags[at] == flag && at + 1 < self.flags.len();
            self.flags.drain(at..=at + usize::from(is_split));
        }
        self.flags.extend([flag.to_owned(), value.to_owned()]);
        self
    }
}

fn is_flag(word: &str, flag: &str) -> bool {
    word.strip_prefix(flag)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("monconf")?;
        let mut words = self.flags.iter().chain(&self.rest);
        words.try_for_each(|word| write!(f, " {}", shell_word(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str) -> CommandLine {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        CommandLine::of(&words)
    }

    #[test]
    fn flags_are_added_replaced_and_left_out() {
        for (changed, pasted) in [
            (line("remove --apply").with("--yes"), "remove --apply --yes"),
            (line("remove --yes").with("--yes"), "remove --yes"),
            (
                line("remove -- alloy").with("--yes"),
                "remove --yes -- alloy",
            ),
            (
                line("alloy --name a -v").set("--name", "b"),
                "alloy -v --name b",
            ),
            (
                line("alloy --name=a -v").set("--name", "b"),
                "alloy -v --name b",
            ),
            (
                line("alloy --namespace n").set("--name", "b c"),
                "alloy --namespace n --name 'b c'",
            ),
            (
                line("rotate --existing-access alloy").without("--existing-access"),
                "rotate alloy",
            ),
            (
                line("rotate --existing-access=true").without("--existing-access"),
                "rotate",
            ),
        ] {
            assert_eq!(changed.to_string(), format!("monconf {pasted}"));
        }
    }

    #[test]
    fn a_value_is_in_the_same_word_or_the_next() {
        for words in ["alloy --context lab", "alloy --context=lab -v"] {
            assert_eq!(line(words).value("--context"), Some("lab"));
        }
        for words in [
            "alloy --contexts lab",
            "alloy --context",
            "alloy -- --context lab",
        ] {
            assert_eq!(line(words).value("--context"), None, "{words}");
        }
    }
}
