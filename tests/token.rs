//! The token: bound to its handle, renewed when it has to be, and only then.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::json;
use testbed::{ControlPlane, Options, Scope};

use crate::support::{Monconf, Run, token};

fn apply(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, &["--apply"])
        .args(arguments)
        .run()
        .ok()
}

#[test]
fn deleting_the_handle_revokes_the_token_and_the_next_run_issues_another() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("revoked");
    apply(&scope, &[]);
    let first = token::of_secret(&scope);
    assert!(token::is_accepted(cp, &first));

    cp.admin().delete(&token::handle_path(&scope, 'a')).unwrap();
    token::wait_until_refused(cp, &first);

    let run = apply(&scope, &[]);
    assert!(
        run.stdout.contains("revoked, its handle is gone"),
        "{}",
        run.stdout
    );
    let second = token::of_secret(&scope);
    assert_ne!(first, second);
    assert!(token::is_accepted(cp, &second));
    assert_eq!(
        token::claims(&second)["kubernetes.io"]["secret"]["name"],
        json!(format!("{}-k8s-token-b", scope.name))
    );
}

#[test]
fn the_handle_records_what_the_server_granted() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("recorded");
    apply(&scope, &["--duration", "2h"]);
    let handle = cp.admin().get(&token::handle_path(&scope, 'a')).unwrap();
    let annotations = &handle["metadata"]["annotations"];
    let claims = token::claims(&token::of_secret(&scope));
    let time =
        |key: &str| -> jiff::Timestamp { annotations[key].as_str().unwrap().parse().unwrap() };
    assert_eq!(annotations["monconf/requested"], "2h");
    assert_eq!(
        time("monconf/issued-at").as_second(),
        claims["iat"].as_i64().unwrap()
    );
    assert_eq!(
        time("monconf/expires-at").as_second(),
        claims["exp"].as_i64().unwrap()
    );
    assert_eq!(
        claims["kubernetes.io"]["secret"]["uid"],
        handle["metadata"]["uid"]
    );
    assert!(handle["data"].is_null(), "a handle is empty");
}

#[test]
fn a_clamp_is_said_with_both_numbers_and_causes_no_new_token() {
    let cp = ControlPlane::start(Options {
        max_token_expiration: Some(Duration::from_hours(1)),
        ..Options::default()
    });
    let scope = cp.scope("clamped");
    let run = apply(&scope, &["--duration", "90d"]);
    assert!(
        run.stderr
            .contains("asked 90d, granted 1h (this cluster's limit), expires "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("hint: tokens here live 1h: run this command at least every 10m"),
        "{}",
        run.stderr
    );
    let first = token::of_secret(&scope);
    let run = apply(&scope, &["--duration", "90d"]);
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);
    assert_eq!(token::of_secret(&scope), first);
}

#[test]
fn a_token_with_little_life_left_is_renewed_and_goes_on_working() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("due");
    apply(&scope, &[]);
    let issued = token::of_secret(&scope);
    let aged = |seconds_left: i64| {
        cp.sign_again(&issued, |claims| {
            let now = jiff::Timestamp::now().as_second();
            claims["iat"] = json!(now + seconds_left - 90 * 86_400);
            claims["nbf"] = claims["iat"].clone();
            claims["exp"] = json!(now + seconds_left);
        })
    };
    // A little more than a third is enough.
    let healthy = aged(31 * 86_400);
    token::replace(&scope, &healthy);
    Monconf::prometheus(&scope, &[]).run().ok();
    let run = apply(&scope, &["--take-ownership"]);
    assert!(!run.stdout.contains("new token"), "{}", run.stdout);

    let due = aged(29 * 86_400);
    token::replace(&scope, &due);
    let run = apply(&scope, &["--take-ownership"]);
    assert!(run.stdout.contains(" of 90d left"), "{}", run.stdout);
    let renewed = token::of_secret(&scope);
    assert_ne!(renewed, due);
    assert_eq!(
        token::claims(&renewed)["kubernetes.io"]["secret"]["name"],
        json!(format!("{}-k8s-token-b", scope.name))
    );
    for token in [&due, &renewed] {
        assert!(
            token::is_accepted(cp, token),
            "both work until the old one's handle is cleared"
        );
    }
    // Right after the swap consumers may still read the old one: its bound Secret stays.
    apply(&scope, &["--duration", "30d"]);
    let run = apply(&scope, &["--duration", "30d"]);
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);
}

#[test]
fn another_duration_is_a_new_token_and_so_are_broken_ones() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("broken-token");
    apply(&scope, &[]);
    let first = token::of_secret(&scope);

    let run = apply(&scope, &["--duration", "30d"]);
    assert!(run.stdout.contains("30d asked, was 90d"), "{}", run.stdout);
    let second = token::of_secret(&scope);
    assert_ne!(first, second);

    let (message, _) = second.rsplit_once('.').unwrap();
    let (_, foreign) = first.rsplit_once('.').unwrap();
    token::replace(&scope, &format!("{message}.{foreign}"));
    let run = apply(&scope, &["--duration", "30d", "--take-ownership"]);
    assert!(
        run.stdout.contains("not signed with this cluster's key"),
        "{}",
        run.stdout
    );
    assert!(token::is_accepted(cp, &token::of_secret(&scope)));

    token::replace(&scope, "not a token");
    let run = apply(&scope, &["--duration", "30d", "--take-ownership"]);
    assert!(
        run.stdout.contains("not a token of a ServiceAccount"),
        "{}",
        run.stdout
    );
    assert!(token::is_accepted(cp, &token::of_secret(&scope)));
}

#[test]
fn a_consumer_outside_the_cluster_gets_files_and_the_cluster_only_the_handle() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("token-file");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let drop_in = path("k8s.yml");
    let arguments = [
        "--drop-in",
        drop_in.to_str().unwrap(),
        "--token-dir",
        path("secret").to_str().unwrap(),
    ]
    .map(str::to_owned);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    apply(&scope, &arguments);

    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("secret/token"), 0o600);
    assert_eq!(mode("secret/ca.crt"), 0o644);
    assert_eq!(mode("k8s.yml"), 0o644);
    let first = fs::read_to_string(path("secret/token")).unwrap();
    assert!(token::is_accepted(cp, &first));
    assert!(cp.admin().is_absent(&token::secret_path(&scope)));
    assert!(!cp.admin().is_absent(&token::handle_path(&scope, 'a')));

    let run = apply(&scope, &arguments);
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);

    fs::set_permissions(path("secret/token"), fs::Permissions::from_mode(0o644)).unwrap();
    let run = apply(&scope, &arguments);
    assert!(
        run.stdout.contains("; mode 0644 becomes 0600"),
        "{}",
        run.stdout
    );
    assert_eq!(mode("secret/token"), 0o600);
    assert_eq!(fs::read_to_string(path("secret/token")).unwrap(), first);
}
