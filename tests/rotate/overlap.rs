//! How long a replaced token stays valid is recorded on its bound Secret, and kept by every later run.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use testbed::{ControlPlane, Options};

use super::support::{Instance, writes};
use crate::support::token;

#[test]
fn what_was_promised_is_kept_whatever_a_later_run_is_asked_for() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "overlap-kept");
    let first = instance.token();
    let begun = Timestamp::now();
    instance.rotate(&["--overlap", "2h"]).ok();
    let second = instance.token();
    let recorded = || instance.recorded('a', "revoke-after");
    let promised = recorded().unwrap();
    let until: Timestamp = promised.parse().unwrap();
    let hours = SignedDuration::from_hours(2);
    let slack = SignedDuration::from_mins(5);
    assert!(
        until >= begun + hours - SignedDuration::from_secs(2),
        "{until}"
    );
    assert!(until <= Timestamp::now() + hours + slack, "{until}");
    assert_eq!(instance.recorded('b', "revoke-after"), None);
    // What else is recorded stays.
    for key in ["requested", "issued-at", "expires-at"] {
        assert!(instance.recorded('a', key).is_some(), "{key}");
    }
    let kept = |when: &str| {
        assert!(instance.exists('a'), "{when}");
        assert_eq!(recorded().as_ref(), Some(&promised), "{when}");
        assert!(token::is_accepted(cp, &first), "{when}");
        assert_eq!(instance.token(), second, "{when}");
    };
    let count = writes(&instance.scope);
    for arguments in [
        &["--if-due"][..],
        &["--if-due", "--overlap", "1s"],
        &["--if-due", "--overlap", "10m"],
    ] {
        instance.rotate(arguments).ok();
        kept(&format!("{arguments:?}"));
    }
    let run = instance.rotate(&["--overlap", "1s"]).exit(75);
    assert!(
        run.stderr.contains("Rotation in progress"),
        "{}",
        run.stderr
    );
    kept("a rotation");
    let run = instance.call("prometheus", &["--apply"]).run().ok();
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);
    kept("the consumer's command");
    assert_eq!(writes(&instance.scope), count);

    // Over: the next run revokes it, and shows that before.
    instance.end_overlap('a');
    let plan = instance.call("rotate", &["--if-due"]).run().ok();
    assert!(plan.stdout.contains("1 to delete"), "{}", plan.stdout);
    assert!(plan.stderr.contains("Not due: the token has "));
    let pending = instance.call("rotate", &["--if-due", "--detailed-exitcode"]);
    pending.run().exit(2);
    assert!(instance.exists('a') && token::is_accepted(cp, &first));
    let run = instance.rotate(&["--if-due", "--overlap", "2h"]).ok();
    assert!(run.stderr.contains("1 deleted"), "{}", run.stderr);
    assert!(!instance.exists('a'));
    token::wait_until_refused(cp, &first);
    assert!(token::is_accepted(cp, &second));
}

#[test]
fn asked_for_it_is_revoked_now() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "overlap-now");
    let first = instance.token();
    instance.rotate(&["--overlap", "1h"]).ok();
    let second = instance.token();
    // Without a rotation.
    instance.rotate(&["--if-due", "--overlap", "0s"]).ok();
    assert!(!instance.exists('a'));
    token::wait_until_refused(cp, &first);
    assert_eq!(instance.token(), second);
    assert!(token::is_accepted(cp, &second));
}

#[test]
fn the_consumer_s_command_revokes_no_sooner() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "overlap-apply");
    let first = instance.token();
    // Another life is asked for: the consumer's command replaces the token too.
    let again = ["--apply", "--duration", "30d"];
    let run = instance.call("prometheus", &again).run().ok();
    assert!(
        run.stdout.contains("token replaced, and revoked after 10m"),
        "{}",
        run.stdout
    );
    assert!(instance.recorded('a', "revoke-after").is_some());
    instance.call("prometheus", &again).run().ok();
    assert!(instance.exists('a') && token::is_accepted(cp, &first));
    instance.end_overlap('a');
    instance.call("prometheus", &again).run().ok();
    assert!(!instance.exists('a'));
    token::wait_until_refused(cp, &first);
}

/// Deleting by name after a wait would revoke what another run has issued in the same slot meanwhile.
#[test]
fn a_run_that_waits_revokes_the_token_that_it_replaced_and_no_other() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "overlap-waits");
    let first = instance.token();
    let waiting = instance
        .call("rotate", &["--apply", "--overlap", "20s", "--wait"])
        .spawn();
    testbed::poll::until("a new token", || instance.token() != first);
    // The replaced token is revoked by hand, and its slot is used again.
    instance.rotate(&["--overlap", "0s"]).ok();
    let third = instance.token();
    crate::support::Run::of(waiting).ok();
    assert!(instance.exists('a'));
    assert!(token::is_accepted(cp, &third));
}

#[test]
fn an_overlap_without_room_is_refused_before_anything_is_written() {
    let cp = ControlPlane::start(Options {
        max_token_expiration: Some(Duration::from_hours(1)),
        ..Options::bare()
    });
    let instance = Instance::applied(&cp, "overlap-room");
    let before = (instance.token(), writes(&instance.scope));
    for (overlap, said) in [
        (
            "91d",
            "error: --overlap 13w is longer than a token lives (90d)\nhint: use --overlap 60d or less\n",
        ),
        (
            "61d",
            "error: --overlap 61d leaves no room: tokens live 90d, and the next rotation is due after 60d\n",
        ),
        // This cluster grants an hour.
        (
            "2h",
            "error: --overlap 2h is longer than a token lives (1h)\nhint: use --overlap 40m or less\n",
        ),
        (
            "41m",
            "error: --overlap 41m leaves no room: tokens live 1h, and the next rotation is due after 40m\n",
        ),
        ("10", "\"10\" is not a duration"),
    ] {
        let run = instance.rotate(&["--overlap", overlap]).exit(1);
        assert!(run.stderr.contains(said), "{overlap}: {}", run.stderr);
    }
    assert_eq!((instance.token(), writes(&instance.scope)), before);
    instance.rotate(&["--overlap", "40m"]).ok();
}
