//! Issuing a token through the TokenRequest API, bound to a handle.

use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::TokenRequest;
use serde_json::json;

use super::{Call, Cluster, Failure};
use crate::object::{Kind, ObjectRef, uid};
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
}

impl Cluster {
    /// Revokes the token that is bound to the handle of that name, if there is one.
    ///
    /// # Errors
    /// What keeps the handle from being deleted.
    pub async fn revoke(&self, namespace: &str, handle: &str) -> Result<(), Box<Failure>> {
        let object = ObjectRef::namespaced(Kind::Secret, namespace, handle);
        let live = match self.send(Call::get(&object).metadata_only()).await {
            Ok(answer) => answer.body,
            Err(failure) if failure.is_not_found() => return Ok(()),
            Err(failure) => return Err(failure),
        };
        let call = Call::delete(&object).only(uid(&live).unwrap_or_default(), None);
        match self.send(call).await {
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
            })
        });
        granted.ok_or_else(|| {
            Failure::unexpected(&format!("create {subject}"), "the answer holds no token")
        })
    }
}
