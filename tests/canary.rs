//! No part of a token is seen anywhere but where its consumer reads it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testbed::{ControlPlane, Fault, Scope};

use crate::support::{Monconf, Run, token};

const WINDOW: usize = 16;

/// Every window of the token and of what it is stored as.
struct Canary(HashSet<Vec<u8>>);

impl Canary {
    fn of(token: &str) -> Self {
        let stored = STANDARD.encode(token);
        let mut windows = HashSet::new();
        for text in [token, &stored] {
            windows.extend(text.as_bytes().windows(WINDOW).map(<[u8]>::to_vec));
        }
        Self(windows)
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        bytes.windows(WINDOW).any(|window| self.0.contains(window))
    }

    #[track_caller]
    fn is_absent_from(&self, what: &str, bytes: &[u8]) {
        assert!(
            !self.is_in(bytes),
            "a part of the token is in {what}:\n{}",
            String::from_utf8_lossy(bytes)
        );
    }

    #[track_caller]
    fn is_absent_from_run(&self, run: &Run) {
        self.is_absent_from("standard output", run.stdout.as_bytes());
        self.is_absent_from("standard error", run.stderr.as_bytes());
    }
}

/// Runs it, and gives beside its output everything that `/proc` showed of it and its children meanwhile.
fn watched(monconf: Monconf) -> (Run, Vec<u8>) {
    let child = monconf.spawn();
    let pid = child.id();
    let watcher = thread::spawn(move || watch(pid));
    let run = Run::of(child);
    (run, watcher.join().unwrap())
}

fn watch(pid: u32) -> Vec<u8> {
    let mut seen = Vec::new();
    while let Ok(state) = fs::read_to_string(format!("/proc/{pid}/stat")) {
        if state.contains(") Z ") {
            break;
        }
        let children =
            fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let children = children.split_whitespace().map(str::to_owned);
        for process in children.chain([pid.to_string()]) {
            for file in ["cmdline", "environ"] {
                seen.extend(fs::read(format!("/proc/{process}/{file}")).unwrap_or_default());
            }
        }
    }
    seen
}

/// Every file below `folder` but those that are meant to hold the token.
fn files_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(files_below(&path));
        } else if path.file_name().unwrap() != "token" {
            bytes.extend(fs::read(path).unwrap());
        }
    }
    bytes
}

#[test]
fn a_window_that_is_there_would_be_found() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpYXQiOjEyMzQ1Njc4OTB9.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
    let canary = Canary::of(token);
    let stored = STANDARD.encode(token);
    for piece in [
        &token[..WINDOW],
        &token[30..30 + WINDOW],
        &stored[50..50 + WINDOW],
    ] {
        assert!(
            canary.is_in(format!("around {piece} it").as_bytes()),
            "{piece}"
        );
    }
    assert!(!canary.is_in(&token.as_bytes()[..WINDOW - 1]));
}

#[test]
fn the_token_shows_in_no_output_argument_or_environment() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("canary");
    let first = watched(Monconf::prometheus(&scope, &["--apply", "-vvv"]));
    let canary = Canary::of(&token::of_secret(&scope));
    canary.is_absent_from_run(&first.0);
    assert!(!first.1.is_empty());
    canary.is_absent_from("/proc", &first.1);

    for arguments in [
        &["-vvv"][..],
        &["--apply", "-vvv"],
        &["-o", "json"],
        &["-o", "yaml"],
        // The diff of a token that is replaced, in every form.
        &["--duration", "30d"],
        &["--duration", "30d", "-o", "json"],
        &["--duration", "30d", "-o", "yaml"],
        &["--format", "raw"],
        // The diff of a Secret that is deleted.
        &["--drop-in", "/nowhere/k8s.yml", "--api-server", "https://x"],
    ] {
        let (run, seen) = watched(Monconf::prometheus(&scope, arguments));
        let run = run.ok();
        canary.is_absent_from_run(&run);
        canary.is_absent_from("/proc", &seen);
    }

    // Old and new while one takes the other's place.
    let (run, seen) = watched(Monconf::prometheus(
        &scope,
        &["--apply", "--duration", "30d", "-vvv"],
    ));
    let new = Canary::of(&token::of_secret(&scope));
    for canary in [canary, new] {
        canary.is_absent_from_run(&run);
        canary.is_absent_from("/proc", &seen);
    }
    assert!(
        run.stdout.contains("<not shown #1>") && run.stdout.contains("<not shown #2, a new token>"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_server_that_repeats_what_it_was_sent_does_not_make_it_seen() {
    let cp = ControlPlane::shared();
    for code in [400, 403, 409, 422, 500] {
        let scope = cp.scope("echo");
        let wanted = token::secret_path(&scope);
        let relay = cp.relay(move |request| {
            if request.method == "PATCH" && request.path == wanted {
                let sent = String::from_utf8_lossy(&request.body).into_owned();
                Fault::status(code, "Invalid", &format!("Secret is invalid: {sent}"))
            } else {
                Fault::Pass
            }
        });
        let via = scope.user.via(&relay.url());
        let run = Monconf::prometheus(&scope, &["--apply", "-vvv"])
            .kubeconfig(&via)
            .run()
            .exit(if code == 500 { 75 } else { 1 });
        let sent = relay.wait_for_request(|request| {
            request.method == "PATCH" && request.path == token::secret_path(&scope)
        });
        let sent = token::decoded(&sent.json(), "token");
        Canary::of(&sent).is_absent_from_run(&run);
        assert!(
            run.stderr.contains("k8s-token"),
            "the error still names the object: {}",
            run.stderr
        );
    }
}

#[test]
fn whatever_is_done_with_a_token_shows_none_of_it() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("canary-verbs");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let first = token::of_secret(&scope);
    let shown = |verb: &str, arguments: &[&str]| {
        let (run, seen) = watched(Monconf::for_consumer(verb, &scope, arguments).args(["-vvv"]));
        // The one before, and the one after.
        let tokens = [Some(first.clone()), secret(&scope)];
        for canary in tokens.iter().flatten().map(|token| Canary::of(token)) {
            canary.is_absent_from_run(&run);
            canary.is_absent_from("/proc", &seen);
        }
        run
    };
    for arguments in [&[][..], &["-o", "json"]] {
        shown("verify", arguments);
        shown("status", arguments);
        shown("remove", arguments);
    }
    shown("status", &["-o", "prometheus"]).ok();
    shown("rotate", &["--overlap", "0s"]).ok();
    // One that is not accepted, and read from a file.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t");
    fs::write(&file, &first).unwrap();
    shown("verify", &["--token-file", file.to_str().unwrap()]);
    shown("remove", &["--apply", "--yes"]).ok();
}

/// The token in the token Secret, if there is one.
fn secret(scope: &Scope) -> Option<String> {
    let secret = scope.admin().get(&token::secret_path(scope)).ok()?;
    Some(token::decoded(&secret, "token"))
}

/// Whoever reviews a token may repeat it, and so may a target that is shown it.
#[test]
fn a_server_that_repeats_the_token_under_review_does_not_make_it_seen() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("canary-review");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let good = token::of_secret(&scope);
    let expired = cp.sign_again(&good, |claims| claims["exp"] = 1_700_000_000.into());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t");
    fs::write(&file, &expired).unwrap();
    let relay = cp.relay(|request| {
        if request.path.ends_with("/tokenreviews") {
            let sent = String::from_utf8_lossy(&request.body).into_owned();
            Fault::status(500, "InternalError", &format!("cannot review {sent}"))
        } else {
            Fault::Pass
        }
    });
    let via = scope.user.via(&relay.url());
    let run = Monconf::for_consumer("verify", &scope, &["-vvv", "--token-file"])
        .args([&file])
        .kubeconfig(&via)
        .run()
        .exit(1);
    relay.wait_for_request(|request| request.path.ends_with("/tokenreviews"));
    Canary::of(&expired).is_absent_from_run(&run);
    assert!(
        run.stdout.contains("The token expired at"),
        "{}",
        run.stdout
    );
}

#[test]
fn of_all_files_only_the_one_for_the_consumer_holds_it() {
    let scope = ControlPlane::shared().scope("canary-file");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    let arguments = ["--apply", "-vvv", "--drop-in", file.to_str().unwrap()];
    let monconf = |scope: &Scope| {
        Monconf::prometheus(scope, &arguments)
            .current_dir(folder.path())
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
    };
    let (run, seen) = watched(monconf(&scope));
    let run = run.ok();
    let token = fs::read_to_string(folder.path().join("k8s-credentials/token")).unwrap();
    let canary = Canary::of(&token);
    canary.is_absent_from_run(&run);
    canary.is_absent_from("/proc", &seen);
    canary.is_absent_from("another file", &files_below(folder.path()));
}

/// What a credential plugin prints is a secret too.
#[test]
fn a_credential_plugins_output_is_not_repeated() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("canary-plugin");
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("config");
    for (script, words) in [
        ("echo SECRET-ON-STDOUT-0123456789; exit 3", "exited with 3"),
        (
            "echo SECRET-ON-STDOUT-0123456789",
            "printed no ExecCredential",
        ),
        (
            "echo '{\"status\": {\"SECRET-ON-STDOUT-0123456789\": 1}}'",
            "without credentials",
        ),
    ] {
        let exec = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {
                "server": cp.url(), "certificate-authority-data": STANDARD.encode(cp.ca_pem()),
            }}],
            "users": [{"name": "u", "user": {"exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
                "interactiveMode": "Never",
            }}}],
        });
        fs::write(&kubeconfig, exec.to_string()).unwrap();
        let run = Monconf::prometheus(&scope, &["-vvv"])
            .kubeconfig(&kubeconfig)
            .run()
            .exit(1);
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert!(
            !run.stderr.contains("SECRET-ON-STDOUT") && !run.stdout.contains("SECRET-ON-STDOUT"),
            "{}",
            run.stderr
        );
    }
}
