//! Why a token is not accepted: each cause made for real, and mended by what is printed.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testbed::{ControlPlane, Options};

use super::support::{Instance, codes};
use crate::support::{Monconf, token};

/// The API server alone is scraped: what is asked about the token is the same for every job.
const JOBS: [&str; 2] = ["--jobs", "apiserver"];

fn instance(cp: &'static ControlPlane, name: &str) -> Instance<'static> {
    Instance::applied(cp.scope(name), &JOBS)
}

/// What verifying `token` instead of the instance's own gives.
fn tried(instance: &Instance<'_>, token: &str) -> Value {
    let file = instance.path("tried");
    fs::write(&file, token).unwrap();
    instance.report(&["--token-file", file.to_str().unwrap()])
}

fn own(instance: &Instance<'_>) -> String {
    fs::read_to_string(instance.token_file()).unwrap()
}

/// The only check is whether the token is accepted: it is not, for this one reason.
#[track_caller]
fn rejected(report: &Value, code: &str) {
    assert_eq!(codes(report), [code], "{report:#}");
    assert_eq!(report["checks"].as_array().unwrap().len(), 1);
    assert_eq!(report["checks"][0]["result"], "401");
    assert_eq!(report["user"], Value::Null);
}

#[test]
fn an_expired_token_and_one_of_the_future_are_told_apart() {
    let cp = ControlPlane::shared();
    let instance = instance(cp, "verify-times");
    let token = own(&instance);
    let now = jiff::Timestamp::now().as_second();
    for (code, issued, expires) in [
        ("token-expired", now - 7_200, now - 3_600),
        ("token-not-yet-valid", now + 3_600, now + 7_200),
    ] {
        let other = cp.sign_again(&token, |claims| {
            claims["iat"] = issued.into();
            claims["nbf"] = issued.into();
            claims["exp"] = expires.into();
        });
        rejected(&tried(&instance, &other), code);
    }
    // The fix is what the instance's own command does: put in place of the good one, it is replaced.
    let expired = cp.sign_again(&token, |claims| claims["exp"] = (now - 3_600).into());
    fs::write(instance.token_file(), expired).unwrap();
    let report = instance.report(&[]);
    rejected(&report, "token-expired");
    let fix = report["causes"][0]["fix"].as_str().unwrap();
    instance.run_line(fix).ok();
    instance.wait_for(&[]);
}

#[test]
fn a_clock_that_is_wrong_is_told_from_a_token_that_is_old() {
    let Some(behind) = testbed::clock::shifted("-2h") else {
        return;
    };
    let cp = ControlPlane::shared();
    let instance = instance(cp, "verify-clock");
    let now = jiff::Timestamp::now().as_second();
    // By the API server's clock it ended an hour ago; by ours it has an hour left.
    let ended = cp.sign_again(&own(&instance), |claims| {
        claims["iat"] = (now - 10_800).into();
        claims["nbf"] = (now - 10_800).into();
        claims["exp"] = (now - 3_600).into();
    });
    let file = instance.path("tried");
    fs::write(&file, &ended).unwrap();
    let arguments = ["--token-file", file.to_str().unwrap(), "-o", "json"];
    let mut call = instance.call(&arguments);
    for (name, value) in behind {
        call = call.env(name, value);
    }
    let run = call.run().exit(1);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    rejected(&report, "clock-skew");
    let cause = report["causes"][0]["cause"].as_str().unwrap();
    assert!(cause.contains("s behind the API server's"), "{cause}");
    // With the right clock it is what it is.
    rejected(&tried(&instance, &ended), "token-expired");
}

#[test]
fn a_token_of_somebody_else_s_is_told_by_its_maker_and_its_audience() {
    let cp = ControlPlane::shared();
    let instance = instance(cp, "verify-maker");
    let good = own(&instance);
    let issuer = cp.sign_again(&good, |claims| {
        claims["iss"] = "https://other.example".into();
    });
    rejected(&tried(&instance, &issuer), "wrong-issuer");
    let audience = cp.sign_again(&good, |claims| claims["aud"] = json!(["vault"]));
    rejected(&tried(&instance, &audience), "wrong-audience");
    let other = ControlPlane::start(Options::bare());
    let key = other.sign_again(&good, |_| ());
    rejected(&tried(&instance, &key), "wrong-key");
    for garbage in ["not a token", "a.b.c", "eyJhbGciOiJSUzI1NiJ9"] {
        rejected(&tried(&instance, garbage), "garbage-token");
    }
    let nothing = tried(&instance, "");
    assert_eq!(codes(&nothing), ["no-token"], "{nothing:#}");
}

#[test]
fn what_a_token_was_made_from_is_looked_for() {
    let cp = ControlPlane::shared();
    let instance = instance(cp, "verify-bound");
    let admin = cp.admin();
    let accounts = format!(
        "/api/v1/namespaces/{}/serviceaccounts",
        instance.scope.namespace
    );
    let account = format!("{accounts}/{}-sa", instance.scope.name);

    admin
        .delete(&token::handle_path(&instance.scope, 'a'))
        .unwrap();
    let report = instance.wait_for(&["bound-object-deleted"]);
    rejected(&report, "bound-object-deleted");
    instance.apply();
    instance.wait_for(&[]);

    let body = admin.get(&account).unwrap();
    admin.delete(&account).unwrap();
    instance.wait_for(&["account-deleted"]);
    let again = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": body["metadata"]["name"], "labels": body["metadata"]["labels"]},
    });
    admin.post(&accounts, &again).unwrap();
    let report = instance.wait_for(&["account-recreated"]);
    rejected(&report, "account-recreated");
    instance.apply();
    instance.wait_for(&[]);
}

#[test]
fn without_a_token_it_is_said_what_makes_one() {
    let scope = ControlPlane::shared().scope("verify-none");
    let run = Monconf::new([
        "verify",
        "--name",
        &scope.name,
        "--namespace",
        &scope.namespace,
    ])
    .kubeconfig(scope.kubeconfig())
    .run()
    .exit(1);
    let secret = format!("Secret {}/{}-k8s-token", scope.namespace, scope.name);
    assert_eq!(
        run.stderr,
        format!(
            "error: there is no token in {secret}\nhint: `monconf prometheus --apply` issues one; --token-file names another\n"
        )
    );
    assert_eq!(run.stdout, "");
    let missing = Path::new("/nonexistent/token");
    let run = Monconf::new(["verify", "--token-file"])
        .args([missing])
        .kubeconfig(scope.kubeconfig())
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("cannot read /nonexistent/token"),
        "{}",
        run.stderr
    );
}
