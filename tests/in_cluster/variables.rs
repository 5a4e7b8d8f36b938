//! Every setting of the command line is one of a Pod's environment too; consent is given by flags alone.

use clap::{Arg, Command};
use monconf::command::Cli;

use crate::support::Monconf;

/// Each command with its arguments.
fn walk(command: &Command, path: &str, told: &mut impl FnMut(&str, &Arg)) {
    for argument in command.get_arguments() {
        told(path, argument);
    }
    for command in command.get_subcommands() {
        walk(command, &format!("{path} {}", command.get_name()), told);
    }
}

/// What a command is given to look at: it has no place among settings, no more than an argument without a flag.
const INPUT: [&str; 2] = ["rbac audit --file", "rbac explain --file"];

/// What the environment cannot give.
const CONSENT: [&str; 4] = ["apply", "yes", "take-ownership", "allow-nodes-proxy"];

/// Flags that may be given several times, and the one that is called otherwise beside such an input.
fn variable(flag: &str) -> String {
    match flag {
        "external-label" => "MONCONF_EXTERNAL_LABELS".to_owned(),
        "settings" => "MONCONF_FILE".to_owned(),
        flag => format!("MONCONF_{}", flag.replace('-', "_").to_uppercase()),
    }
}

#[test]
fn every_flag_but_consent_has_its_variable() {
    let mut program = Cli::for_consumers();
    program.build();
    let mut count = 0;
    let mut without = Vec::new();
    walk(&program, "", &mut |path, argument| {
        let Some(flag) = argument.get_long() else {
            return;
        };
        let named = format!("{} --{flag}", path.trim_start());
        if ["help", "version"].contains(&flag) || INPUT.contains(&named.as_str()) {
            return;
        }
        count += 1;
        let wanted = (!CONSENT.contains(&flag)).then(|| variable(flag));
        if argument.get_env() != wanted.as_deref().map(AsRef::as_ref) {
            without.push(named);
        }
    });
    assert!(count > 200, "{count}");
    assert_eq!(without, Vec::<String>::new());
}

#[test]
fn a_count_is_a_number() {
    let run = Monconf::new(["rotate"])
        .env("MONCONF_VERBOSE", "1")
        .env("MONCONF_KUBECONFIG", "/nowhere")
        .run()
        .exit(1);
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    let run = Monconf::new(["jobs"])
        .env("MONCONF_VERBOSE", "much")
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("invalid value 'much'"),
        "{}",
        run.stderr
    );
}
