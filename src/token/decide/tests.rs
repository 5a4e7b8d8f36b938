//! When a token is kept, and which slot a new one gets.

use serde_json::json;

use super::*;
use crate::object::{EXPIRES_AT, ISSUED_AT, REVOKE_AFTER};
use crate::token::claims::tests::unsigned;

const DAY: i64 = 86_400;

struct Case {
    token: Option<String>,
    handles: [Option<Value>; 2],
    account: Option<Value>,
    now: i64,
    duration: &'static str,
    in_secret: Option<&'static str>,
    overlap: Duration,
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// A bound Secret in slot a that was created then, and whose token was not recorded.
fn handle(uid: &str, created: i64) -> Option<Value> {
    named("t-a", uid, created)
}

#[allow(clippy::unnecessary_wraps, reason = "a slot holds one or none")]
fn named(name: &str, uid: &str, created: i64) -> Option<Value> {
    Some(json!({"metadata": {
        "name": name,
        "uid": uid,
        "creationTimestamp": second(created).to_string(),
        "annotations": {REQUESTED: "90d"},
    }}))
}

/// The same with the record of a token that was issued when it was created.
fn recorded(handle: Option<Value>, expires: i64) -> Option<Value> {
    let mut handle = handle?;
    let created = handle["metadata"]["creationTimestamp"].clone();
    handle["metadata"]["annotations"][ISSUED_AT] = created;
    handle["metadata"]["annotations"][EXPIRES_AT] = second(expires).to_string().into();
    Some(handle)
}

/// The same, replaced.
fn replaced(handle: Option<Value>, revoke_after: i64) -> Option<Value> {
    let mut handle = handle?;
    handle["metadata"]["annotations"][REVOKE_AFTER] = second(revoke_after).to_string().into();
    Some(handle)
}

#[allow(clippy::unnecessary_wraps, reason = "it may not exist")]
fn account(uid: &str) -> Option<Value> {
    Some(json!({"metadata": {"uid": uid, "creationTimestamp": second(-100 * DAY).to_string()}}))
}

fn healthy() -> Case {
    Case {
        token: Some(format!(
            "{}.x",
            unsigned(0, 90 * DAY, "sa-1", ("t-a", "h-1"))
        )),
        handles: [handle("h-1", 0), None],
        account: account("sa-1"),
        now: DAY,
        duration: "90d",
        in_secret: None,
        overlap: OVERLAP,
    }
}

fn decision(case: &Case) -> Decision {
    let token = case.token.clone().map(Token::new);
    decide(&Situation {
        current: token.as_ref(),
        slots: &["t-a".to_owned(), "t-b".to_owned()],
        handles: [case.handles[0].as_ref(), case.handles[1].as_ref()],
        service_account: case.account.as_ref(),
        keys: None,
        duration: case.duration.parse().expect("a duration"),
        now: second(case.now),
        renewal: Renewal {
            forced: false,
            overlap: Overlap(case.overlap),
        },
        in_secret: case.in_secret.map(str::to_owned),
    })
}

fn reason(case: &Case) -> String {
    match decision(case).verdict {
        Verdict::Keep(_) => "kept".to_owned(),
        Verdict::Issue(reason) => reason,
    }
}

#[test]
fn a_healthy_token_is_kept() {
    assert_eq!(reason(&healthy()), "kept");
    assert_eq!(decision(&healthy()).slot, 0);
    assert_eq!(decision(&healthy()).orphan, None);
}

#[test]
fn it_is_due_with_less_than_a_third_left() {
    let at = |day| {
        reason(&Case {
            now: day * DAY,
            ..healthy()
        })
    };
    assert_eq!(at(59), "kept");
    assert_eq!(at(61), "new token: the old one has 29d of 90d left");
    assert_eq!(at(90), "new token: the old one has expired");
}

#[test]
fn the_moment_it_is_due_is_that_from_which_it_is_replaced() {
    let due = due_at(second(0), second(90 * DAY)).as_second();
    assert_eq!(due, 60 * DAY);
    let at = |now| reason(&Case { now, ..healthy() });
    assert_eq!(at(due), "kept");
    assert_ne!(at(due + 1), "kept");
    assert_eq!(due_at(second(0), second(3_600)), second(2_400));
    // What ends before it begins is due at once.
    assert_eq!(due_at(second(9), second(5)), second(5));
}

#[test]
fn a_broken_token_is_replaced_into_the_other_slot() {
    for (case, expected) in [
        (
            Case {
                token: None,
                ..healthy()
            },
            "new token",
        ),
        (
            Case {
                token: Some("x".into()),
                ..healthy()
            },
            "new token: what is there is not a token of a ServiceAccount",
        ),
        (
            Case {
                account: None,
                ..healthy()
            },
            "new token: the old one's ServiceAccount is gone",
        ),
        (
            Case {
                account: account("sa-2"),
                ..healthy()
            },
            "new token: the old one's ServiceAccount is gone",
        ),
        (
            Case {
                handles: [None, None],
                ..healthy()
            },
            "new token: the old one is revoked, its handle is gone",
        ),
        (
            Case {
                handles: [handle("h-2", 0), None],
                ..healthy()
            },
            "new token: the old one is revoked, its handle is gone",
        ),
        (
            Case {
                duration: "30d",
                ..healthy()
            },
            "new token: 30d asked, was 90d",
        ),
    ] {
        assert_eq!(reason(&case), expected);
        let readable = case.token.as_ref().is_some_and(|token| token.len() > 1);
        assert_eq!(decision(&case).slot, usize::from(readable), "{expected}");
    }
}

/// Slot b is in use since `0`, with a token for 90 days.
fn after_a_rotation(before: Option<Value>, now: i64) -> Case {
    Case {
        token: Some(format!(
            "{}.x",
            unsigned(0, 90 * DAY, "sa-1", ("t-b", "h-2"))
        )),
        handles: [before, recorded(named("t-b", "h-2", 0), 90 * DAY)],
        now,
        ..healthy()
    }
}

#[test]
fn a_replaced_token_is_revoked_after_the_time_that_was_recorded_on_it() {
    let before = || recorded(handle("h-1", -30 * DAY), 60 * DAY);
    for (overlap, revoke_after, now, orphan) in [
        (OVERLAP, 600, 599, None),
        (OVERLAP, 600, 600, Some(0)),
        // Whatever this run is asked for, it keeps what was promised.
        (OVERLAP, DAY, DAY - 1, None),
        (Duration::from_secs(1), DAY, DAY - 1, None),
        (Duration::from_days(30), DAY, DAY, Some(0)),
        // Asked for, it is revoked now.
        (Duration::from_secs(0), DAY, 1, Some(0)),
    ] {
        let case = Case {
            overlap,
            ..after_a_rotation(replaced(before(), revoke_after), now)
        };
        assert_eq!(
            decision(&case).orphan,
            orphan,
            "{overlap} {revoke_after} {now}"
        );
    }
    // It has expired before that.
    let expired = replaced(recorded(handle("h-1", -30 * DAY), 500), DAY);
    assert_eq!(decision(&after_a_rotation(expired, 501)).orphan, Some(0));
}

#[test]
fn a_slot_is_waited_for_until_its_token_is_of_no_use() {
    let at = |now: i64, before: Option<Value>| {
        let case = Case {
            duration: "30d",
            ..after_a_rotation(before, now)
        };
        decision(&case).occupied
    };
    let before =
        |revoke_after, expires| replaced(recorded(handle("h-1", -30 * DAY), expires), revoke_after);
    let end = |occupied: Option<Occupied>| match occupied {
        Some(Occupied::ByReplaced(bound, end)) => {
            assert_eq!(bound.name, "t-a");
            Some(end.as_second())
        }
        Some(Occupied::ByRun(bound)) => Some(-bound.created.expect("known").as_second()),
        None => None,
    };
    assert_eq!(end(at(10, before(600, DAY))), Some(600));
    assert_eq!(end(at(10, before(600, 500))), Some(500));
    assert_eq!(end(at(510, before(600, 500))), None);
    assert_eq!(end(at(610, before(600, DAY))), None);
    // Created after the token in use was issued: by a run that is under way, or that never came to its end.
    for recent in [handle("h-9", 1_000), recorded(handle("h-9", 1_000), DAY)] {
        assert_eq!(end(at(1_010, recent.clone())), Some(-1_000));
        assert_eq!(end(at(1_601, recent)), None);
    }
}

#[test]
fn a_bound_secret_that_another_run_has_just_created_is_left_alone() {
    for (created, orphan) in [(DAY - 60, None), (DAY - 601, Some(1))] {
        for of_run in [
            named("t-b", "h-9", created),
            recorded(named("t-b", "h-9", created), 90 * DAY),
        ] {
            let case = Case {
                handles: [replaced(handle("h-1", 0), DAY), of_run],
                ..healthy()
            };
            assert_eq!(decision(&case).orphan, orphan);
            assert_eq!(decision(&case).elsewhere, None);
        }
    }
}

/// A move to files leaves the token of the Secret where a Pod still mounts it.
#[test]
fn a_later_token_is_in_use_elsewhere_where_the_one_before_is_not_marked() {
    let case = Case {
        handles: [
            handle("h-1", 0),
            recorded(named("t-b", "h-9", DAY - 601), 90 * DAY),
        ],
        ..healthy()
    };
    let decision = decision(&case);
    assert_eq!(decision.orphan, None);
    let elsewhere = decision.elsewhere.map(|bound| bound.name);
    assert_eq!(elsewhere.as_deref(), Some("t-b"));
}

#[test]
fn a_live_token_that_is_not_where_the_consumer_is_taken_to_read_it_is_found() {
    let live = || recorded(handle("h-1", 0), 90 * DAY);
    let name = |case: &Case| decision(case).elsewhere.map(|bound| bound.name);
    let nowhere = Case {
        token: None,
        handles: [live(), None],
        ..healthy()
    };
    assert_eq!(name(&nowhere).as_deref(), Some("t-a"));
    // What the consumer's command issues then is bound to it too, so that nothing is revoked unseen.
    assert_eq!(decision(&nowhere).slot, 0);
    let in_b = Case {
        handles: [None, recorded(named("t-b", "h-2", 0), 90 * DAY)],
        token: None,
        ..healthy()
    };
    assert_eq!(name(&in_b).as_deref(), Some("t-b"));
    assert_eq!(decision(&in_b).slot, 1);
    // Another token is there: of another cluster, say.
    let other = Case {
        token: Some(format!(
            "{}.x",
            unsigned(0, 90 * DAY, "sa-1", ("t-a", "h-7"))
        )),
        handles: [live(), None],
        ..healthy()
    };
    assert_eq!(name(&other).as_deref(), Some("t-a"));
    // One that is there, and a later one that the token's Secret has.
    let both = Case {
        handles: [live(), recorded(named("t-b", "h-2", 60), 90 * DAY)],
        in_secret: Some("t-b"),
        ..healthy()
    };
    assert_eq!(name(&both).as_deref(), Some("t-b"));
    assert_eq!(decision(&both).orphan, None);
    for none in [
        Case {
            handles: [replaced(live(), 2 * DAY), None],
            token: None,
            ..healthy()
        },
        Case {
            now: 90 * DAY,
            handles: [live(), None],
            token: None,
            ..healthy()
        },
        Case {
            account: None,
            handles: [live(), None],
            token: None,
            ..healthy()
        },
        Case {
            handles: [handle("h-1", 0), None],
            token: None,
            ..healthy()
        },
        Case {
            handles: [live(), None],
            ..healthy()
        },
    ] {
        assert_eq!(name(&none), None);
    }
}

#[test]
fn a_broken_token_does_not_wait_for_one_that_was_replaced() {
    // The bound Secret in use was deleted while the token before it is still valid.
    let case = Case {
        handles: [
            replaced(recorded(handle("h-1", -30 * DAY), 60 * DAY), 600),
            None,
        ],
        ..after_a_rotation(None, 10)
    };
    let decision = decision(&case);
    assert_eq!((decision.slot, decision.occupied), (1, None));
    assert_eq!(decision.elsewhere, None);
}
