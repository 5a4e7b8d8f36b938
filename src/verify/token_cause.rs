//! Why the API server does not accept a token.

use jiff::Timestamp;

use super::diagnosis::{Answerer, Cause};
use crate::cluster::{Cluster, Review};
use crate::token::{Claims, Token};

/// Asks the API server about it, with our own credentials; where they do not suffice, reads what the token says of
/// itself and looks for what it is bound to.
pub(super) async fn cause(token: &Token, identity: &Cluster, ours: Option<&Cluster>) -> Cause {
    let claims = Claims::of(token);
    let Some(claims) = claims else {
        return Cause::GarbageToken;
    };
    let now = Timestamp::now();
    let server_date = identity.date().await;
    if let Some(cause) = Cause::of_claims(&claims, now, server_date) {
        return cause;
    }
    if let Some(ours) = ours {
        let reviewed = ours.review(token).await;
        if let Ok(Review::Rejected { error }) = &reviewed {
            match Cause::of_token_review(error, Some(&claims)) {
                // What no authenticator has more to say about: the keys tell more.
                Cause::Unknown { .. } | Cause::WrongIssuer { issuer: None } => {}
                cause => return cause,
            }
        }
        if let Some(cause) = ours.origin(token, &claims).await {
            return cause;
        }
    }
    Cause::Unauthorized {
        who: Answerer::ApiServer,
    }
}
