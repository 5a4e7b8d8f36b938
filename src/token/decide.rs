//! Whether the token that exists is kept, or a new one is issued and into which slot.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Claims, KeySet, Token};
use crate::object;
use crate::render::{EXPIRES_AT, REQUESTED};
use crate::spec::Duration;

/// What is known about the token before anything is written.
pub struct Situation<'a> {
    /// The token that the consumer reads today.
    pub current: Option<&'a Token>,
    /// The names of the two slots.
    pub slots: &'a [String; 2],
    /// The handles that exist in them.
    pub handles: [Option<&'a Value>; 2],
    /// The ServiceAccount, if it exists.
    pub service_account: Option<&'a Value>,
    /// The cluster's signing keys, where the caller may read them.
    pub keys: Option<&'a KeySet>,
    /// How long a token should live.
    pub duration: Duration,
    /// The API server's time where it is known, so that a wrong local clock does no harm.
    pub now: Timestamp,
    /// When a token that still serves is replaced.
    pub renewal: Renewal,
}

/// When a token that still serves is replaced, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Whether it is replaced although it is not due.
    pub forced: bool,
    /// For how long a replaced token stays valid, so that a consumer that re-reads it late loses no scrape.
    pub overlap: SignedDuration,
}

impl Default for Renewal {
    fn default() -> Self {
        Self {
            forced: false,
            overlap: OVERLAP,
        }
    }
}

/// What happens to the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Kept or replaced.
    pub verdict: Verdict,
    /// The slot of the kept or the new token's handle.
    pub slot: usize,
    /// The slot of the token in use, where there is one.
    pub used: Option<usize>,
    /// A slot whose handle no token in use is bound to: deleting it revokes what is left of it.
    pub orphan: Option<usize>,
    /// What the slot of a new token still holds, where that is to be waited for.
    pub occupied: Option<Occupied>,
}

/// What a slot holds that is not the token in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupied {
    /// The token that was replaced last; its overlap ends then.
    ByReplaced(Timestamp),
    /// A handle that another run has just made, at that time.
    ByRun(Timestamp),
}

/// Kept or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It still serves.
    Keep(Claims),
    /// A new one is issued, for this reason.
    Issue(String),
}

/// The overlap unless another one is asked for; also how old a handle must be before it counts as left behind rather than
/// as another run's work in progress.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// From when on a token is due: less than a third of its life is left, to the whole second, so that the exposition of
/// `monconf status` and the alert rules count the same.
#[must_use]
pub fn due_at(issued_at: Timestamp, expires_at: Timestamp) -> Timestamp {
    let life = expires_at.duration_since(issued_at).as_secs().max(0);
    expires_at
        .checked_sub(SignedDuration::from_secs(life / 3))
        .unwrap_or(expires_at)
}

/// Keeps the current token unless it is missing, broken, due (less than a third of its life left)
/// or asked for with another duration.
#[must_use]
pub fn decide(situation: &Situation) -> Decision {
    let claims = situation.current.and_then(Claims::of);
    let used = claims
        .as_ref()
        .and_then(|claims| claims.handle.as_ref())
        .and_then(|handle| situation.slots.iter().position(|slot| *slot == handle.name));
    match (reason_to_issue(situation, claims.as_ref(), used), claims) {
        (None, Some(claims)) => {
            let slot = used.unwrap_or(0);
            let orphan = 1 - slot;
            let made = situation.handles[orphan].and_then(created);
            let overlap = situation.renewal.overlap;
            let is_replaced = |made: Timestamp| made <= claims.issued_at;
            let settled = situation.now.duration_since(claims.issued_at) > overlap
                && made.is_some_and(|made| is_replaced(made) || is_older(made, situation.now));
            Decision {
                verdict: Verdict::Keep(claims),
                slot,
                used,
                orphan: settled.then_some(orphan),
                occupied: None,
            }
        }
        (reason, claims) => {
            // Never the slot in use: the old token must outlive the swap.
            let slot = used.map_or(0, |used| 1 - used);
            Decision {
                verdict: Verdict::Issue(reason.unwrap_or_else(|| "new token".to_owned())),
                slot,
                used,
                orphan: None,
                occupied: occupied(situation, slot, claims.as_ref()),
            }
        }
    }
}

/// Whose handle is in the slot of the new token, where it is not one that was left behind.
fn occupied(situation: &Situation, slot: usize, claims: Option<&Claims>) -> Option<Occupied> {
    let handle = situation.handles[slot]?;
    let made = created(handle)?;
    if let Some(used) = claims.filter(|claims| made <= claims.issued_at) {
        let end = used.issued_at.checked_add(situation.renewal.overlap).ok()?;
        // It may end by itself before that.
        let expiry = object::metadata(handle, "annotations", EXPIRES_AT);
        let expiry = expiry.and_then(|expiry| expiry.parse().ok());
        let end = expiry.map_or(end, |expiry: Timestamp| end.min(expiry));
        return (situation.now < end).then_some(Occupied::ByReplaced(end));
    }
    (!is_older(made, situation.now)).then_some(Occupied::ByRun(made))
}

fn reason_to_issue(
    situation: &Situation,
    claims: Option<&Claims>,
    used: Option<usize>,
) -> Option<String> {
    let Some(token) = situation.current else {
        return Some("new token".to_owned());
    };
    let Some(claims) = claims else {
        return Some("new token: what is there is not a token of a ServiceAccount".to_owned());
    };
    if situation.service_account.and_then(object::uid) != Some(claims.service_account_uid.as_str())
    {
        return Some("new token: the old one's ServiceAccount is gone".to_owned());
    }
    let handle = used.and_then(|slot| situation.handles[slot]);
    let bound_to = claims.handle.as_ref().map(|handle| handle.uid.as_str());
    let Some(handle) = handle.filter(|handle| object::uid(handle) == bound_to) else {
        return Some("new token: the old one is revoked, its handle is gone".to_owned());
    };
    if situation.keys.and_then(|keys| keys.signed(token)) == Some(false) {
        return Some("new token: the old one is not signed with this cluster's key".to_owned());
    }
    let life = claims.expires_at.duration_since(claims.issued_at);
    let left = claims.expires_at.duration_since(situation.now);
    if left.is_negative() || left.is_zero() {
        return Some("new token: the old one has expired".to_owned());
    }
    if situation.now > due_at(claims.issued_at, claims.expires_at) {
        return Some(format!(
            "new token: the old one has {} of {} left",
            rounded(left),
            rounded(life)
        ));
    }
    let asked = situation.duration.to_string();
    let before = object::metadata(handle, "annotations", REQUESTED);
    if before == Some(asked.as_str()) {
        let forced = situation.renewal.forced;
        return forced.then(|| "new token: asked for".to_owned());
    }
    Some(match before {
        Some(before) => format!("new token: {asked} asked, was {before}"),
        None => format!("new token: {asked} asked"),
    })
}

fn created(object: &Value) -> Option<Timestamp> {
    object["metadata"]["creationTimestamp"]
        .as_str()?
        .parse()
        .ok()
}

fn is_older(time: Timestamp, now: Timestamp) -> bool {
    now.duration_since(time) > OVERLAP
}

/// To the largest unit that matters: `89d`, `23h`, `40m`.
#[must_use]
pub fn rounded(time: SignedDuration) -> Duration {
    let seconds = u64::try_from(time.as_secs()).unwrap_or(0);
    let unit = match seconds {
        0..60 => 1,
        60..7_200 => 60,
        7_200..172_800 => 3_600,
        _ => 86_400,
    };
    Duration::from_secs(seconds - seconds % unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::token::claims::tests::unsigned;

    const DAY: i64 = 86_400;

    struct Case {
        token: Option<String>,
        handles: [Option<Value>; 2],
        account: Option<Value>,
        now: i64,
        duration: &'static str,
    }

    #[allow(clippy::unnecessary_wraps, reason = "a slot holds one or none")]
    fn handle(uid: &str, created: i64) -> Option<Value> {
        let created = Timestamp::from_second(created)
            .expect("in range")
            .to_string();
        Some(json!({"metadata": {
            "uid": uid,
            "creationTimestamp": created,
            "annotations": {REQUESTED: "90d"},
        }}))
    }

    fn healthy() -> Case {
        Case {
            token: Some(format!(
                "{}.x",
                unsigned(0, 90 * DAY, "sa-1", ("t-a", "h-1"))
            )),
            handles: [handle("h-1", 0), None],
            account: Some(json!({"metadata": {"uid": "sa-1"}})),
            now: DAY,
            duration: "90d",
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
            now: Timestamp::from_second(case.now).expect("in range"),
            renewal: Renewal::default(),
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
        let second = |second| Timestamp::from_second(second).expect("in range");
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
                    account: Some(json!({"metadata": {"uid": "sa-2"}})),
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

    #[test]
    fn the_replaced_tokens_handle_is_cleared_only_after_the_overlap() {
        let rotated = |minutes: i64| Case {
            token: Some(format!(
                "{}.x",
                unsigned(0, 90 * DAY, "sa-1", ("t-b", "h-2"))
            )),
            handles: [handle("h-1", -30 * DAY), handle("h-2", 0)],
            now: minutes * 60,
            ..healthy()
        };
        assert_eq!(decision(&rotated(5)).orphan, None);
        assert_eq!(decision(&rotated(11)).orphan, Some(0));
    }

    #[test]
    fn a_slot_is_waited_for_until_its_token_is_of_no_use() {
        let handle = |made: i64, expires: i64| {
            let mut handle = handle("h-1", made).expect("a handle");
            let expires = Timestamp::from_second(expires).expect("in range");
            handle["metadata"]["annotations"][EXPIRES_AT] = expires.to_string().into();
            Some(handle)
        };
        let at = |now: i64, made: i64, expires: i64| {
            let case = Case {
                // Issued at 600, for ten minutes, in slot b.
                token: Some(format!(
                    "{}.x",
                    unsigned(600, 1_200, "sa-1", ("t-b", "h-2"))
                )),
                handles: [handle(made, expires), super::tests::handle("h-2", 600)],
                now,
                ..healthy()
            };
            decision(&case).occupied
        };
        let end = |second| Timestamp::from_second(second).expect("in range");
        // Due at 1000; the overlap ends at 1200, and the replaced token before it where it lives less long.
        assert_eq!(at(1_010, 0, 5_000), Some(Occupied::ByReplaced(end(1_200))));
        assert_eq!(at(1_010, 0, 1_100), Some(Occupied::ByReplaced(end(1_100))));
        assert_eq!(at(1_110, 0, 1_100), None);
        // Made after the token in use: by a run that is under way, or that never came to its end.
        assert_eq!(at(1_010, 1_000, 5_000), Some(Occupied::ByRun(end(1_000))));
        assert_eq!(at(1_700, 1_000, 5_000), None);
    }

    #[test]
    fn a_handle_that_another_run_has_just_made_is_left_alone() {
        let racing = Case {
            handles: [handle("h-1", 0), handle("h-9", DAY - 60)],
            ..healthy()
        };
        assert_eq!(decision(&racing).orphan, None);
    }
}
