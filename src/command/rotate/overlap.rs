//! How long an overlap may be.

use crate::error::{Error, Result};
use crate::token::{OVERLAP, Overlap};
use promconf::Duration;

/// The overlap that is asked for, if it leaves room within the life of a token; else the usual one, as far as it does.
pub(super) fn overlap(asked: Option<Duration>, life: Duration) -> Result<Overlap> {
    let (third, due) = (life.as_secs() / 3, life.as_secs() - life.as_secs() / 3);
    let Some(asked) = asked else {
        let overlap = OVERLAP.as_secs().min(third);
        return Ok(Overlap(Duration::from_secs(overlap)));
    };
    let due = Duration::from_secs(due);
    if asked <= due {
        return Ok(Overlap(asked));
    }
    let message = if asked > life {
        format!("--overlap {asked} is longer than a token lives ({life})")
    } else {
        format!(
            "--overlap {asked} leaves no room: tokens live {life}, and the next rotation is due after {due}"
        )
    };
    Err(Error::usage_hint(
        message,
        format!("use --overlap {due} or less"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_leaves_room_within_the_life_of_a_token() {
        let told = |asked: Option<&str>, life: &str| {
            let duration = |text: &str| text.parse::<Duration>().expect("a duration");
            match overlap(asked.map(duration), duration(life)) {
                Ok(Overlap(overlap)) => overlap.to_string(),
                Err(error) => format!("{error}; {}", error.hint().unwrap_or_default()),
            }
        };
        for (asked, life, expected) in [
            (None, "90d", "10m"),
            (None, "15m", "5m"),
            (Some("0s"), "90d", "0s"),
            (Some("60d"), "90d", "60d"),
            (
                Some("61d"),
                "90d",
                "--overlap 61d leaves no room: tokens live 90d, and the next rotation is due after 60d; use --overlap 60d or less",
            ),
            (
                Some("2h"),
                "1h",
                "--overlap 2h is longer than a token lives (1h); use --overlap 40m or less",
            ),
        ] {
            assert_eq!(told(asked, life), expected);
        }
    }
}
