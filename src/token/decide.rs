//! Whether the token that exists is kept, or a new one is issued and into which slot.

use jiff::{SignedDuration, Timestamp};
use promconf::Duration;
use serde_json::Value;

use super::{BoundSecret, Claims, KeySet, Token};
use crate::object;
use crate::object::REQUESTED;

/// What is known about the token before anything is written.
pub struct Situation<'a> {
    /// The token that the consumer reads today.
    pub current: Option<&'a Token>,
    /// The names of the two slots.
    pub slots: &'a [String; 2],
    /// The bound Secrets that exist in them.
    pub handles: [Option<&'a Value>; 2],
    /// The bound Secret that the token's Secret names, where that Secret exists and the consumer reads another place.
    pub in_secret: Option<String>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    /// Whether it is replaced although it is not due.
    pub forced: bool,
    /// For how long a token stays valid that this run replaces.
    pub overlap: Overlap,
}

/// For how long a replaced token stays valid, so that a consumer that re-reads it late loses no scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap(pub Duration);

impl Default for Overlap {
    fn default() -> Self {
        Self(OVERLAP)
    }
}

impl Overlap {
    /// Whether tokens that were replaced before are revoked now too, whatever is recorded on them.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0.as_secs() == 0
    }

    /// The moment that far after `begin`.
    #[must_use]
    pub fn after(self, begin: Timestamp) -> Timestamp {
        let seconds = i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX);
        begin
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX)
    }
}

/// The overlap unless another one is asked for.
pub const OVERLAP: Duration = Duration::from_secs(600);

/// What happens to the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Kept or replaced.
    pub verdict: Verdict,
    /// The slot of the kept or the new token's bound Secret.
    pub slot: usize,
    /// The slot whose bound Secret exists and has the token where the consumer reads it.
    pub used: Option<usize>,
    /// A slot whose bound Secret has no token in use: deleting it revokes what is left of it.
    pub orphan: Option<usize>,
    /// What the slot of a new token still holds, where that is to be waited for.
    pub occupied: Option<Occupied>,
    /// A live bound Secret whose token was not replaced and is not where the consumer is taken to read it.
    pub elsewhere: Option<BoundSecret>,
}

/// What a slot holds that is not the token in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupied {
    /// A token that was replaced and stays valid until then.
    ByReplaced(BoundSecret, Timestamp),
    /// A bound Secret that another run has just created, and whose token is not in use.
    ByRun(BoundSecret),
}

/// Kept or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It still serves.
    Keep(Claims),
    /// A new one is issued, for this reason.
    Issue(String),
}

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
    let named = claims
        .as_ref()
        .and_then(|claims| claims.handle.as_ref())
        .and_then(|handle| situation.slots.iter().position(|slot| *slot == handle.name));
    let used = named.filter(|&slot| {
        let bound_to = claims.as_ref().and_then(|claims| claims.handle.as_ref());
        let live = situation.handles[slot].and_then(object::uid);
        live.is_some() && live == bound_to.map(|handle| handle.uid.as_str())
    });
    let serving = claims.as_ref().filter(|_| used.is_some());
    let is_marked = used
        .and_then(|slot| situation.handles[slot])
        .is_some_and(|bound| BoundSecret::of(bound).revoke_after.is_some());
    let holds = [0, 1].map(|slot| {
        if used == Some(slot) {
            Holds::InUse
        } else {
            holds(situation, slot, (serving, is_marked))
        }
    });
    let elsewhere = holds.iter().find_map(|holds| match holds {
        Holds::Elsewhere(bound) => Some(bound.clone()),
        _ => None,
    });
    match (reason_to_issue(situation, claims.as_ref(), used), claims) {
        (None, Some(claims)) => {
            let slot = used.unwrap_or(0);
            Decision {
                verdict: Verdict::Keep(claims),
                slot,
                used,
                orphan: (holds[1 - slot] == Holds::Nothing).then_some(1 - slot),
                occupied: None,
                elsewhere,
            }
        }
        (reason, _) => {
            let slot = slot_of_new(&holds, used, named);
            Decision {
                verdict: Verdict::Issue(reason.unwrap_or_else(|| "new token".to_owned())),
                slot,
                used,
                orphan: None,
                occupied: match holds.into_iter().nth(slot) {
                    Some(Holds::Replaced(bound, end)) => Some(Occupied::ByReplaced(bound, end)),
                    Some(Holds::Running(bound)) => Some(Occupied::ByRun(bound)),
                    _ => None,
                },
                elsewhere,
            }
        }
    }
}

/// What is known of the token of a slot.
#[derive(Debug, PartialEq, Eq)]
enum Holds {
    /// No bound Secret.
    Free,
    /// The token that the consumer reads.
    InUse,
    /// A bound Secret without a token that anything could use.
    Nothing,
    /// A token that was replaced and stays valid until then.
    Replaced(BoundSecret, Timestamp),
    /// The token of another run, which is about to bring it into use.
    Running(BoundSecret),
    /// A live token that was not replaced: some consumer reads it at another place.
    Elsewhere(BoundSecret),
}

/// What a slot holds beside `serving`, the token in use, which may be `is_marked` as replaced.
fn holds(
    situation: &Situation,
    slot: usize,
    (serving, is_marked): (Option<&Claims>, bool),
) -> Holds {
    let Some(bound) = situation.handles[slot].map(BoundSecret::of) else {
        return Holds::Free;
    };
    let now = situation.now;
    let is_dead = bound.issued_at.is_some() && !bound.is_live(situation.service_account, now);
    if is_dead || bound.has_expired(now) {
        return Holds::Nothing;
    }
    if bound.revoke_after.is_some() {
        return match bound.end() {
            Some(end) if end > now && !situation.renewal.overlap.is_none() => {
                Holds::Replaced(bound, end)
            }
            _ => Holds::Nothing,
        };
    }
    // A run marks the token before as replaced, then records the new one, then writes it. So a later one that is recorded
    // without being in use was never written, unless the token's Secret has it, or the token before is not marked: then it
    // was issued for another place.
    let is_written = situation.in_secret.as_deref() == Some(bound.name.as_str());
    let follows = serving.is_some_and(|serving| {
        bound
            .issued_at
            .is_none_or(|issued| issued >= serving.issued_at)
    });
    let is_recorded = bound.issued_at.is_some();
    if is_recorded && (!follows || is_written) {
        return Holds::Elsewhere(bound);
    }
    if bound.is_recent(now) {
        Holds::Running(bound)
    } else if is_recorded && !is_marked {
        Holds::Elsewhere(bound)
    } else {
        Holds::Nothing
    }
}

/// Never the slot in use: the old token must outlive the swap. Without a token in use, the slot of the live one, whose
/// bound Secret then has both; else one that holds no replaced token.
fn slot_of_new(holds: &[Holds; 2], used: Option<usize>, named: Option<usize>) -> usize {
    if let Some(used) = used {
        return 1 - used;
    }
    let preferred = named.map_or(0, |named| 1 - named);
    let order = [preferred, 1 - preferred];
    let find = |is_one: fn(&Holds) -> bool| order.into_iter().find(|&slot| is_one(&holds[slot]));
    find(|holds| matches!(holds, Holds::Elsewhere(_)))
        .or_else(|| find(|holds| !matches!(holds, Holds::Replaced(..))))
        .unwrap_or(preferred)
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
    let Some(handle) = used.and_then(|slot| situation.handles[slot]) else {
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
mod tests;
