//! A rotation is asked about on the terminal; without one `--apply` suffices, and without `--apply` it is an error.

use std::process::Command;

use testbed::{ControlPlane, pty};

use super::support::{Instance, refused, writes};
use crate::support::token;

fn on_terminal(instance: &Instance, arguments: &[&str]) -> Command {
    let mut command = instance.call("rotate", arguments).command();
    command.env("TERM", "dumb");
    command
}

#[test]
fn the_question_names_the_token_the_cluster_and_the_end_of_the_old_one() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-asks");
    let first = instance.token();
    let count = writes(&instance.scope);
    let question = format!("Replace the token of {} on context ", instance.scope.name);
    for answer in ["n", "", "maybe"] {
        let (code, shown) = pty::run(&on_terminal(&instance, &["--apply"]), |session| {
            let plan = session.expect(&question);
            assert!(plan.contains("  written to  file "), "{plan}");
            let rest = session.expect(" [y/N] ");
            let address = format!("({})? The current one stays valid until ", cp.url());
            assert!(rest.contains(&address), "{rest}");
            session.send_line(answer);
        });
        assert_eq!(code, 1, "{answer}: {shown}");
        assert!(shown.contains("Nothing was written."), "{shown}");
    }
    let (code, shown) = pty::run(&on_terminal(&instance, &["--apply"]), |session| {
        session.expect(&question);
        session.send_interrupt();
    });
    assert_eq!(code, 130, "{shown}");
    assert_eq!(
        (instance.token(), writes(&instance.scope)),
        (first.clone(), count)
    );

    let (code, shown) = pty::run(&on_terminal(&instance, &["--apply"]), |session| {
        session.expect(" [y/N] ");
        assert_eq!(writes(&instance.scope), count);
        session.send_line("y");
    });
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Token issued for "), "{shown}");
    let second = instance.token();
    assert_ne!(second, first);

    // At once is said too; --yes does not ask.
    let now = ["--apply", "--overlap", "0s"];
    let (code, shown) = pty::run(&on_terminal(&instance, &now), |session| {
        session.expect("? The current one is revoked at once. [y/N] ");
        session.send_line("n");
    });
    assert_eq!(code, 1, "{shown}");
    let yes = on_terminal(&instance, &["--apply", "--yes", "--overlap", "0s"]);
    let (code, shown) = pty::run(&yes, |_| {});
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
    assert_ne!(instance.token(), second);
}

#[test]
fn a_token_that_changes_while_the_question_is_open_stops_the_run() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-asks-late");
    let (code, shown) = pty::run(&on_terminal(&instance, &["--apply"]), |session| {
        session.expect(" [y/N] ");
        instance.rotate(&["--overlap", "0s"]).ok();
        session.send_line("y");
    });
    assert_eq!(code, 75, "{shown}");
    assert!(token::is_accepted(cp, &instance.token()));
    assert!(!instance.exists('a') && instance.exists('b'));
}

#[test]
fn a_plan_on_a_terminal_is_no_error() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-plans");
    let before = (instance.token(), writes(&instance.scope));
    for (arguments, code) in [
        (&[][..], 0),
        (&["--detailed-exitcode"], 2),
        (&["--if-due"], 0),
        (&["--if-due", "--detailed-exitcode"], 0),
    ] {
        let (ended, shown) = pty::run(&on_terminal(&instance, arguments), |_| {});
        assert_eq!(ended, code, "{arguments:?}: {shown}");
        assert!(!shown.contains("[y/N]"), "{shown}");
    }
    assert_eq!((instance.token(), writes(&instance.scope)), before);
}

#[test]
fn a_scheduled_run_of_before_fails_where_it_would_do_nothing() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-scheduled");
    let before = instance.token();
    // Not due: there is nothing to notice.
    let run = instance.call("rotate", &["--if-due"]).run().ok();
    assert!(run.stderr.contains("Not due: "), "{}", run.stderr);
    let scope = &instance.scope;
    for (arguments, line) in [
        (
            &["--overlap", "1m"][..],
            "--overlap 1m --apply` replaces it",
        ),
        // Another life is asked for, so it is due.
        (
            &["--if-due", "--duration", "30d"],
            "--if-due --duration 30d --apply` replaces it",
        ),
        (
            &["--yes", "-o", "json"],
            "--yes -o json --apply` replaces it",
        ),
    ] {
        let said = refused(scope, instance.call("rotate", arguments));
        let not_replaced = format!("error: the token of {} was not replaced (", scope.name);
        assert!(said.contains(&not_replaced), "{said}");
        assert!(
            said.contains("without --apply nothing is written\n"),
            "{said}"
        );
        assert!(said.contains(line), "{said}");
    }
    let gate = instance.call("rotate", &["--detailed-exitcode"]);
    gate.run().exit(2);
    assert_eq!(instance.token(), before);
    // With it, nobody is asked.
    let run = instance.call("rotate", &["--apply"]).run().ok();
    assert!(!run.stderr.contains("[y/N]"), "{}", run.stderr);
    assert_ne!(instance.token(), before);
}
