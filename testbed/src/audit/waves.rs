//! How many round trips a caller really waited for.

use jiff::{SignedDuration, Timestamp};

use super::Event;

/// The length of the longest chain of requests of which each was received at least `gap` after the one before it
/// had been answered: how many round trips followed one another.
///
/// Requests that were sent together need not overlap on the server: over a fast connection the first can be
/// answered before the last arrives. Behind a [`LatencyRelay`](crate::LatencyRelay) a request that depends on an
/// answer arrives at least a round trip after it, one that was sent together with it does not: half the relay's
/// round-trip time as `gap` tells them apart. With `gap` zero the result is an upper bound.
pub fn waves(events: &[Event], gap: std::time::Duration) -> usize {
    let gap = SignedDuration::try_from(gap).expect("a gap is shorter than centuries");
    let mut spans: Vec<(Timestamp, Timestamp)> =
        events.iter().map(|e| (e.received, e.finished)).collect();
    // Whatever ends first leaves the most room for the rest: the classic choice of the longest chain.
    spans.sort_by_key(|&(_, finished)| finished);
    let mut free_from: Option<Timestamp> = None;
    let mut length = 0;
    for (received, finished) in spans {
        if free_from.is_none_or(|free| received >= free) {
            length += 1;
            free_from = Some(finished.saturating_add(gap).expect("a time span"));
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn event(received: i64, finished: i64) -> Event {
        let at = |ms| Timestamp::from_millisecond(ms).expect("a time");
        let json = serde_json::json!({
            "requestReceivedTimestamp": at(received).to_string(),
            "stageTimestamp": at(finished).to_string(),
        });
        Event::parse(&json).expect("an event")
    }

    #[test]
    fn counts_the_longest_chain() {
        let zero = Duration::ZERO;
        assert_eq!(waves(&[], zero), 0);
        assert_eq!(waves(&[event(0, 10), event(1, 3), event(2, 8)], zero), 1);
        assert_eq!(waves(&[event(0, 2), event(3, 5), event(1, 9)], zero), 2);
        assert_eq!(
            waves(
                &[event(0, 2), event(3, 5), event(1, 9)],
                Duration::from_millis(50)
            ),
            1
        );
        assert_eq!(
            waves(
                &[
                    event(0, 2),
                    event(102, 105),
                    event(103, 104),
                    event(205, 206)
                ],
                Duration::from_millis(50)
            ),
            3
        );
    }
}
