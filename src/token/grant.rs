//! What the cluster made of the request for a token, in words.

use jiff::Timestamp;
use promconf::Duration;
use serde_json::{Value, json};

use super::Claims;

/// A token's life as asked for and as granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What was asked for.
    pub asked: Duration,
    /// When the token's life began.
    pub issued_at: Timestamp,
    /// When it ends, as the server says.
    pub expires_at: Timestamp,
}

impl Grant {
    /// Of a token that exists: what was asked for is not known, and taken to be what was granted.
    #[must_use]
    pub fn of(claims: &Claims) -> Self {
        let mut grant = Self {
            asked: Duration::from_secs(0),
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
        };
        grant.asked = grant.granted();
        grant
    }

    /// How long the token lives; to whole minutes, because the server's clock may tick between issuing and stamping.
    #[must_use]
    pub fn granted(&self) -> Duration {
        let life = self.expires_at.duration_since(self.issued_at).as_secs();
        Duration::from_secs((u64::try_from(life).unwrap_or(0) + 30) / 60 * 60)
    }

    /// `asked 90d, granted 1d (this cluster's limit), expires 2026-11-25 09:14 UTC`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let limit = if self.is_clamped() {
            " (this cluster's limit)"
        } else {
            ""
        };
        format!(
            "asked {}, granted {}{limit}, expires {} UTC",
            self.asked,
            self.granted(),
            self.expires_at.strftime("%F %H:%M")
        )
    }

    /// What to do where tokens live less long than was asked for.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.is_clamped().then(|| {
            format!(
                "tokens here live {}: run this command at least every {}, for example from a CronJob; it renews the token in the last third of its life",
                self.granted(),
                self.often()
            )
        })
    }

    /// How often a run has to come at least: twice within the last third of a token's life, in which it renews it.
    #[must_use]
    pub fn often(&self) -> Duration {
        Duration::from_secs((self.granted().as_secs() / 360).max(1) * 60)
    }

    /// The same as the schedule of a CronJob: the longest of the usual intervals that is short enough.
    #[must_use]
    pub fn schedule(&self) -> &'static str {
        const SCHEDULES: [(u64, &str); 9] = [
            (1_440, "0 3 * * *"),
            (720, "0 */12 * * *"),
            (360, "0 */6 * * *"),
            (240, "0 */4 * * *"),
            (120, "0 */2 * * *"),
            (60, "0 * * * *"),
            (30, "*/30 * * * *"),
            (10, "*/10 * * * *"),
            (5, "*/5 * * * *"),
        ];
        let often = self.often().as_secs() / 60;
        let mut known = SCHEDULES.iter();
        let known = known.find(|(minutes, _)| *minutes <= often);
        known.map_or("* * * * *", |(_, schedule)| schedule)
    }

    /// As data.
    #[must_use]
    pub fn report(&self) -> Value {
        json!({
            "requested": self.asked.to_string(),
            "granted": self.granted().to_string(),
            "issuedAt": self.issued_at.to_string(),
            "expiresAt": self.expires_at.to_string(),
        })
    }

    /// Whether it is less than was asked for.
    #[must_use]
    pub fn is_clamped(&self) -> bool {
        self.granted() < self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(asked: u64, seconds: i64) -> Grant {
        Grant {
            asked: Duration::from_secs(asked),
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::from_second(seconds).expect("in range"),
        }
    }

    #[test]
    fn a_clamp_is_said_with_both_numbers_and_what_to_do() {
        let clamped = grant(90 * 86_400, 86_400);
        assert_eq!(
            clamped.sentence(),
            "asked 90d, granted 1d (this cluster's limit), expires 1970-01-02 00:00 UTC"
        );
        assert!(
            clamped
                .hint()
                .expect("a hint")
                .contains("live 1d: run this command at least every 4h")
        );
    }

    #[test]
    fn a_schedule_comes_twice_within_the_last_third_of_a_life() {
        for (life, schedule) in [
            (90 * 86_400, "0 3 * * *"),
            (86_400, "0 */4 * * *"),
            (3_600, "*/10 * * * *"),
            (600, "* * * * *"),
        ] {
            assert_eq!(grant(90 * 86_400, life).schedule(), schedule);
        }
    }

    #[test]
    fn a_tick_of_the_clock_is_no_clamp() {
        let whole = grant(86_400, 86_399);
        assert_eq!(whole.granted().to_string(), "1d");
        assert_eq!(whole.hint(), None);
    }
}
