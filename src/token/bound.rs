//! What a bound Secret records of its token, from metadata alone.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::rounded;
use crate::object::{EXPIRES_AT, ISSUED_AT, REVOKE_AFTER, metadata, uid};

/// A Secret that a token is bound to: deleting it revokes the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundSecret {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// When its token was issued; `None` until the token is about to be written where the consumer reads it.
    pub issued_at: Option<Timestamp>,
    /// When its token ends.
    pub expires_at: Option<Timestamp>,
    /// Of a token that was replaced: how long it stays valid.
    pub revoke_after: Option<Timestamp>,
}

/// By how much the clocks of a cluster's API servers may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(2);

impl BoundSecret {
    /// Reads a Secret's metadata.
    #[must_use]
    pub fn of(secret: &Value) -> Self {
        let time = |key| metadata(secret, "annotations", key)?.parse().ok();
        Self {
            name: secret["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            uid: uid(secret).unwrap_or_default().to_owned(),
            created: created(secret),
            issued_at: time(ISSUED_AT),
            expires_at: time(EXPIRES_AT),
            revoke_after: time(REVOKE_AFTER),
        }
    }

    /// Whether its token has ended.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it was created so recently that the run that created it may still be at work.
    #[must_use]
    pub fn is_recent(&self, now: Timestamp) -> bool {
        self.created
            .is_some_and(|created| now.duration_since(created) <= RUN)
    }

    /// Whether its token is valid for that ServiceAccount: one that was created again accepts none of the tokens before.
    #[must_use]
    pub fn is_live(&self, account: Option<&Value>, now: Timestamp) -> bool {
        let account = account.and_then(created);
        let (Some(issued), Some(account)) = (self.issued_at, account) else {
            return false;
        };
        account.duration_since(issued) <= SKEW && !self.has_expired(now)
    }

    /// When its token ends: at its expiry, or before that when it is revoked.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        let ends = [self.revoke_after, self.expires_at];
        ends.into_iter().flatten().min()
    }

    /// `issued 2026-11-30 20:00:00 UTC, valid until 2027-02-28 20:00:00 UTC (89d left)`.
    #[must_use]
    pub fn life(&self, now: Timestamp) -> String {
        let issued = match (self.issued_at, self.created) {
            (Some(issued), _) => format!("issued {}", utc(issued)),
            (None, Some(created)) => format!("created {}", utc(created)),
            (None, None) => "issued at an unknown time".to_owned(),
        };
        match self.end() {
            Some(end) if end <= now => format!("{issued}, ended {}", utc(end)),
            Some(end) => {
                let left = rounded(end.duration_since(now));
                format!("{issued}, valid until {} ({left} left)", utc(end))
            }
            None => issued,
        }
    }
}

/// How long a run may be at work on a bound Secret that it created: after that it counts as left behind.
const RUN: SignedDuration = SignedDuration::from_mins(10);

/// `2026-11-30 20:00:00 UTC`.
#[must_use]
pub fn utc(time: Timestamp) -> String {
    time.strftime("%F %H:%M:%S UTC").to_string()
}

fn created(object: &Value) -> Option<Timestamp> {
    object["metadata"]["creationTimestamp"]
        .as_str()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn bound(annotations: &Value) -> BoundSecret {
        BoundSecret::of(&json!({"metadata": {
            "name": "t-a", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": annotations,
        }}))
    }

    #[test]
    fn a_life_is_told_with_what_is_recorded() {
        let now = at("2026-01-01T00:10:00Z");
        let mut recorded = json!({
            ISSUED_AT: "2026-01-01T00:00:01Z", EXPIRES_AT: "2026-01-01T01:00:01Z",
        });
        assert_eq!(
            bound(&recorded).life(now),
            "issued 2026-01-01 00:00:01 UTC, valid until 2026-01-01 01:00:01 UTC (50m left)"
        );
        recorded[REVOKE_AFTER] = "2026-01-01T00:05:00Z".into();
        assert_eq!(
            bound(&recorded).life(now),
            "issued 2026-01-01 00:00:01 UTC, ended 2026-01-01 00:05:00 UTC"
        );
        assert_eq!(
            bound(&json!({})).life(now),
            "created 2026-01-01 00:00:00 UTC"
        );
    }

    #[test]
    fn a_token_of_an_account_that_was_created_again_is_not_live() {
        let now = at("2026-01-01T00:10:00Z");
        let recorded = bound(&json!({
            ISSUED_AT: "2026-01-01T00:00:01Z", EXPIRES_AT: "2026-01-01T01:00:01Z",
        }));
        let account = |time: &str| json!({"metadata": {"creationTimestamp": time}});
        let is_live = |time: &str| recorded.is_live(Some(&account(time)), now);
        assert!(is_live("2026-01-01T00:00:00Z"));
        assert!(!is_live("2026-01-01T00:05:00Z"));
        assert!(!recorded.is_live(None, now));
        assert!(!recorded.is_live(
            Some(&account("2026-01-01T00:00:00Z")),
            at("2026-01-01T01:00:01Z")
        ));
        assert!(!bound(&json!({})).is_live(Some(&account("2026-01-01T00:00:00Z")), now));
    }
}
