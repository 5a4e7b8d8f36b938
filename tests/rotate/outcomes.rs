//! What a rotation does, and when it does nothing.

use std::fs;
use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use testbed::{ControlPlane, Fault, Options};

use super::support::{Instance, writes};
use crate::support::{Monconf, Run, token};

#[test]
fn the_old_token_outlives_the_new_one_s_coming_and_is_revoked_then() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-slots");
    let first = instance.token();
    let run = instance.rotate(&[]).ok();
    let second = instance.token();
    assert_ne!(first, second);
    assert!(
        run.stderr.contains("The old token stays valid until "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains(
            "a CronJob with the schedule \"0 3 * * *\" runs `monconf rotate --if-due --apply`"
        ),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("Verified with the new token: the API server accepts it, "),
        "{}",
        run.stderr
    );
    // Both are accepted: whoever reads the file late loses nothing.
    assert!(token::is_accepted(cp, &first) && token::is_accepted(cp, &second));
    assert!(instance.exists('a') && instance.exists('b'));

    // A third would replace the first before its time.
    let run = instance.rotate(&[]).exit(75);
    let bound = format!(
        "error: Rotation in progress: the previous token (bound Secret {}/{}-k8s-token-a) stays valid until ",
        instance.scope.namespace, instance.scope.name
    );
    assert!(run.stderr.contains(&bound), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("hint: wait with --wait --apply, or revoke it now with --overlap 0s --apply"),
        "{}",
        run.stderr
    );
    assert_eq!(instance.token(), second);

    let run = instance.rotate(&["--overlap", "0s"]).ok();
    assert!(
        run.stderr.contains("The old token is revoked."),
        "{}",
        run.stderr
    );
    let third = instance.token();
    token::wait_until_refused(cp, &first);
    token::wait_until_refused(cp, &second);
    assert!(token::is_accepted(cp, &third));
    assert!(instance.exists('a') && !instance.exists('b'));
}

#[test]
fn what_is_not_due_is_left_and_what_was_left_behind_is_cleared() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-due");
    let before = instance.token();
    let count = writes(&instance.scope);
    let run = instance.rotate(&["--if-due"]).ok();
    assert!(
        run.stderr.starts_with("Not due: the token has "),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout.contains("  kept        due after "),
        "{}",
        run.stdout
    );
    assert_eq!((instance.token(), writes(&instance.scope)), (before, count));
    // The overlap goes on in the next run.
    instance.rotate(&["--overlap", "1s"]).ok();
    assert!(instance.exists('a') && instance.exists('b'));
    testbed::poll::until("the next run revokes it", || {
        instance.rotate(&["--if-due"]).ok();
        !instance.exists('a')
    });
    assert!(token::is_accepted(cp, &instance.token()));
}

#[test]
fn a_new_token_that_does_not_work_is_revoked_and_the_old_one_stays() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-unproven");
    let before = instance.token();
    let binding = format!(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{}-clusterrole-binding",
        instance.scope.name
    );
    cp.admin().delete(&binding).unwrap();
    let run = instance.rotate(&[]).exit(1);
    let expected = format!(
        "error: the new token does not work, so the old one stays in use: ServiceAccount {}/{}-sa may not get /metrics: ClusterRole {}-clusterrole has the rule, and is not bound to it.\n",
        instance.scope.namespace, instance.scope.name, instance.scope.name
    );
    assert!(run.stderr.contains(&expected), "{}", run.stderr);
    assert_eq!(instance.token(), before);
    assert!(instance.exists('a') && !instance.exists('b'));
    assert!(token::is_accepted(cp, &before));
}

#[test]
fn of_two_at_once_one_does_it() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "rotate-race");
    let before = instance.token();
    // Nobody makes the handle before all have read that it is not there.
    let (all, made) = (Barrier::new(4), AtomicUsize::new(0));
    let handle = token::handle_path(&instance.scope, 'b');
    let relay = cp.relay(move |request| {
        if request.method == "PATCH" && request.path == handle && made.fetch_add(1, SeqCst) < 4 {
            all.wait();
        }
        Fault::Pass
    });
    let by_relay = instance.scope.user.via(&relay.url());
    // The new token is proved at the address that the configuration names.
    let api_server = ["--apply", "--api-server", cp.url()];
    let start = |_| {
        let run = instance.call("rotate", &api_server);
        run.kubeconfig(&by_relay).spawn()
    };
    let runs = [0; 4].map(start).map(Run::of);
    assert!(runs.iter().any(|run| run.code == 0), "{runs:#?}");
    let issued = runs
        .iter()
        .filter(|run| run.stderr.contains("Token issued"));
    assert_eq!(issued.count(), 1, "{runs:#?}");
    for run in &runs {
        assert_eq!(run.code, 0, "{run:#?}");
    }
    assert_ne!(instance.token(), before);
    let account = format!("/serviceaccounts/{}-sa/token", instance.scope.name);
    let events = cp.audit(&instance.scope.user.name);
    let asked = events.iter().filter(|event| event.uri.ends_with(&account));
    // One by --apply, one by the run that won.
    assert_eq!(asked.count(), 2);
    assert!(token::is_accepted(cp, &instance.token()));
}

#[test]
fn a_clamped_life_shortens_the_schedule() {
    let cp = ControlPlane::start(Options {
        max_token_expiration: Some(Duration::from_hours(1)),
        ..Options::bare()
    });
    let instance = Instance::applied(&cp, "rotate-clamp");
    let run = instance.rotate(&["--overlap", "0s"]).ok();
    assert!(
        run.stderr
            .contains("asked 90d, granted 1h (this cluster's limit)"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains(
            "a CronJob with the schedule \"*/10 * * * *\" runs `monconf rotate --if-due --apply`"
        ),
        "{}",
        run.stderr
    );
}

/// What the cluster granted is what counts, not what was asked for.
#[test]
fn a_clamped_token_is_due_after_two_thirds_of_the_granted_life() {
    let cp = ControlPlane::start(Options {
        max_token_expiration: Some(Duration::from_hours(1)),
        ..Options::bare()
    });
    let instance = Instance::applied(&cp, "rotate-clamp-due");
    let issued = instance.token();
    let handle = token::handle_path(&instance.scope, 'a');
    let recorded = instance.scope.admin().get(&handle).unwrap();
    let recorded = &recorded["metadata"]["annotations"];
    assert_eq!(recorded["monconf/requested"], "90d");
    let time = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let issued_at = time(&recorded["monconf/issued-at"]);
    let life = time(&recorded["monconf/expires-at"]).duration_since(issued_at);
    // The server's clock may tick between issuing and stamping.
    assert_eq!((life.as_secs() + 30) / 60, 60);

    // As it was issued so many minutes ago.
    let aged = |minutes: i64| {
        let issued_at = Timestamp::now().as_second() - minutes * 60;
        let aged = cp.sign_again(&issued, |claims| {
            claims["iat"] = issued_at.into();
            claims["nbf"] = issued_at.into();
            claims["exp"] = (issued_at + 3_600).into();
        });
        fs::write(instance.token_file(), &aged).unwrap();
        let due = Timestamp::from_second(issued_at + 2_400).unwrap();
        (aged, due)
    };
    let status = || {
        let folder = instance.token_file();
        let folder = folder.parent().unwrap().to_str().unwrap().to_owned();
        let run = Monconf::for_consumer("status", &instance.scope, &["-o", "json"])
            .args(["--token-dir", &folder])
            .run();
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let rows = report["instances"].as_array().unwrap().clone();
        let of_file = |row: &&Value| row["file"].is_string();
        let row = rows.iter().find(of_file);
        row.unwrap_or_else(|| panic!("{report:#}")).clone()
    };
    let due_at = |row: &Value| time(&row["token"]["rotationDueAt"]);

    let (half, due) = aged(30);
    let row = status();
    assert_eq!(due_at(&row), due, "{row:#}");
    assert_eq!(row["token"]["state"], "ok", "{row:#}");
    let run = instance.rotate(&["--if-due"]).ok();
    assert!(
        run.stderr.contains("Not due: the token has "),
        "{}",
        run.stderr
    );
    assert_eq!(instance.token(), half);

    let (late, due) = aged(42);
    let row = status();
    assert_eq!(due_at(&row), due, "{row:#}");
    assert_eq!(row["token"]["state"], "due", "{row:#}");
    let run = instance.rotate(&["--if-due"]).ok();
    assert!(
        run.stderr
            .contains("asked 90d, granted 1h (this cluster's limit)"),
        "{}",
        run.stderr
    );
    assert_ne!(instance.token(), late);
}
