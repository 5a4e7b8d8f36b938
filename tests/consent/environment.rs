//! The environment holds settings, never consent: a variable that looks like it is refused, not ignored.

use clap::Command;
use monconf::command::Cli;
use testbed::ControlPlane;

use super::writes;
use crate::support::Monconf;
use crate::support::paste::last_line;

const FLAGS: [&str; 4] = ["apply", "yes", "take-ownership", "allow-nodes-proxy"];

fn variable(flag: &str) -> String {
    format!("MONCONF_{}", flag.replace('-', "_").to_uppercase())
}

/// Every verb as words, with the flags that its help shows.
fn verbs(command: &Command, words: &[String], told: &mut impl FnMut(&[String], &[&str])) {
    for verb in command.get_subcommands() {
        let words = [words, &[verb.get_name().to_owned()]].concat();
        let shown = verb
            .get_arguments()
            .filter(|argument| !argument.is_hide_set());
        let flags: Vec<&str> = shown.filter_map(|argument| argument.get_long()).collect();
        if verb.has_subcommands() {
            verbs(verb, &words, told);
        } else {
            told(&words, &flags);
        }
    }
}

#[test]
fn every_verb_that_has_the_flag_refuses_its_variable() {
    let (mut refused, mut others) = (0, 0);
    verbs(&Cli::for_consumers(), &[], &mut |verb, flags| {
        for flag in FLAGS {
            let run = Monconf::new(verb).env(&variable(flag), "true").run();
            let said = format!("error: {} in the environment: ", variable(flag));
            let is_refused = run.stderr.contains(&said);
            assert_eq!(
                is_refused,
                flags.contains(&flag),
                "{verb:?}: {}",
                run.stderr
            );
            if is_refused {
                refused += 1;
                assert_eq!(run.code, 1, "{verb:?}");
                assert_eq!(run.stdout, "", "{verb:?}");
                let hint = format!(
                    "hint: `unset {}`, and pass --{flag}: `monconf ",
                    variable(flag)
                );
                assert!(run.stderr.contains(&hint), "{}", run.stderr);
            } else {
                others += 1;
            }
            // Empty, it says nothing.
            let run = Monconf::new(verb).env(&variable(flag), "").run();
            assert!(!run.stderr.contains(&said), "{verb:?}: {}", run.stderr);
        }
    });
    assert!(refused > 15 && others > 15, "{refused} {others}");
}

#[test]
fn a_call_of_before_writes_nothing_and_says_what_to_write_instead() {
    let scope = ControlPlane::shared().scope("environment");
    for (set, given, line) in [
        (&["apply"][..], &[][..], " --apply"),
        (&["apply", "yes"], &[], " --apply --yes"),
        (&["yes"], &["--apply"], " --apply --yes"),
        (&["apply"], &["--apply"], " --apply"),
        (
            &["take-ownership"],
            &["--apply"],
            " --apply --take-ownership",
        ),
    ] {
        let mut call = Monconf::prometheus(&scope, given);
        for flag in set {
            call = call.env(&variable(flag), "1");
        }
        let run = call.run().exit(1);
        let end = format!("--namespace {}{line}", scope.namespace);
        assert!(last_line(&run.stderr).ends_with(&end), "{}", run.stderr);
    }
    let call = Monconf::prometheus(&scope, &["--log-format", "json"]).env("MONCONF_APPLY", "false");
    let run = call.run().exit(1);
    assert!(
        run.stderr
            .contains(r#""hint":"`unset MONCONF_APPLY`, and pass --apply: "#)
    );
    assert_eq!(scope.cp.audit(&scope.user.name), [], "nothing is asked");
    assert_eq!(writes(&scope), 0);
}

#[test]
fn help_is_shown_whatever_is_set() {
    for arguments in [&["--help"][..], &["remove", "-h"], &["--version"]] {
        Monconf::new(arguments).env("MONCONF_APPLY", "1").run().ok();
    }
}
