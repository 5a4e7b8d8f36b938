//! The question is asked, and answered, on the terminal: whatever the standard streams are.

use std::fs;

use tempfile::TempDir;
use testbed::{ControlPlane, Scope, pty};

use super::{apply, in_shell, question, remove, writes};
use crate::support::Monconf;
use crate::support::patience::until_it_suffices;

type Call = fn(&Scope) -> Monconf;
type Ending = fn(&mut pty::Session);

/// Standard input that says yes, and files for what is printed.
const STREAMS: [&str; 3] = ["<answers", ">out", "2>err"];

/// A folder for the files of [`STREAMS`].
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("answers"), "y\nyes\n").unwrap();
    folder
}

/// Each set of redirected streams, as a shell's words.
fn redirections() -> impl Iterator<Item = String> {
    (0..1_u8 << STREAMS.len()).map(|set| {
        let streams = STREAMS.iter().enumerate();
        let redirected = streams.filter(|(bit, _)| set & (1 << bit) != 0);
        let words: Vec<&str> = redirected.map(|(_, word)| *word).collect();
        words.join(" ")
    })
}

/// Both verbs, each with its question.
fn verbs(scope: &Scope) -> [(Call, String); 2] {
    let removal = format!("Delete 8 objects and revoke the token of {}", scope.name);
    [
        (apply, question(scope, "Create 8 objects")),
        (remove, question(scope, &removal)),
    ]
}

#[test]
fn the_terminal_asks_and_answers_whatever_is_redirected() {
    let scope = ControlPlane::shared().scope("consent-streams");
    scope.create_namespace();
    let folder = folder();
    let mut sets = 0;
    for redirected in redirections() {
        sets += 1;
        for (verb, question) in verbs(&scope) {
            for (answer, code) in [("n", 1), ("y", 0)] {
                let call = verb(&scope).current_dir(folder.path());
                let call = in_shell(call, &format!("exec \"$@\" {redirected}"));
                let before = writes(&scope);
                let (ended, shown) = pty::run(&call.command(), |session| {
                    session.expect(&question);
                    assert_eq!(writes(&scope), before, "before the answer: {redirected}");
                    session.send_line(answer);
                });
                assert_eq!(ended, code, "{redirected:?} {answer}: {shown}");
                let has_written = writes(&scope) > before;
                assert_eq!(has_written, answer == "y", "{redirected:?}: {shown}");
            }
        }
    }
    assert_eq!(sets, 8);
}

/// Streams that are closed, or the ends of pipes; other output. Each line of a shell ends the same way.
#[test]
fn no_other_stream_gives_consent() {
    let scope = ControlPlane::shared().scope("consent-others");
    scope.create_namespace();
    apply(&scope).run().ok();
    let before = writes(&scope);
    let (_, question) = &verbs(&scope)[1];
    let endings: [(Ending, i32); 3] = [
        (|session| session.send_line("n"), 1),
        (pty::Session::send_eof, 1),
        (pty::Session::send_interrupt, 130),
    ];
    for line in [
        "exec \"$@\"",
        "exec \"$@\" <&- >&- 2>&-",
        "yes | \"$@\"",
        "yes | \"$@\" >/dev/null 2>&1",
        "exec \"$@\" --log-format json",
        "exec \"$@\" -o json --log-format json </dev/null 2>/dev/null",
    ] {
        for (end, code) in endings {
            let call = in_shell(remove(&scope), line).command();
            let (ended, shown) = pty::run(&call, |session| {
                session.expect(question);
                end(session);
            });
            assert_eq!(ended, code, "{line}: {shown}");
            assert_eq!(writes(&scope), before, "{line}: {shown}");
        }
    }
}

#[test]
fn an_unanswered_question_ends_without_writing() {
    let scope = ControlPlane::shared().scope("consent-unanswered");
    scope.create_namespace();
    for (verb, question) in verbs(&scope) {
        let before = writes(&scope);
        until_it_suffices(&question, |limit| {
            let call = verb(&scope).args(["--timeout", limit]);
            let call = in_shell(call, "yes | \"$@\"").command();
            let (code, shown) = pty::run(&call, |_| {});
            assert_eq!(writes(&scope), before, "{shown}");
            let is_asked = shown.contains(&question);
            if is_asked {
                assert_eq!(code, 1, "{shown}");
                let said = format!(
                    "no answer to \"{}\" within ",
                    question.trim_end_matches(" [y/N] ")
                );
                assert!(shown.contains(&said), "{shown}");
                assert!(shown.contains("; nothing was written\n"), "{shown}");
                assert!(shown.contains(" --yes` does not ask\n"), "{shown}");
            }
            is_asked
        });
        apply(&scope).run().ok();
    }
}
