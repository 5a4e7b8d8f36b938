//! A token's state, as the metadata of its handle tells it.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use testbed::{ControlPlane, Options, Scope};

use super::{row, rows, status};
use crate::support::{Monconf, token};

fn annotate(scope: &Scope, issued: Timestamp, expires: Timestamp) {
    let change = json!({"metadata": {"annotations": {
        "monconf/issued-at": issued.to_string(), "monconf/expires-at": expires.to_string(),
    }}});
    scope
        .admin()
        .patch_merge(&token::handle_path(scope, 'a'), &change)
        .unwrap();
}

fn time(row: &Value, field: &str) -> Timestamp {
    row["token"][field].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_clamp_is_recorded_and_warned_of_and_rotation_is_due_by_the_real_life() {
    let cp = ControlPlane::start(Options {
        max_token_expiration: Some(Duration::from_hours(1)),
        ..Options::default()
    });
    let scope = cp.scope("status-clamped");
    Monconf::prometheus(&scope, &["--apply", "--duration", "90d"])
        .run()
        .ok();
    let found = row(&scope, &[]);
    assert_eq!(found["token"]["state"], "ok");
    assert_eq!(found["token"]["requested"], "90d");
    assert_eq!(found["token"]["granted"], "1h");
    let issued = time(&found, "issuedAt");
    let claims = token::claims(&token::of_secret(&scope));
    assert_eq!(issued.as_second(), claims["iat"].as_i64().unwrap());
    let due = time(&found, "rotationDueAt").duration_since(issued);
    assert!((due.as_secs() - 2_400).abs() <= 1, "{due:?}");
    let remark = found["remarks"][0].as_str().unwrap();
    assert!(
        remark.contains("tokens here live 1h, less than was asked for: a run with --apply has to come at least every 10m"),
        "{remark}"
    );
    status(&scope, &["--detailed-exitcode"]).ok();

    // A token that is clearly older than its account is another account's: so nothing is moved far into the past.
    let now = Timestamp::now();
    annotate(&scope, now, now + 20.minutes());
    assert_eq!(row(&scope, &[])["token"]["state"], "ok");
    annotate(&scope, now - 20.seconds(), now - 1.seconds());
    let expired = row(&scope, &[]);
    assert_eq!(expired["token"]["state"], "expired");
    assert_eq!(expired["token"]["valid"], false);
    status(&scope, &["--detailed-exitcode"]).exit(2);
}

#[test]
fn what_is_due_revoked_or_broken_is_told_and_is_exit_code_2() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-states");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let found = row(&scope, &[]);
    assert_eq!(
        found["token"]["handle"],
        format!("{}-k8s-token-a", scope.name)
    );
    assert_eq!(found["secret"], format!("{}-k8s-token", scope.name));
    assert_eq!(found["lastUsed"], Value::Null);

    let now = Timestamp::now();
    annotate(&scope, now - 29.seconds(), now + 13.seconds());
    let found = row(&scope, &[]);
    assert_eq!(found["token"]["state"], "due", "{found:#}");
    assert_eq!(found["due"], true);
    let text = status(&scope, &["--detailed-exitcode"]).exit(2).stdout;
    let line = text
        .lines()
        .find(|line| line.contains(&scope.name) && line.contains(" of 90d"))
        .unwrap();
    assert!(line.starts_with("prometheus  "), "{line}");

    let handle = token::handle_path(&scope, 'a');
    cp.admin().delete(&handle).unwrap();
    let found = row(&scope, &[]);
    assert_eq!(found["token"]["state"], "revoked");
    assert_eq!(
        found["token"]["reason"],
        format!("its handle {}-k8s-token-a is gone", scope.name)
    );

    cp.admin().delete(&token::secret_path(&scope)).unwrap();
    assert_eq!(row(&scope, &[])["token"]["state"], "no token");
    let account = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        scope.namespace, scope.name
    );
    cp.admin().delete(&account).unwrap();
    let gone = row(&scope, &[]);
    assert_eq!(gone["token"]["reason"], "this instance is not there");
}

#[test]
fn the_old_token_is_told_of_until_its_handle_is_gone() {
    let scope = ControlPlane::shared().scope("status-old");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    Monconf::prometheus(&scope, &["--apply", "--duration", "30d"])
        .run()
        .ok();
    let found = row(&scope, &["--duration", "30d"]);
    assert_eq!(found["token"]["state"], "ok");
    assert_eq!(
        found["token"]["handle"],
        format!("{}-k8s-token-b", scope.name)
    );
    let remarks = found["remarks"].to_string();
    assert!(
        remarks.contains(&format!(
            "valid until its handle {}-k8s-token-a is deleted",
            scope.name
        )),
        "{remarks}"
    );
    assert_eq!(found["due"], false, "{found:#}");
}

#[test]
fn tokens_of_the_account_that_never_end_are_told_with_the_day_of_their_last_use() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-legacy");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "by-hand", "annotations": {
            "kubernetes.io/service-account.name": format!("{}-sa", scope.name),
        }},
    });
    let secrets = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    cp.admin().post(&secrets, &secret).unwrap();
    let path = format!("{secrets}/by-hand");
    testbed::poll::until("the token is there", || {
        cp.admin().get(&path).unwrap()["data"]["token"].is_string()
    });
    let found = row(&scope, &[]);
    assert_eq!(found["legacyTokens"][0]["secret"], "by-hand");
    let legacy = token::decoded(&cp.admin().get(&path).unwrap(), "token");
    assert!(token::is_accepted(cp, &legacy));
    testbed::poll::until("its use is seen", || {
        rows(&scope, &[])[0]["lastUsed"].is_string()
    });
    let used = row(&scope, &[])["lastUsed"].as_str().unwrap().to_owned();
    assert!(status(&scope, &[]).stdout.contains(&format!(
        "Secret by-hand holds a token of the same account that never ends, last used {used}"
    )));
}
