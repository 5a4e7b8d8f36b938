//! What a token claims to come from, as the cluster has it today.

use serde_json::Value;

use crate::client::shape::OPENID;
use crate::client::{Call, Cluster};
use crate::object::{Kind, ObjectRef, uid};
use crate::token::{Claims, KeySet};

/// What the cluster has today of what a token was made from; `None` for what cannot be read.
#[derive(Debug, Default)]
pub struct Origin {
    /// Its issuer, which is for whom its tokens are, too, unless it is told otherwise (`--api-audiences`).
    pub issuer: Option<String>,
    /// The keys that it signs with.
    pub keys: Option<KeySet>,
    /// The UID of the token's ServiceAccount, `Some(None)` where there is none.
    pub account: Option<Option<String>>,
    /// The UID of the Secret that the token is bound to, likewise.
    pub handle: Option<Option<String>>,
}

impl Cluster {
    /// Reads what a token with these claims was made from.
    pub async fn origin(&self, claims: &Claims) -> Origin {
        let (namespace, account) = claims.service_account.split_once('/').unwrap_or_default();
        let handle = claims.handle.as_ref().map(|handle| handle.name.as_str());
        let issuer = "/.well-known/openid-configuration";
        let discovery = Call::document("the issuer of tokens", issuer, &OPENID);
        let keys = Call::document("the keys that sign tokens", "/openid/v1/jwks", &OPENID);
        let (issuer, keys, account, handle) = tokio::join!(
            self.send(discovery),
            self.send(keys),
            self.uid_of(Kind::ServiceAccount, namespace, Some(account)),
            self.uid_of(Kind::Secret, namespace, handle),
        );
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Origin {
            issuer: issuer.ok().and_then(|answer| text(&answer.body["issuer"])),
            keys: keys.ok().and_then(|answer| KeySet::parse(&answer.body)),
            account,
            handle,
        }
    }

    async fn uid_of(
        &self,
        kind: Kind,
        namespace: &str,
        name: Option<&str>,
    ) -> Option<Option<String>> {
        let object = ObjectRef::namespaced(kind, namespace, name?);
        match self.send(Call::get(&object).metadata_only()).await {
            Ok(answer) => uid(&answer.body).map(|uid| Some(uid.to_owned())),
            Err(failure) if failure.is_not_found() => Some(None),
            Err(_) => None,
        }
    }
}
