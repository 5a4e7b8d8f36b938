//! Why the API server does not accept a token.

use jiff::Timestamp;

use super::diagnosis::{Answerer, Cause};
use crate::client::Cluster;
use crate::cluster::{Origin, Review};
use crate::token::{Claims, Token};

/// Asks the API server about it with our own credentials; where it does not say, compares the token with what it was
/// made from. `server_date` is the API server's clock.
pub(super) async fn token_cause(
    token: &Token,
    server_date: Option<Timestamp>,
    ours: Option<&Cluster>,
) -> Cause {
    let Some(claims) = Claims::of(token) else {
        return of_review(token, ours).await;
    };
    let of_times = Cause::of_claims(&claims, Timestamp::now(), server_date);
    let Some(ours) = ours else {
        return of_times.unwrap_or(UNKNOWN);
    };
    let (review, origin) = tokio::join!(ours.review(token), ours.origin(&claims));
    // A token of another cluster is none of this one's, whatever its times are.
    if let Some(cause) = of_maker(token, &claims, &origin) {
        return cause;
    }
    if let Some(cause) = of_times {
        return cause;
    }
    if let Ok(Review::Rejected { error }) = review {
        match Cause::of_token_review(&error, Some(&claims)) {
            Cause::Unknown { .. } | Cause::WrongIssuer { .. } | Cause::Unauthorized { .. } => {}
            cause => return cause,
        }
    }
    of_objects(&claims, &origin).unwrap_or(UNKNOWN)
}

/// Of what is no token of the TokenRequest API: a legacy one of a Secret, somebody else's, or none at all.
async fn of_review(token: &Token, ours: Option<&Cluster>) -> Cause {
    if !token.is_jwt() {
        return Cause::GarbageToken;
    }
    let review = match ours {
        Some(ours) => ours.review(token).await.ok(),
        None => None,
    };
    match review {
        Some(Review::Rejected { error }) => Cause::of_token_review(&error, None),
        _ => UNKNOWN,
    }
}

const UNKNOWN: Cause = Cause::Unauthorized {
    who: Answerer::ApiServer,
};

/// Who made it, and for whom.
fn of_maker(token: &Token, claims: &Claims, origin: &Origin) -> Option<Cause> {
    if let Some(issuer) = &origin.issuer
        && *issuer != claims.issuer
    {
        return Some(Cause::WrongIssuer {
            issuer: Some(claims.issuer.clone()),
        });
    }
    if origin.keys.as_ref().and_then(|keys| keys.signed(token)) == Some(false) {
        return Some(Cause::WrongKey);
    }
    None
}

/// What it stands for and is bound to.
fn of_objects(claims: &Claims, origin: &Origin) -> Option<Cause> {
    let account = Some(claims.service_account.clone());
    match &origin.account {
        Some(None) => return Some(Cause::AccountDeleted { account }),
        Some(Some(uid)) if *uid != claims.service_account_uid => {
            return Some(Cause::AccountRecreated { account });
        }
        _ => {}
    }
    let bound = claims.handle.as_ref()?;
    let is_other = |uid: &Option<String>| uid.as_ref() != Some(&bound.uid);
    if origin.handle.as_ref().is_some_and(is_other) {
        return Some(Cause::BoundObjectDeleted {
            object: Some(format!("Secret {}", bound.name)),
        });
    }
    let is_for = |issuer: &String| !claims.audiences.contains(issuer);
    origin
        .issuer
        .as_ref()
        .is_some_and(is_for)
        .then(|| Cause::WrongAudience {
            audiences: Some(format!("{:?}", claims.audiences)),
        })
}
