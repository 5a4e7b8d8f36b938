//! What the program is called: `monconf`, or `kubectl monconf` where kubectl runs it as a plugin.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

/// The program's verbs. A word behind its name that is one of them makes a call of it.
pub(crate) const VERBS: [&str; 14] = [
    "prometheus",
    "grafana-agent",
    "alloy",
    "verify",
    "rotate",
    "status",
    "remove",
    "preflight",
    "jobs",
    "rbac",
    "explain",
    "template",
    "completions",
    "man",
];

/// As what it was started. kubectl finds its plugins by their files' names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Program {
    /// By itself.
    #[default]
    Monconf,
    /// `kubectl monconf`: by kubectl, as the file `kubectl-monconf`.
    Plugin,
    /// By kubectl, as the file `kubectl_complete-monconf`, to tell how a line can go on.
    Completer,
}

impl Program {
    /// Told from the first of a program's arguments.
    #[must_use]
    pub fn called(argument: Option<&OsStr>) -> Self {
        match argument.and_then(|path| Path::new(path).file_name()?.to_str()) {
            Some("kubectl-monconf") => Self::Plugin,
            Some("kubectl_complete-monconf") => Self::Completer,
            _ => Self::Monconf,
        }
    }

    /// What is typed to call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monconf => "monconf",
            Self::Plugin | Self::Completer => "kubectl monconf",
        }
    }

    /// Its name in one word, as versions and manual pages have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Monconf => "monconf",
            Self::Plugin | Self::Completer => "kubectl-monconf",
        }
    }

    /// `text` with the calls of monconf in it as they are typed here. A call is the name and one of its commands or a flag.
    #[must_use]
    pub fn spell(self, text: &str) -> Cow<'_, str> {
        const NAME: &str = "monconf";
        if self == Self::Monconf || !text.contains(NAME) {
            return text.into();
        }
        let mut spelled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(NAME) {
            let (before, after) = (&rest[..at], &rest[at + NAME.len()..]);
            spelled.push_str(before);
            let is_call = begins_word(&spelled)
                && !spelled.ends_with("kubectl ")
                && argument(after)
                    .is_some_and(|word| word.starts_with("--") || VERBS.contains(&word));
            spelled.push_str(if is_call { self.name() } else { NAME });
            rest = after;
        }
        spelled.push_str(rest);
        spelled.into()
    }
}

/// Whether what comes next is not the end of a path or of another word.
fn begins_word(before: &str) -> bool {
    let last = before.chars().next_back();
    last.is_none_or(|last| !last.is_alphanumeric() && !"-_./".contains(last))
}

/// The word that a call begins with, from what follows its name.
fn argument(after: &str) -> Option<&str> {
    let words = after.strip_prefix(' ')?;
    let end = words.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    Some(&words[..end.unwrap_or(words.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_from_the_files_name() {
        for (argument, program) in [
            ("monconf", Program::Monconf),
            ("/opt/kubectl-monconf", Program::Plugin),
            ("kubectl-monconf", Program::Plugin),
            ("/opt/kubectl_complete-monconf", Program::Completer),
            ("kubectl-monconf/", Program::Plugin),
            ("/kubectl-monconf/monconf", Program::Monconf),
            ("", Program::Monconf),
        ] {
            assert_eq!(
                Program::called(Some(OsStr::new(argument))),
                program,
                "{argument}"
            );
        }
        assert_eq!(Program::called(None), Program::Monconf);
    }

    #[test]
    fn a_plugin_names_calls_as_kubectl_takes_them() {
        for (text, plugin) in [
            ("monconf verify", "kubectl monconf verify"),
            (
                "# why:\nmonconf verify\n",
                "# why:\nkubectl monconf verify\n",
            ),
            (
                "`monconf prometheus --apply` issues one",
                "`kubectl monconf prometheus --apply` issues one",
            ),
            (
                "kubectl create token x >t; monconf verify",
                "kubectl create token x >t; kubectl monconf verify",
            ),
            (
                "tail LOG | monconf explain",
                "tail LOG | kubectl monconf explain",
            ),
            (
                "with `monconf --version`",
                "with `kubectl monconf --version`",
            ),
            ("(monconf jobs)", "(kubectl monconf jobs)"),
            // What it is, not how it is called.
            ("a bug of monconf, and", "a bug of monconf, and"),
            (
                "kubectl and monconf no longer support",
                "kubectl and monconf no longer support",
            ),
            ("kubectl monconf verify", "kubectl monconf verify"),
            (
                "cargo playground /bin/monconf verify",
                "cargo playground /bin/monconf verify",
            ),
            ("monconf.yaml monconf", "monconf.yaml monconf"),
            ("monconf", "monconf"),
            ("", ""),
        ] {
            assert_eq!(Program::Plugin.spell(text), plugin);
            assert_eq!(Program::Monconf.spell(text), text);
        }
    }
}
