//! Issuing a token through the TokenRequest API, bound to a handle.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::authentication::v1::TokenRequest;
use serde_json::json;

use super::{Call, Cluster, Failure};
use crate::object::ObjectRef;
use crate::spec::Duration;
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
        let status = serde_json::from_value::<TokenRequest>(answer.body)
            .ok()
            .and_then(|request| request.status);
        let granted = status.and_then(|status| {
            let token = Token::new(status.token?);
            let expires_at = status.expiration_timestamp?.0;
            let issued_at = Claims::of(&token).map(|claims| claims.issued_at);
            Some(Issued {
                grant: Grant {
                    asked: order.duration,
                    issued_at: issued_at.or(answer.date).unwrap_or_else(Timestamp::now),
                    expires_at,
                },
                token,
                received,
            })
        });
        granted.ok_or_else(|| {
            Failure::unexpected(&format!("create {subject}"), "the answer holds no token")
        })
    }
}
