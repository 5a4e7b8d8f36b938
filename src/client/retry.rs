//! When a request is sent again, and after how long.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use http::{HeaderMap, StatusCode};

/// For how long after its start a Pod may be denied what its role has: role and binding were made just before it, and
/// take a moment to reach every API server.
pub(crate) const SETTLING: Duration = Duration::from_secs(3);
/// How often a request is sent again.
pub(crate) const RETRIES: u32 = 3;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// No pause of ours is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// No pause that the server asks for is longer.
const LONGEST_WISH: Duration = Duration::from_secs(5);

/// The pause after the try of this number: twice as long each time, and up to half as long again, so that many callers
/// do not come back together.
pub(crate) fn pause(tries: u32) -> Duration {
    let pause = FIRST_PAUSE * 2_u32.saturating_pow(tries.saturating_sub(1).min(10));
    let thousandths = u32::try_from(RandomState::new().hash_one(tries) % 1_000).unwrap_or_default();
    (pause + pause * thousandths / 2_000).min(LONGEST_PAUSE)
}

/// How long the server asks to wait.
pub(crate) fn wish(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("retry-after")?.to_str().ok()?;
    Some(Duration::from_secs(value.parse().ok()?).min(LONGEST_WISH))
}

/// Whether another try may end otherwise.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        for tries in 1..1_000 {
            let least = Duration::from_millis(200 * 2_u64.pow(tries.min(4) - 1));
            assert!(pause(tries) >= least.min(LONGEST_PAUSE));
            assert!(pause(tries) <= LONGEST_PAUSE);
        }
    }

    #[test]
    fn what_a_server_wishes_is_capped() {
        for (value, wished) in [
            ("1", Some(1)),
            ("3600", Some(5)),
            ("99999999999999999999", None),
            ("Tue, 24 Nov 2026 11:36:49 GMT", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", value.parse().expect("a value"));
            assert_eq!(wish(&headers), wished.map(Duration::from_secs));
        }
    }
}
