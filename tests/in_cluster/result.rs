//! How a run ended: the last line of the log, the same in a file, and the exit code.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::process::free_port;
use testbed::{ControlPlane, Fault, Scope};

use super::{lines, settled};
use crate::support::patience::until_it_suffices;
use crate::support::{Monconf, Run, token};

struct Instance<'a> {
    scope: Scope<'a>,
    folder: TempDir,
}

impl Instance<'_> {
    fn new(name: &str) -> Self {
        Self {
            scope: ControlPlane::shared().scope(name),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("result")
    }

    fn call(&self, verb: &str, arguments: &[&str]) -> Monconf {
        Monconf::for_consumer(verb, &self.scope, arguments)
            .env("MONCONF_RESULT_FILE", self.file())
            .env("MONCONF_LOG_FORMAT", "json")
    }

    /// The result, which the log's last line says too.
    #[track_caller]
    fn result(&self, run: Run, code: i32) -> Value {
        let run = run.exit(code);
        let file = fs::read_to_string(self.file()).unwrap();
        let mut line = lines(&run).pop().unwrap();
        let told: Value = serde_json::from_str(&file).unwrap();
        for field in ["time", "level", "message"] {
            line.as_object_mut().unwrap().remove(field);
        }
        assert_eq!(line, told);
        assert_eq!(told["exitCode"], code);
        settled(&file)
    }

    /// A result with what is the same in every one of this instance.
    fn told(&self, verb: &str, more: &Value) -> Value {
        let mut told = json!({
            "verb": verb, "consumer": "prometheus", "instance": self.scope.name,
            "namespace": self.scope.namespace, "exitCode": 0, "retryable": false,
        });
        let fields = told.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        told
    }

    /// The life of the token that is there.
    fn life(&self, issued: bool) -> Value {
        let claims = token::claims(&token::of_secret(&self.scope));
        let ends = jiff::Timestamp::from_second(claims["exp"].as_i64().unwrap()).unwrap();
        json!({"issued": issued, "expiresAt": ends.to_string(), "schedule": "0 3 * * *"})
    }
}

fn counts(created: u64, changed: u64, deleted: u64, pending: u64) -> Value {
    json!({"created": created, "changed": changed, "deleted": deleted, "pending": pending})
}

fn with(mut one: Value, more: &Value) -> Value {
    let fields = one.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    one
}

#[test]
fn of_an_instance_from_its_beginning_to_its_end() {
    let instance = Instance::new("result-life");
    let run = |verb: &str, arguments: &[&str]| instance.call(verb, arguments).run();

    let planned = instance.result(run("prometheus", &[]), 0);
    let expected = with(counts(0, 0, 0, 9), &json!({"result": "planned"}));
    assert_eq!(planned, instance.told("prometheus", &expected));
    let gate = instance.result(run("prometheus", &["--detailed-exitcode"]), 2);
    assert_eq!(gate["result"], "planned");

    let applied = instance.result(run("prometheus", &["--apply"]), 0);
    let expected = json!({"result": "applied", "token": instance.life(true)});
    let expected = with(counts(9, 0, 0, 0), &expected);
    assert_eq!(applied, instance.told("prometheus", &expected));

    let again = instance.result(run("prometheus", &["--apply"]), 0);
    let kept = json!({"token": instance.life(false)});
    let expected = with(
        with(counts(0, 0, 0, 0), &kept),
        &json!({"result": "unchanged"}),
    );
    assert_eq!(again, instance.told("prometheus", &expected));

    let not_due = instance.result(run("rotate", &["--if-due", "--apply"]), 0);
    assert_eq!(not_due["result"], "not-due");
    assert_eq!(not_due["token"], kept["token"]);
    let rotated = instance.result(run("rotate", &["--apply"]), 0);
    assert_eq!(rotated["result"], "rotated");
    assert_eq!(rotated["token"], instance.life(true));
    assert_eq!(rotated["pending"], 0);
    // What only waiting mends.
    let early = instance.result(run("rotate", &["--apply"]), 75);
    assert_eq!(
        (&early["result"], &early["retryable"]),
        (&json!("failed"), &json!(true))
    );
    let hint = "wait with --wait --apply, or revoke it now with --overlap 0s --apply";
    assert_eq!(early["hint"], hint);

    // On loopback there is no target.
    let failed = instance.result(run("verify", &["--jobs", "apiserver"]), 1);
    let expected = json!({
        "result": "failed", "exitCode": 1, "token": instance.life(false), "error": "no job has a target",
    });
    assert_eq!(failed, instance.told("verify", &expected));
    let role = format!(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{}-clusterrole-binding",
        instance.scope.name
    );
    instance.scope.admin().delete(&role).unwrap();
    let failed = instance.result(run("verify", &["--jobs", "apiserver"]), 1);
    let error = failed["error"].as_str().unwrap();
    assert!(
        error.starts_with("1 of ") && error.contains(" checks failed: ServiceAccount "),
        "{error}"
    );
    assert!(
        failed["hint"].as_str().unwrap().contains("--apply"),
        "{failed}"
    );

    let shown = instance.result(run("status", &[]), 0);
    assert_eq!(shown, instance.told("status", &json!({"result": "done"})));

    let removed = instance.result(run("remove", &["--apply", "--yes"]), 0);
    assert_eq!(removed["result"], "removed");
    assert!(removed["deleted"].as_u64().unwrap() >= 8, "{removed}");
    let nothing = instance.result(run("remove", &["--apply", "--yes"]), 0);
    assert_eq!(nothing["result"], "unchanged");
}

#[test]
fn of_a_run_that_cannot_begin() {
    let instance = Instance::new("result-begin");
    let usage = instance.call("prometheus", &["--no-such-flag"]).run();
    let usage = instance.result(usage, 1);
    let error = usage["error"].as_str().unwrap();
    assert!(
        error.starts_with("unexpected argument '--no-such-flag' found"),
        "{error}"
    );

    fs::write(instance.folder.path().join("bad.yaml"), "jobs: [\n").unwrap();
    let settings = instance
        .call("rotate", &["-f", "bad.yaml"])
        .current_dir(instance.folder.path());
    let settings = instance.result(settings.run(), 1);
    assert_eq!(settings["verb"], "rotate");
    let error = settings["error"].as_str().unwrap();
    assert!(error.contains("bad.yaml:"), "{error}");
}

#[test]
fn of_a_run_that_a_repetition_may_mend() {
    let instance = Instance::new("result-retry");
    let scope = &instance.scope;
    let nobody = scope
        .user
        .via(&format!("https://127.0.0.1:{}", free_port()));
    let run = instance
        .call("prometheus", &["--apply"])
        .kubeconfig(&nobody);
    let unreached = instance.result(run.run(), 75);
    assert_eq!(
        (&unreached["result"], &unreached["retryable"]),
        (&json!("failed"), &json!(true))
    );

    // Half-way: a write that is never answered.
    let held = |request: &testbed::relay::Request| {
        if request.method == "PATCH" && request.path.contains("/serviceaccounts/") {
            Fault::Hold
        } else {
            Fault::Pass
        }
    };
    let relay = scope.cp.relay(held);
    until_it_suffices("a write", |limit| {
        let late = instance
            .call("prometheus", &["--apply", "--timeout", limit])
            .kubeconfig(&scope.user.via(&relay.url()));
        let late = instance.result(late.run(), 75);
        assert_eq!(late["error"], format!("not done within {limit}"));
        let is_begun = late["created"].as_u64().is_some_and(|count| count > 0);
        if is_begun {
            assert!(late["pending"].as_u64().unwrap() > 0, "{late}");
        }
        is_begun
    });

    let relay = scope.cp.relay(held);
    let child = instance
        .call("prometheus", &["--apply"])
        .kubeconfig(&scope.user.via(&relay.url()))
        .spawn();
    relay.wait_for_request(|request| {
        request.method == "PATCH" && request.path.contains("/serviceaccounts/")
    });
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ended = instance.result(Run::of(child), 143);
    assert_eq!(ended["error"], "interrupted by SIGTERM");
    assert_eq!(ended["retryable"], true);

    // Nothing that is refused is mended by asking again.
    let stranger = scope.cp.limited_user("result-stranger", &json!([]));
    let denied = instance
        .call("prometheus", &["--apply"])
        .kubeconfig(&stranger.kubeconfig);
    let denied = instance.result(denied.run(), 1);
    assert_eq!(denied["retryable"], false);
    assert!(
        denied["hint"].as_str().unwrap().contains("\"verbs\""),
        "{denied}"
    );
}

#[test]
fn of_a_webhook_that_cannot_be_asked_and_of_one_that_says_no() {
    let instance = Instance::new("result-webhook");
    for (code, message, exit) in [
        (
            500,
            "Internal error occurred: failed calling webhook \"w.corp\": connection refused",
            75,
        ),
        (
            500,
            "admission webhook \"w.corp\" denied the request: no",
            1,
        ),
        (429, "slow down", 75),
        (404, "namespaces not found", 1),
        (
            403,
            "secrets \"a\" is forbidden: unable to create new content in namespace m because it is being terminated",
            75,
        ),
        (422, "Secret is invalid", 1),
    ] {
        let relay = instance.scope.cp.relay(move |request| {
            if request.method == "PATCH" {
                Fault::status(code, "", message)
            } else {
                Fault::Pass
            }
        });
        let run = instance
            .call("prometheus", &["--apply"])
            .kubeconfig(&instance.scope.user.via(&relay.url()));
        let result = instance.result(run.run(), exit);
        assert_eq!(result["retryable"], exit == 75, "{result}");
    }
}

#[test]
fn a_file_that_holds_something_else_or_cannot_be_written_is_told_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, "global: {}\n").unwrap();
    let nowhere = folder.path().join("nowhere/result");
    for (path, words) in [
        (file.to_str().unwrap(), "it holds something else"),
        (nowhere.to_str().unwrap(), "No such file"),
        ("/", "Is a directory"),
    ] {
        let run = Monconf::new(["jobs", "--result-file", path]).run().ok();
        let said =
            format!("warning: how the run ended is not recorded: cannot write {path}: {words}");
        assert!(run.stderr.starts_with(&said), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "global: {}\n");
    // Without being asked for, nothing is said.
    assert_eq!(Monconf::new(["jobs"]).run().ok().stderr, "");
}

#[test]
fn a_shorter_result_takes_the_place_of_a_longer_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result");
    let name = "x".repeat(9_000);
    let run = |verb: &str| {
        Monconf::new([verb, "--result-file"]).args([&file]).run();
        settled(&fs::read_to_string(&file).unwrap())
    };
    let long = run(&name);
    assert!(long["error"].as_str().unwrap().ends_with('…'));
    assert_eq!(
        run("jobs"),
        json!({"verb": "jobs", "result": "done", "exitCode": 0, "retryable": false})
    );
}

/// What is asked for is in the log of a Pod at once, and not only when it ends.
#[test]
fn nothing_is_held_back() {
    let instance = Instance::new("result-flow");
    instance.call("prometheus", &["--apply"]).run().ok();
    instance
        .call("rotate", &["--apply", "--overlap", "1h"])
        .run()
        .ok();
    let mut child = instance
        .call("rotate", &["--apply", "--overlap", "1h", "--wait"])
        .spawn();
    let mut first = String::new();
    let stderr = child.stderr.take().unwrap();
    let mut reader = std::io::BufReader::new(stderr);
    std::io::BufRead::read_line(&mut reader, &mut first).unwrap();
    assert!(
        first.contains("Waiting until the overlap of the previous rotation ends, at "),
        "{first}"
    );
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    testbed::poll::until("its end", || child.try_wait().unwrap().is_some());
    let result = settled(&fs::read_to_string(instance.file()).unwrap());
    assert_eq!(
        (&result["exitCode"], &result["verb"]),
        (&json!(143), &json!("rotate"))
    );
}
