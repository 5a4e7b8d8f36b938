//! A run that is cut off at any request leaves what the next run completes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use testbed::{ControlPlane, Event, Fault, FaultRelay, Scope};

use crate::support::cut::{general, is_write, name, numbered, relay, wait_until_held};
use crate::support::patience::until_it_suffices;
use crate::support::{Monconf, Run, state, token};

/// Where the token goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Secret,
    Files,
}

/// One instance, and a folder of its own for everything that a run may leave on disk.
struct Case<'a> {
    scope: Scope<'a>,
    folder: TempDir,
    form: Form,
}

/// What an apply led to: the objects, and the files by their paths below the folder.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    objects: Vec<Value>,
    files: BTreeMap<String, String>,
}

impl<'a> Case<'a> {
    fn new(cp: &'a ControlPlane, test: &str, form: Form) -> Self {
        Self {
            scope: cp.scope(test),
            folder: tempfile::tempdir().unwrap(),
            form,
        }
    }

    fn apply(&self) -> Monconf {
        let monconf = Monconf::prometheus(&self.scope, &["--apply"])
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("HOME", self.folder.path());
        match self.form {
            Form::Secret => monconf,
            // Whichever way a run takes to the API server, the files hold the same address.
            Form::Files => monconf.args([
                "--drop-in",
                "k8s.yml",
                "--api-server",
                "https://example:6443",
            ]),
        }
    }

    fn apply_through(&self, relay: &FaultRelay) -> Monconf {
        self.apply().kubeconfig(&self.scope.user.via(&relay.url()))
    }

    fn outcome(&self) -> Outcome {
        let mut files = BTreeMap::new();
        read_below(self.folder.path(), "", &mut files);
        for (path, text) in &mut files {
            if path.ends_with("/token") {
                assert!(token::is_accepted(self.scope.cp, text), "{path}");
                "a token that works".clone_into(text);
            }
            let folder = self.folder.path().to_str().unwrap();
            *text = general(text, &self.scope).replace(folder, "FOLDER");
        }
        Outcome {
            objects: state::of(&self.scope),
            files,
        }
    }
}

fn read_below(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            read_below(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// A cold apply's writes, as `METHOD PATH`, in the order in which they arrived; a path can occur twice.
fn writes_of_a_cold_apply(cp: &ControlPlane, form: Form) -> (Vec<String>, Outcome) {
    let case = Case::new(cp, "whole", form);
    let relay = cp.relay(|_| Fault::Pass);
    case.apply_through(&relay).run().ok();
    let writes = relay
        .seen()
        .iter()
        .filter(|request| is_write(request))
        .map(|request| name(request, &case.scope))
        .collect();
    (writes, case.outcome())
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Runs `test` for every write, a few at a time.
fn for_every_write(form: Form, test: impl Fn(&ControlPlane, &str, usize, &Outcome) + Sync) {
    let cp = ControlPlane::shared();
    let (writes, whole) = writes_of_a_cold_apply(cp, form);
    let least = if form == Form::Secret { 11 } else { 7 };
    assert!(writes.len() >= least, "{writes:?}");
    let cases = numbered(&writes);
    let (test, whole) = (&test, &whole);
    for few in cases.chunks(4) {
        thread::scope(|scope| {
            for (write, occurrence) in few {
                scope.spawn(move || test(cp, write, *occurrence, whole));
            }
        });
    }
}

fn written(scope: &Scope) -> Vec<Event> {
    let events = scope.cp.audit(&scope.user.name);
    events
        .into_iter()
        .filter(|event| event.is_write() && event.code < 300)
        .collect()
}

fn tokens(scope: &Scope) -> usize {
    written(scope)
        .iter()
        .filter(|event| event.subresource == "token")
        .count()
}

/// The targets that a line of the account names.
fn listed(run: &Run, words: &str) -> BTreeSet<String> {
    let lines = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix(words)?.strip_prefix(": "));
    lines
        .flat_map(|line| line.split(", "))
        .map(str::to_owned)
        .collect()
}

/// The objects that were really written.
fn targets(scope: &Scope) -> BTreeSet<String> {
    written(scope)
        .iter()
        .filter(|event| event.subresource.is_empty())
        .map(state::target)
        .collect()
}

/// Sends the signal while the request is held, and gives what the run said of it.
fn interrupted(case: &Case, write: &str, occurrence: usize, name: &str, code: i32) -> Run {
    let scope = &case.scope;
    let relay = relay(scope, write, occurrence, Fault::Hold);
    let child = case.apply_through(&relay).spawn();
    wait_until_held(&relay, scope, write, occurrence);
    // What was sent together with the held request is answered.
    testbed::poll::until("the others", || {
        let sent = relay
            .seen()
            .iter()
            .filter(|request| is_write(request))
            .count();
        written(scope).len() + 1 >= sent
    });
    signal(&child, name);
    let run = Run::of(child).exit(code);
    let words = format!("error: interrupted by SIG{name}");
    assert!(run.stderr.contains(&words), "{}", run.stderr);
    run
}

const UNKNOWN: &str = "sent without an answer, may have been written";

#[test]
fn sigint_at_any_write_says_what_was_done_and_the_next_run_completes_it() {
    for_every_write(Form::Secret, |cp, write, occurrence, whole| {
        let case = Case::new(cp, "sigint", Form::Secret);
        let scope = &case.scope;
        let run = interrupted(&case, write, occurrence, "INT", 130);
        let really = targets(scope);
        let done = listed(&run, "written");
        let unknown = listed(&run, UNKNOWN);
        let pending = listed(&run, "not written");
        let said = format!("{write}, written are {really:?}, said was:\n{}", run.stderr);
        assert!(done.is_subset(&really), "{said}");
        assert!(pending.is_disjoint(&really), "{said}");
        assert!(really.is_subset(&(&done | &unknown)), "{said}");
        if write.ends_with("/token") {
            assert!(
                run.stderr.contains("a token was asked for and not stored"),
                "{said}"
            );
        } else if occurrence == 0 {
            assert!(
                !unknown.is_subset(&really),
                "the held one is unknown: {said}"
            );
        }

        case.apply().run().ok();
        assert_eq!(case.outcome(), *whole, "after {write}");
        assert_eq!(&(&done | &unknown) | &pending, targets(scope), "{said}");
        assert!(tokens(scope) <= 2, "at most one token more");
        let again = case.apply().run().ok();
        assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    });
}

#[test]
fn sigterm_while_writing_says_the_same() {
    let cp = ControlPlane::shared();
    let (writes, whole) = writes_of_a_cold_apply(cp, Form::Secret);
    let wanted = writes.iter().find(|write| write.ends_with("/token"));
    let case = Case::new(cp, "sigterm", Form::Secret);
    let run = interrupted(&case, wanted.unwrap(), 0, "TERM", 143);
    assert_eq!(listed(&run, "written"), targets(&case.scope));
    case.apply().run().ok();
    assert_eq!(case.outcome(), whole);
}

fn sigkill(form: Form) {
    for_every_write(form, |cp, write, occurrence, whole| {
        let case = Case::new(cp, "sigkill", form);
        let relay = relay(&case.scope, write, occurrence, Fault::Hold);
        let mut child = case.apply_through(&relay).spawn();
        wait_until_held(&relay, &case.scope, write, occurrence);
        child.kill().unwrap();
        child.wait().unwrap();
        case.apply().run().ok();
        assert_eq!(case.outcome(), *whole, "after {write}");
        assert!(tokens(&case.scope) <= 2, "at most one token more");
    });
}

#[test]
fn sigkill_at_any_write_is_completed_by_the_next_run() {
    sigkill(Form::Secret);
}

#[test]
fn sigkill_at_any_write_is_completed_by_the_next_run_with_files() {
    sigkill(Form::Files);
}

fn lost_answer(form: Form) {
    for_every_write(form, |cp, write, occurrence, whole| {
        let case = Case::new(cp, "dropped", form);
        let scope = &case.scope;
        let relay = relay(scope, write, occurrence, Fault::DropAfter);
        let run = case.apply_through(&relay).run();
        if write.ends_with("/token") {
            // Asking again might leave a token that nobody knows of.
            let run = run.exit(75);
            assert!(
                run.stderr.contains("a token was asked for and not stored"),
                "{}",
                run.stderr
            );
            assert_eq!(tokens(scope), 1, "a lost token is not asked for again");
            case.apply().run().ok();
        } else {
            run.ok();
        }
        assert_eq!(case.outcome(), *whole, "after {write}");
        assert!(tokens(scope) <= 2, "at most one token more");
    });
}

#[test]
fn an_answer_that_is_lost_after_the_server_has_written_does_no_harm() {
    lost_answer(Form::Secret);
}

#[test]
fn an_answer_that_is_lost_after_the_server_has_written_does_no_harm_to_files() {
    lost_answer(Form::Files);
}

/// The kernel ends a program that writes a file beyond its limit: with a part of it on disk, and no warning.
#[test]
fn a_kill_while_a_file_is_written_leaves_the_old_one_and_the_next_run_cleans_up() {
    let cp = ControlPlane::shared();
    let (_, whole) = writes_of_a_cold_apply(cp, Form::Files);
    let case = Case::new(cp, "half-a-file", Form::Files);
    let files = || {
        let mut files = BTreeMap::new();
        read_below(case.folder.path(), "", &mut files);
        files
    };
    let killed = |limit: usize, arguments: &[&str]| {
        let limit = format!("--fsize={limit}");
        let run = case
            .apply()
            .args(arguments)
            .under(&["prlimit", &limit, "--core=0"])
            .run()
            .exit(-1);
        assert!(!run.stderr.contains("Applied"), "{}", run.stderr);
    };

    // With no file there yet: the first one is cut.
    killed(100, &[]);
    assert!(
        files().keys().all(|path| !whole.files.contains_key(path)),
        "no half file has the name of a whole one: {:?}",
        files()
    );
    case.apply().run().ok();
    assert!(
        files().keys().eq(whole.files.keys()),
        "{:?}",
        files().keys()
    );
    assert_eq!(case.outcome(), whole);

    // With all of them there: the token is cut, the configuration is cut.
    let before = files();
    let token_length = before["k8s-credentials/token"].len();
    killed(token_length / 2, &["--duration", "30d"]);
    let between = files();
    assert_ne!(between, before, "the kill left something behind");
    for (path, text) in &before {
        assert_eq!(between[path], *text, "{path} is the old one, whole");
    }
    case.apply().args(["--duration", "30d"]).run().ok();
    assert_eq!(case.outcome().files, whole.files);

    let changed = ["--duration", "30d", "--interval", "45s"];
    let before = files();
    killed(100, &changed);
    assert_ne!(files(), before, "the kill left something behind");
    assert_eq!(files()["k8s.yml"], before["k8s.yml"]);
    case.apply().args(changed).run().ok();
    assert_eq!(
        files().into_keys().collect::<Vec<_>>(),
        before.into_keys().collect::<Vec<_>>()
    );
}

#[test]
fn a_signal_while_reading_ends_the_run_and_nothing_is_written() {
    let cp = ControlPlane::shared();
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let case = Case::new(cp, "reading", Form::Secret);
        let scope = &case.scope;
        let read = "GET /api/v1/namespaces/NAMESPACE";
        let relay = relay(scope, read, 0, Fault::Hold);
        let child = case.apply_through(&relay).spawn();
        wait_until_held(&relay, scope, read, 0);
        signal(&child, name);
        let run = Run::of(child).exit(code);
        assert!(
            run.stderr.contains(&format!("interrupted by SIG{name}")),
            "{}",
            run.stderr
        );
        assert_eq!(written(scope), []);
    }
}

#[test]
fn a_run_that_takes_too_long_says_what_was_done_and_the_next_run_completes_it() {
    let cp = ControlPlane::shared();
    let (writes, whole) = writes_of_a_cold_apply(cp, Form::Secret);
    let wanted = writes.iter().find(|write| write.ends_with("/token"));
    until_it_suffices("a token", |limit| {
        let case = Case::new(cp, "out-of-time", Form::Secret);
        let scope = &case.scope;
        let relay = relay(scope, wanted.unwrap(), 0, Fault::Hold);
        let run = case
            .apply_through(&relay)
            .args(["--timeout", limit, "--request-timeout", "1h"])
            .run()
            .exit(75);
        if relay
            .seen()
            .iter()
            .all(|request| name(request, scope) != *wanted.unwrap())
        {
            return false;
        }
        for words in [
            &format!("error: not done within {limit}\n"),
            "hint: `--timeout DURATION` gives a run more time",
            "a token was asked for and not stored",
        ] {
            assert!(run.stderr.contains(words), "{}", run.stderr);
        }
        assert_eq!(listed(&run, "written"), targets(scope));
        assert!(!listed(&run, "not written").is_empty());
        case.apply().run().ok();
        assert_eq!(case.outcome(), whole);
        true
    });
}
