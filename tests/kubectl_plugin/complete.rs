//! What kubectl's own completion, in any shell, learns of the plugin.

use super::called::{Plugin, run};

/// The words that kubectl proposes for the last of `words`, and what it lets the shell do beside.
fn proposed(words: &[&str]) -> (Vec<String>, String) {
    let plugin = Plugin::new();
    let run = run(plugin.kubectl(&[&["__complete", "monconf"], words].concat())).ok();
    let mut lines: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
    let directive = lines.pop().unwrap();
    let words = lines
        .iter()
        .map(|line| line.split('\t').next().unwrap().to_owned());
    (words.collect(), directive)
}

const NO_FILES: &str = ":4";

#[test]
fn commands_flags_and_values_are_proposed() {
    for (words, expected) in [
        (&["rb"][..], &["rbac"][..]),
        (&["rbac", ""], &["audit", "diff", "explain", "help"]),
        (&["prometheus", "--kubelet-i"], &["--kubelet-insecure-tls"]),
        (&["--colo"], &["--color"]),
        (&["prometheus", "--color", ""], &["always", "auto", "never"]),
        (&["completions", "z"], &["zsh"]),
    ] {
        let (proposed, directive) = proposed(words);
        assert_eq!(proposed, expected, "{words:?}");
        assert_eq!(directive, NO_FILES, "{words:?}");
    }
}

#[test]
fn where_nothing_is_known_the_shell_proposes_files() {
    for words in [
        &["prometheus", "--config", ""][..],
        &["explain", "lo"],
        &["nothing", "x"],
    ] {
        assert_eq!(proposed(words), (Vec::new(), ":0".to_owned()), "{words:?}");
    }
}
