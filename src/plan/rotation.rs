//! What a rotation is about, for people and programs.

use jiff::Timestamp;
use promconf::Duration;
use serde_json::{Value, json};

use crate::token::{BoundSecret, due_at, utc};

/// The token of an instance, and why it is replaced or kept.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Where the consumer reads the token: `Secret monitoring/prometheus-k8s-token`, or a resolved file.
    pub destination: String,
    /// The bound Secret of the token that is there, where it is bound to one that exists.
    pub current: Option<BoundSecret>,
    /// Why it is replaced; `None` where it is kept.
    pub reason: Option<String>,
    /// For how long it stays valid then.
    pub overlap: Duration,
    /// The API server's time.
    pub now: Timestamp,
}

impl Rotation {
    /// Names and what they are, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let token = match &self.current {
            Some(bound) => format!("bound Secret {}, {}", bound.name, bound.life(self.now)),
            None => "not bound to a Secret that exists".to_owned(),
        };
        let due = self.due_at();
        let mut lines = vec![("token", token)];
        match (&self.reason, due) {
            (Some(reason), _) => lines.push(("replaced", reason.clone())),
            (None, Some(due)) => lines.push(("kept", format!("due after {}", utc(due)))),
            (None, None) => lines.push(("kept", "it serves".to_owned())),
        }
        if self.reason.is_some() {
            lines.push(("written to", self.destination.clone()));
            if self.current.is_some() {
                lines.push(("old token", self.old_token()));
            }
        }
        lines
    }

    fn old_token(&self) -> String {
        if self.overlap.as_secs() == 0 {
            return "revoked as soon as the new one is written".to_owned();
        }
        let until = self.valid_until().map(utc).unwrap_or_default();
        format!(
            "stays valid for {} after the swap, until about {until}",
            self.overlap
        )
    }

    /// Until when the current token stays valid if it is replaced now.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        let current = self.current.as_ref()?;
        let overlap = i64::try_from(self.overlap.as_secs()).unwrap_or(i64::MAX);
        let end = self
            .now
            .checked_add(jiff::SignedDuration::from_secs(overlap))
            .unwrap_or(Timestamp::MAX);
        Some(current.expires_at.map_or(end, |expiry| end.min(expiry)))
    }

    fn due_at(&self) -> Option<Timestamp> {
        let current = self.current.as_ref()?;
        Some(due_at(current.issued_at?, current.expires_at?))
    }

    pub(super) fn report(&self) -> Value {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let current = self.current.as_ref();
        json!({
            "replaces": self.reason.is_some(),
            "reason": self.reason,
            "destination": self.destination,
            "boundSecret": current.map(|bound| &bound.name),
            "issuedAt": time(current.and_then(|bound| bound.issued_at)),
            "expiresAt": time(current.and_then(|bound| bound.expires_at)),
            "dueAt": time(self.due_at()),
            "overlap": self.overlap.to_string(),
            "oldValidUntil": time(self.valid_until().filter(|_| self.reason.is_some())),
        })
    }
}
