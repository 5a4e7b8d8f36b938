//! Issuing a token through the TokenRequest API, bound to a handle.

use promconf::Duration;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::client::{Call, Cluster, Failure};
use crate::mask::never_show;
use crate::object::ObjectRef;
use crate::token::{Claims, Grant, Token};

/// What to issue.
pub struct Order<'a> {
    /// Namespace of ServiceAccount and handle.
    pub namespace: &'a str,
    /// Whom the token stands for.
    pub service_account: &'a str,
    /// The Secret that the token is bound to.
    pub handle: &'a str,
    /// That Secret's UID, so that a later Secret of its name does not serve.
    pub handle_uid: &'a str,
    /// How long it should live.
    pub duration: Duration,
}

/// What was issued.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: Token,
    /// What was asked for and what the server granted.
    pub grant: Grant,
    /// When the answer came.
    received: Instant,
}

impl Issued {
    /// The time by the clock that `issued_at` is of, which is the API server's, to the second.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.received.elapsed().as_secs()).unwrap_or(i64::MAX);
        let now = self.grant.issued_at;
        now.checked_add(SignedDuration::from_secs(passed))
            .unwrap_or(now)
    }
}

impl Cluster {
    /// Revokes the token that is bound to the Secret of that name and UID, if it exists.
    ///
    /// # Errors
    /// What keeps the bound Secret from being deleted.
    pub async fn revoke(&self, bound: &ObjectRef, uid: &str) -> Result<(), Box<Failure>> {
        match self.send(Call::delete(bound).only(uid, None)).await {
            Err(failure) if !failure.is_not_found() && !failure.is_stale() => Err(failure),
            _ => Ok(()),
        }
    }

    /// Issues a token. The request is never repeated: an answer that was lost may stand for a token.
    ///
    /// # Errors
    /// The server's refusal, or an answer without a token.
    pub async fn issue(&self, order: &Order<'_>) -> Result<Issued, Box<Failure>> {
        let path = format!(
            "/api/v1/namespaces/{}/serviceaccounts/{}/token",
            order.namespace, order.service_account
        );
        let subject = format!(
            "a token of ServiceAccount {}/{}",
            order.namespace, order.service_account
        );
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "expirationSeconds": order.duration.as_secs(),
                "boundObjectRef": {
                    "apiVersion": "v1", "kind": "Secret",
                    "name": order.handle, "uid": order.handle_uid,
                },
            },
        });
        let answer = self.send(Call::create(&subject, &path, body)).await?;
        let received = Instant::now();
        let now = answer.date.unwrap_or_else(Timestamp::now);
        let status = &answer.body["status"];
        let text = |field: &str| status[field].as_str().unwrap_or_default();
        // Whatever it is, it is not to be seen.
        never_show(text("token"));
        let account = format!("{}/{}", order.namespace, order.service_account);
        let granted = granted(text("token"), text("expirationTimestamp"), &account, now);
        let (token, issued_at, expires_at) = granted.map_err(|reason| {
            let reason = format!("POST {path}: the answer holds no usable token: {reason}");
            Failure::unexpected(&format!("create {subject}"), &reason)
        })?;
        Ok(Issued {
            grant: Grant {
                asked: order.duration,
                issued_at,
                expires_at,
            },
            token,
            received,
        })
    }
}

/// No token of Kubernetes is nearly as long, and no server takes a longer header.
const LONGEST_TOKEN: usize = 16 << 10;
/// By how much the server's clock may run ahead of the one that the token was stamped with.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// No token lives longer: the API server refuses to be asked for more (`pkg/apis/authentication/validation`).
const LONGEST_LIFE: SignedDuration = SignedDuration::from_secs(1 << 32);

/// The token, when it was issued and when it ends, if a consumer can use it.
fn granted(
    token: &str,
    expires_at: &str,
    account: &str,
    now: Timestamp,
) -> Result<(Token, Timestamp, Timestamp), String> {
    is_token(token)?;
    let expires_at: Timestamp = expires_at
        .parse()
        .map_err(|_| "its expirationTimestamp is no time".to_owned())?;
    let life = expires_at.duration_since(now);
    if life <= -SKEW || life > LONGEST_LIFE {
        return Err(format!(
            "it would expire at {expires_at}, and it is {now} on the server"
        ));
    }
    let token = Token::new(token.to_owned());
    let Some(claims) = Claims::of(&token) else {
        return Ok((token, now, expires_at));
    };
    if claims.service_account != account {
        return Err("it is a token of another ServiceAccount".to_owned());
    }
    // A server may grant a token that lives longer than it says, not one that lives shorter.
    if claims.expires_at < expires_at.saturating_sub(SKEW).unwrap_or(expires_at) {
        return Err(format!(
            "it expires at {}, not at {expires_at} as the answer says",
            claims.expires_at
        ));
    }
    Ok((token, claims.issued_at, expires_at))
}

/// Three parts in base64url, which is also what a header and a file of one line can hold.
fn is_token(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("status.token is empty".to_owned());
    }
    if text.len() > LONGEST_TOKEN {
        let length = text.len();
        return Err(format!("status.token has {length} characters"));
    }
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 3 || !parts.iter().all(|part| is_part(part)) {
        return Err("status.token is no JSON Web Token".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    use super::*;

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn token(account: &str, expires: &str) -> String {
        let seconds = |time: &str| time.parse::<Timestamp>().expect("a time").as_second();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({
            "iat": seconds(NOW), "exp": seconds(expires),
            "kubernetes.io": {"namespace": "m", "serviceaccount": {"name": account, "uid": "u"}},
        });
        format!("{}.{}.c2ln", part(json!({"alg": "none"})), part(claims))
    }

    fn grant(token: &str, expires_at: &str) -> Result<Timestamp, String> {
        let now = NOW.parse().expect("a time");
        granted(token, expires_at, "m/sa", now).map(|(_, _, expires_at)| expires_at)
    }

    #[test]
    fn a_token_that_no_consumer_could_use_is_refused() {
        let day = "2026-11-25T12:00:00Z";
        let good = token("sa", day);
        assert_eq!(grant(&good, day), Ok(day.parse().expect("a time")));
        // A server may say less than it grants.
        assert!(grant(&token("sa", "2027-11-25T12:00:00Z"), day).is_ok());
        // Nor need it be a token whose claims are known here.
        assert!(grant("YQ.Yg.Yw", day).is_ok());
        for (token, expires_at, words) in [
            ("", day, "is empty"),
            ("a.b", day, "no JSON Web Token"),
            ("a..c", day, "no JSON Web Token"),
            ("a.b.c.d", day, "no JSON Web Token"),
            ("a.b.c\n", day, "no JSON Web Token"),
            ("a.b.\u{1b}[31m", day, "no JSON Web Token"),
            ("a.b.c\r\nx: y", day, "no JSON Web Token"),
            ("a.b.é", day, "no JSON Web Token"),
            (
                &format!("a.b.{}", "c".repeat(20_000)),
                day,
                "has 20004 characters",
            ),
            (&good, "", "is no time"),
            (&good, "tomorrow", "is no time"),
            (&good, "1970-01-01T00:00:00Z", "would expire at"),
            (&good, "9999-12-30T00:00:00Z", "would expire at"),
            (
                &good,
                "2026-12-25T12:00:00Z",
                "not at 2026-12-25T12:00:00Z as",
            ),
            (&token("other", day), day, "another ServiceAccount"),
        ] {
            let reason = grant(token, expires_at).expect_err("no token");
            assert!(reason.contains(words), "{words}: {reason}");
            assert!(token.is_empty() || !reason.contains(token), "{reason}");
        }
    }
}
