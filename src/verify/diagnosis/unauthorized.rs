//! Why a token is not accepted.

use jiff::Timestamp;

use super::Cause;
use crate::quoted::quoted;
use crate::token::Claims;

/// How far clocks may differ, in seconds (`DefaultLeeway` of go-jose, which the API server uses).
const LEEWAY: i64 = 60;

impl Cause {
    /// Why a token is not accepted, from `status.error` of a `TokenReview` or from the API server's log
    /// (`pkg/serviceaccount/{claims,jwt}.go` of Kubernetes); with times and names of the token's own claims.
    #[must_use]
    pub fn of_token_review(error: &str, claims: Option<&Claims>) -> Self {
        let of_text = of_text(error).unwrap_or_else(|| Self::Unknown {
            said: error
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(300)
                .collect(),
        });
        let Some(claims) = claims else { return of_text };
        let account = || Some(claims.service_account.clone());
        match of_text {
            Self::TokenExpired { .. } => Self::TokenExpired {
                at: Some(claims.expires_at),
            },
            Self::TokenNotYetValid { .. } => Self::TokenNotYetValid {
                from: Some(claims.issued_at),
            },
            Self::BoundObjectDeleted { object: None } => Self::BoundObjectDeleted {
                object: claims
                    .handle
                    .as_ref()
                    .map(|handle| format!("Secret {}", handle.name)),
            },
            Self::AccountDeleted { .. } => Self::AccountDeleted { account: account() },
            Self::AccountRecreated { .. } => Self::AccountRecreated { account: account() },
            // Claims could be read, so it is a token.
            Self::GarbageToken => Self::WrongIssuer { issuer: None },
            other => other,
        }
    }

    /// Why a token is not accepted, as far as it tells itself: its times against the server's clock, and that against
    /// ours. `None` where its times are no reason.
    #[must_use]
    pub fn of_claims(
        claims: &Claims,
        now: Timestamp,
        server_date: Option<Timestamp>,
    ) -> Option<Self> {
        let clock = server_date.unwrap_or(now).as_second();
        let ahead = now.as_second() - clock;
        let is_skewed = ahead.abs() > LEEWAY;
        let (begin, end) = (claims.issued_at.as_second(), claims.expires_at.as_second());
        if clock - LEEWAY > end {
            // By our own clock nobody would see it.
            return Some(if now.as_second() < end {
                Self::ClockSkew { seconds: ahead }
            } else {
                Self::TokenExpired {
                    at: Some(claims.expires_at),
                }
            });
        }
        if clock + LEEWAY < begin {
            return Some(if is_skewed {
                Self::ClockSkew { seconds: ahead }
            } else {
                Self::TokenNotYetValid {
                    from: Some(claims.issued_at),
                }
            });
        }
        None
    }
}

/// What a sentence says about a token; `None` for one that is about something else.
pub(super) fn of_text(text: &str) -> Option<Cause> {
    let said = |words: &str| text.contains(words);
    let after = |words: &str| {
        let at = text.find(words)? + words.len();
        Some(&text[at..])
    };
    let bound = |kind: &str| Cause::BoundObjectDeleted {
        object: Some(kind.to_owned()),
    };
    // The older spellings are those of Kubernetes before 1.25.
    Some(
        if said("service account token has expired")
            || said("Token has expired")
            || said("token is expired")
        {
            Cause::TokenExpired { at: None }
        } else if said("service account token is not valid yet")
            || said("service account token is issued in the future")
            || said("Token is not valid yet")
        {
            Cause::TokenNotYetValid { from: None }
        } else if said("service account token has been invalidated")
            || said("Token has been invalidated")
        {
            Cause::BoundObjectDeleted { object: None }
        } else if said("does not match service account secret ref claim") {
            bound("Secret")
        } else if said("does not match service account pod ref claim") {
            bound("Pod")
        } else if said("does not match service account node ref claim") {
            bound("Node")
        } else if said("service account UID (") && said("does not match claim") {
            Cause::AccountRecreated { account: None }
        } else if let Some((name, rest)) = after("serviceaccounts ").and_then(quoted)
            && rest.starts_with(" not found")
        {
            Cause::AccountDeleted {
                account: Some(name),
            }
        } else if let Some(rest) = after("service account ")
            && let Some((account, _)) = rest.split_once(" has been deleted")
            && !account.contains(' ')
        {
            Cause::AccountDeleted {
                account: Some(account.to_owned()),
            }
        } else if let Some(rest) = after("token audiences ")
            && let Some((token, rest)) = list(rest)
            && let Some(rest) = rest.strip_prefix(" is invalid for the target audiences ")
            && let Some((target, _)) = list(rest)
        {
            Cause::WrongAudience {
                audiences: Some(format!("{token} instead of {target}")),
            }
        } else if said("is invalid for the target audiences") || said("invalid audience claim") {
            Cause::WrongAudience { audiences: None }
        } else if let Some((issuer, rest)) = after("token issuer ").and_then(quoted)
            && rest.starts_with(" is invalid")
        {
            Cause::WrongIssuer {
                issuer: Some(issuer),
            }
        } else if said("id token issued by a different provider") {
            Cause::WrongIssuer { issuer: None }
        } else if said("error in cryptographic primitive")
            || said("invalid signature, no keys found")
            || said("failed to verify signature")
        {
            Cause::WrongKey
        } else if said("compact JWS format must have three parts")
            || said("malformed jwt")
            || said("illegal base64 data") && said("token")
        {
            Cause::GarbageToken
        } else if said("unable to read authorization credentials") {
            let reason = after("unable to read authorization credentials")?;
            let reason = reason.trim_start_matches([':', ' ']);
            let end = reason.find(['"', '\n', '}', '\\']).unwrap_or(reason.len());
            Cause::CredentialsFile {
                reason: reason[..end].trim().chars().take(300).collect(),
            }
        } else if text.trim() == "invalid bearer token"
            || said("invalid bearer token]")
            || said("invalid bearer token\"")
        {
            // No authenticator has more to say: none of them knows the issuer, or can read one.
            Cause::GarbageToken
        } else {
            return None;
        },
    )
}

/// The names in `["a" "b"]`, and what follows.
fn list(text: &str) -> Option<(String, &str)> {
    let (names, rest) = text.strip_prefix('[')?.split_once(']')?;
    Some((names.replace(['"', '\\'], ""), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(issued: i64, expires: i64) -> Claims {
        let at = |second| Timestamp::from_second(second).expect("a time");
        Claims {
            issued_at: at(issued),
            expires_at: at(expires),
            service_account: "monitoring/monitoring-sa".to_owned(),
            service_account_uid: "u".to_owned(),
            issuer: String::new(),
            audiences: Vec::new(),
            handle: None,
        }
    }

    #[test]
    fn a_review_s_error_names_the_cause() {
        for (error, code) in [
            (
                "[invalid bearer token, service account token has expired]",
                "token-expired",
            ),
            (
                "[invalid bearer token, service account token is not valid yet]",
                "token-not-yet-valid",
            ),
            (
                "[invalid bearer token, service account token is issued in the future]",
                "token-not-yet-valid",
            ),
            (
                "[invalid bearer token, service account token has been invalidated]",
                "bound-object-deleted",
            ),
            (
                "secret UID (a) does not match service account secret ref claim (b)",
                "bound-object-deleted",
            ),
            ("serviceaccounts \"x\" not found", "account-deleted"),
            ("service account m/x has been deleted", "account-deleted"),
            (
                "service account UID (a) does not match claim (b)",
                "account-recreated",
            ),
            (
                "token audiences [\"a\"] is invalid for the target audiences [\"b\"]",
                "wrong-audience",
            ),
            ("token issuer \"https://other\" is invalid", "wrong-issuer"),
            (
                "[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]",
                "wrong-key",
            ),
            ("invalid signature, no keys found", "wrong-key"),
            ("invalid bearer token", "garbage-token"),
            ("the moon is full", "unknown"),
        ] {
            assert_eq!(Cause::of_token_review(error, None).code(), code, "{error}");
        }
        let claims = claims(0, 3600);
        let cause = Cause::of_token_review("service account token has expired", Some(&claims));
        assert_eq!(
            cause.sentence(),
            "The token expired at 1970-01-01T01:00:00Z."
        );
    }

    #[test]
    fn a_token_s_own_times_are_read_by_the_server_s_clock() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        for (now, server, code) in [
            (1_000, None, ""),
            (3_650, None, ""),
            (3_700, None, "token-expired"),
            (3_700, Some(3_700), "token-expired"),
            (3_000, Some(3_700), "clock-skew"),
            (1_000, Some(-100), "clock-skew"),
            (-100, Some(-100), "token-not-yet-valid"),
            (1_000, Some(2_000), ""),
        ] {
            let cause = Cause::of_claims(&claims(0, 3_600), at(now), server.map(at));
            assert_eq!(
                cause.map_or("", |cause| cause.code()),
                code,
                "{now} {server:?}"
            );
        }
    }
}
