//! How a token is, from what its handle's metadata or the token itself says.

use jiff::{SignedDuration, Timestamp};
use promconf::Duration;
use serde_json::Value;

use crate::cluster::{Instance, Seen};
use crate::object::{EXPIRES_AT, HANDLE, ISSUED_AT, REQUESTED, metadata};
use crate::token::{Grant, due_at};

/// How a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It serves.
    Ok,
    /// It serves, and less than a third of its life is left.
    Due,
    /// It has ended.
    Expired,
    /// Its handle is gone.
    Revoked,
    /// Its ServiceAccount is another one now, or it is no token.
    Broken,
    /// There is none.
    Missing,
    /// The Pod has its own, which the kubelet renews.
    Pod,
    /// What would tell is not there, or may not be read.
    Unknown,
}

impl State {
    /// One word or two, for people and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Due => "due",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Broken => "broken",
            Self::Missing => "no token",
            Self::Pod => "pod",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the consumer can log in with it; `None` where that is not known.
    #[must_use]
    pub const fn is_valid(self) -> Option<bool> {
        match self {
            Self::Ok | Self::Due | Self::Pod => Some(true),
            Self::Expired | Self::Revoked | Self::Broken | Self::Missing => Some(false),
            Self::Unknown => None,
        }
    }

    /// Whether something has to be done.
    #[must_use]
    pub const fn is_due(self) -> bool {
        !matches!(self, Self::Ok | Self::Pod | Self::Unknown)
    }
}

/// A token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How long it was asked to live, where that is recorded.
    pub requested: Option<Duration>,
}

impl Life {
    /// What a handle's annotations record.
    fn of_handle(handle: &Value) -> Option<Self> {
        let time = |key| metadata(handle, "annotations", key)?.parse().ok();
        Some(Self {
            issued_at: time(ISSUED_AT)?,
            expires_at: time(EXPIRES_AT)?,
            requested: metadata(handle, "annotations", REQUESTED)
                .and_then(|text| text.parse().ok()),
        })
    }

    /// How long the server let it live.
    #[must_use]
    pub fn granted(&self) -> Duration {
        self.grant().granted()
    }

    /// Whether that is less than was asked for.
    #[must_use]
    pub fn is_clamped(&self) -> bool {
        self.grant().is_clamped()
    }

    /// From when on it is due.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        due_at(self.issued_at, self.expires_at)
    }

    /// How often a run has to come at least.
    #[must_use]
    pub fn often(&self) -> Duration {
        self.grant().often()
    }

    /// How it is by the clock alone.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        if now >= self.expires_at {
            State::Expired
        } else if now > self.due_at() {
            State::Due
        } else {
            State::Ok
        }
    }

    fn grant(&self) -> Grant {
        Grant {
            asked: self.requested.unwrap_or(Duration::from_secs(0)),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        }
    }
}

/// How a token is, since when and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// In a word.
    pub state: State,
    /// Why it is so, where the word does not say it.
    pub reason: Option<String>,
    /// The handle that it is bound to, and that handle's UID.
    pub handle: Option<(String, String)>,
    /// Its life.
    pub life: Option<Life>,
}

impl Status {
    pub(super) const fn of(state: State, reason: Option<String>) -> Self {
        Self {
            state,
            reason,
            handle: None,
            life: None,
        }
    }
}

/// A moment that several clocks give differently.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(30);

/// The token of an instance, from metadata alone.
pub(super) fn status(instance: &Instance, now: Timestamp) -> Status {
    let slots = instance.names.handles();
    let slot = match &instance.token_secret {
        Seen::Hidden => return Status::of(State::Unknown, Some("may not be read".to_owned())),
        Seen::There(secret) => {
            let Some(named) = metadata(secret, "annotations", HANDLE) else {
                let reason = "the token Secret names no handle".to_owned();
                return Status::of(State::Unknown, Some(reason));
            };
            slots.iter().position(|slot| slot == named)
        }
        // In files, or lost: the newest is the one in use.
        Seen::Absent => newest(&instance.handles),
    };
    let Some(slot) = slot else {
        return without_handle(instance);
    };
    let handle = match &instance.handles[slot] {
        Seen::Hidden => return Status::of(State::Unknown, Some("may not be read".to_owned())),
        Seen::Absent => {
            let reason = format!("its handle {} is gone", slots[slot]);
            return Status::of(State::Revoked, Some(reason));
        }
        Seen::There(handle) => handle,
    };
    let identity = handle["metadata"]["uid"].as_str().unwrap_or_default();
    let handle_of = Some((slots[slot].clone(), identity.to_owned()));
    let Some(life) = Life::of_handle(handle) else {
        let (state, reason) = match instance.token_secret {
            Seen::Absent => (State::Missing, "none was issued, or it was not recorded"),
            _ => (State::Unknown, "its handle does not say when it was issued"),
        };
        return Status {
            handle: handle_of,
            ..Status::of(state, Some(reason.to_owned()))
        };
    };
    let is_later = |object: &Value| {
        created(object).is_some_and(|created| created.duration_since(life.issued_at) > SAME_MOMENT)
    };
    let (state, reason) = if is_later(&instance.account) {
        let reason = "its ServiceAccount was deleted and made again";
        (State::Broken, Some(reason.to_owned()))
    } else if is_later(handle) {
        let reason = format!("its handle {} was deleted and made again", slots[slot]);
        (State::Revoked, Some(reason))
    } else {
        (life.state(now), None)
    };
    Status {
        handle: handle_of,
        life: Some(life),
        ..Status::of(state, reason)
    }
}

/// The slot whose token was issued last.
fn newest(handles: &[Seen; 2]) -> Option<usize> {
    let issued = |seen: &Seen| {
        let life = seen.object().and_then(Life::of_handle);
        life.map_or(Timestamp::MIN, |life| life.issued_at)
    };
    (0..2)
        .filter(|&slot| handles[slot] != Seen::Absent)
        .max_by_key(|&slot| issued(&handles[slot]))
}

fn without_handle(instance: &Instance) -> Status {
    match &instance.token_secret {
        Seen::There(_) => Status::of(
            State::Revoked,
            Some("the token Secret names a handle of another instance".to_owned()),
        ),
        _ if instance.account["automountServiceAccountToken"] == true => Status::of(
            State::Pod,
            Some("its Pods have their own, which the kubelet renews".to_owned()),
        ),
        _ => Status::of(State::Missing, None),
    }
}

pub(super) fn created(object: &Value) -> Option<Timestamp> {
    object["metadata"]["creationTimestamp"]
        .as_str()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::{Consumer, Names};

    fn handle(issued: &str, expires: &str) -> Seen {
        Seen::There(json!({"metadata": {
            "uid": "h-1", "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {REQUESTED: "90d", ISSUED_AT: issued, EXPIRES_AT: expires},
        }}))
    }

    fn instance() -> Instance {
        Instance {
            names: Names::new(Consumer::Prometheus, None, None).expect("valid"),
            account: json!({"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}}),
            token_secret: Seen::There(json!({"metadata": {
                "annotations": {HANDLE: "prometheus-k8s-token-a"},
            }})),
            handles: [
                handle("2026-01-01T00:00:01Z", "2026-01-01T01:00:01Z"),
                Seen::Absent,
            ],
            role: Seen::Absent,
            binding: Seen::Absent,
            legacy: Vec::new(),
        }
    }

    fn said(instance: &Instance, now: &str) -> String {
        let status = status(instance, now.parse().expect("a time"));
        match status.reason {
            Some(reason) => format!("{}: {reason}", status.state.name()),
            None => status.state.name().to_owned(),
        }
    }

    #[test]
    fn a_clamped_token_is_due_by_the_life_it_was_granted() {
        let instance = instance();
        for (now, expected) in [
            ("2026-01-01T00:40:01Z", "ok"),
            ("2026-01-01T00:40:02Z", "due"),
            ("2026-01-01T01:00:00Z", "due"),
            ("2026-01-01T01:00:01Z", "expired"),
        ] {
            assert_eq!(said(&instance, now), expected, "{now}");
        }
        let life = status(&instance, Timestamp::UNIX_EPOCH)
            .life
            .expect("known");
        assert!(life.is_clamped());
        assert_eq!(life.granted().to_string(), "1h");
    }

    #[test]
    fn what_is_gone_or_another_one_is_told() {
        let now = "2026-01-01T00:10:00Z";
        let mut gone = instance();
        gone.handles[0] = Seen::Absent;
        assert_eq!(
            said(&gone, now),
            "revoked: its handle prometheus-k8s-token-a is gone"
        );
        let mut again = instance();
        again.account["metadata"]["creationTimestamp"] = json!("2026-01-01T00:05:00Z");
        assert_eq!(
            said(&again, now),
            "broken: its ServiceAccount was deleted and made again"
        );
        let mut files = instance();
        files.token_secret = Seen::Absent;
        files.handles[1] = handle("2026-01-01T00:02:00Z", "2026-01-01T00:03:00Z");
        assert_eq!(
            said(&files, now),
            "expired",
            "the newest is the one that is used"
        );
        files.handles = [Seen::Absent, Seen::Absent];
        assert_eq!(said(&files, now), "no token");
        files.account["automountServiceAccountToken"] = json!(true);
        assert!(said(&files, now).starts_with("pod: "));
        let mut hidden = instance();
        hidden.handles[0] = Seen::Hidden;
        assert_eq!(said(&hidden, now), "unknown: may not be read");
    }
}
