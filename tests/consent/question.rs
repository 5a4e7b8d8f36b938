//! What comes before the question, and what of each answer.

use std::fs;
use std::process::Command;

use serde_json::json;
use testbed::{ControlPlane, Scope, pty};

use super::writes;
use crate::support::{Monconf, token};

const QUESTION: &str = " [y/N] ";

fn command(scope: &Scope, arguments: &[&str]) -> Command {
    let mut command = Monconf::prometheus(scope, &["--apply"])
        .args(arguments)
        .command();
    command.env("TERM", "xterm");
    command
}

#[test]
fn yes_writes() {
    for answer in ["y", "yes", "YES"] {
        let scope = ControlPlane::shared().scope("prompt-yes");
        let (code, shown) = pty::run(&command(&scope, &[]), |session| {
            let plan = session.expect(QUESTION);
            assert!(
                plan.contains("to create"),
                "the plan comes before the question: {plan}"
            );
            assert_eq!(writes(&scope), 0, "nothing is written before the answer");
            session.send_line(answer);
        });
        assert_eq!(code, 0, "{shown}");
        assert!(
            shown.contains("Applied: 9 created, 0 changed, 0 deleted"),
            "{shown}"
        );
        assert!(writes(&scope) > 0);
    }
}

#[test]
fn everything_else_is_a_no() {
    let answers: [fn(&mut pty::Session); 5] = [
        |session| session.send_line("n"),
        |session| session.send_line(""),
        |session| session.send_line("maybe"),
        |session| session.send_line("yess"),
        pty::Session::send_eof,
    ];
    let scope = ControlPlane::shared().scope("prompt-no");
    for answer in answers {
        let (code, shown) = pty::run(&command(&scope, &[]), |session| {
            session.expect(QUESTION);
            answer(session);
        });
        assert_eq!(code, 1, "{shown}");
        assert!(shown.ends_with("Nothing was written.\n"), "{shown}");
    }
    assert_eq!(writes(&scope), 0);
}

#[test]
fn what_is_not_shown_of_an_object_may_change_while_the_question_is_open() {
    let scope = ControlPlane::shared().scope("prompt-key");
    scope.create_namespace();
    let secrets = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "more"}, "stringData": {"other": "old"},
    });
    scope.admin().post(&secrets, &secret).unwrap();
    let place = ["--additional-scrape-configs", "more:jobs.yaml"];
    let (code, shown) = pty::run(&command(&scope, &place), |session| {
        session.expect(QUESTION);
        let change = json!({"stringData": {"other": "new"}});
        let path = format!("{secrets}/more");
        scope.admin().patch_merge(&path, &change).unwrap();
        session.send_line("y");
    });
    assert_eq!(code, 0, "{shown}");
    let secret = scope.admin().get(&format!("{secrets}/more")).unwrap();
    assert_eq!(token::decoded(&secret, "other"), "new");
    assert!(token::decoded(&secret, "jobs.yaml").starts_with("- job_name: "));
}

#[test]
fn an_object_that_changes_while_the_question_is_open_stops_the_run() {
    let scope = ControlPlane::shared().scope("prompt-object");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let before = writes(&scope);
    let role = format!(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/{}-clusterrole",
        scope.name
    );
    let (code, shown) = pty::run(&command(&scope, &["--jobs", "apiserver"]), |session| {
        session.expect(QUESTION);
        let change = json!({"metadata": {"labels": {"changed": "meanwhile"}}});
        scope.admin().patch_merge(&role, &change).unwrap();
        session.send_line("y");
        // The new diff, with what was changed.
        session.expect("changed: meanwhile");
    });
    assert_eq!(code, 75, "{shown}");
    assert!(
        shown.contains("clusterrole changed since it was read"),
        "{shown}"
    );
    assert_eq!(writes(&scope), before);
}

#[test]
fn a_file_that_changes_while_the_question_is_open_stops_the_run() {
    let scope = ControlPlane::shared().scope("prompt-file");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    let path = file.to_str().unwrap();
    Monconf::prometheus(&scope, &["--apply", "--drop-in", path])
        .run()
        .ok();
    let before = writes(&scope);
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("# changed meanwhile\n");
    let (code, shown) = pty::run(
        &command(&scope, &["--drop-in", path, "--interval", "45s"]),
        |session| {
            session.expect(QUESTION);
            fs::write(&file, &text).unwrap();
            session.send_line("y");
            session.expect("changed meanwhile");
        },
    );
    assert_eq!(code, 75, "{shown}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(writes(&scope), before);
}

#[test]
fn with_yes_there_is_no_question() {
    let scope = ControlPlane::shared().scope("prompt-none");
    let remove = super::remove(&scope).args(["--yes"]).command();
    for command in [
        command(&scope, &["--yes"]),
        command(&scope, &["-y"]),
        remove,
    ] {
        let (code, shown) = pty::run(&command, |_| {});
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains(QUESTION), "{shown}");
    }
}

#[test]
fn what_was_typed_before_the_question_is_no_answer_to_it() {
    let scope = ControlPlane::shared().scope("prompt-ahead");
    let (code, shown) = pty::run(&command(&scope, &[]), |session| {
        session.send_line("y");
        session.expect(QUESTION);
        session.send_line("n");
    });
    assert_eq!(code, 1, "{shown}");
    assert_eq!(writes(&scope), 0, "{shown}");
}

#[test]
fn whatever_is_printed_in_the_end_the_plan_is_read_before_the_question() {
    let scope = ControlPlane::shared().scope("prompt-output");
    for output in ["text", "json", "yaml", "config"] {
        let (code, shown) = pty::run(&command(&scope, &["-o", output]), |session| {
            let plan = session.expect(QUESTION);
            assert!(plan.contains("  + ClusterRole "), "{output}: {plan}");
            session.send_line("n");
        });
        assert_eq!(code, 1, "{output}: {shown}");
    }
    assert_eq!(writes(&scope), 0);
}

#[test]
fn a_terminal_has_colours_unless_they_are_unwanted() {
    let scope = ControlPlane::shared().scope("prompt-colour");
    let plan = |set: fn(&mut Command)| {
        let mut command = Monconf::prometheus(&scope, &[]).command();
        command.env("TERM", "xterm");
        set(&mut command);
        pty::run(&command, |_| {}).1
    };
    let coloured = plan(|_| {});
    assert!(
        coloured.contains("\u{1b}[32m  + ClusterRole "),
        "{coloured}"
    );
    for plain in [
        plan(|command| {
            command.env("NO_COLOR", "1");
        }),
        plan(|command| {
            command.env("TERM", "dumb");
        }),
        plan(|command| {
            command.args(["--color", "never"]);
        }),
    ] {
        assert!(!plain.contains('\u{1b}'), "{plain}");
    }
}
