//! Durations as Prometheus writes them: `90d`, `1h30m`, `15s`.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A whole number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(u64);

/// Units from long to short, each in seconds, with the names that Prometheus gives them
/// (`model/time.go` of prometheus/common); a year has 365 days there.
const UNITS: [(&str, u64); 6] = [
    ("y", 365 * 86_400),
    ("w", 7 * 86_400),
    ("d", 86_400),
    ("h", 3_600),
    ("m", 60),
    ("s", 1),
];

impl Duration {
    /// That many days.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self(days * 86_400)
    }

    /// That many seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// In seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// As Go's `time.ParseDuration` reads it, which knows nothing longer than hours: `36h`, `1m30s`.
    #[must_use]
    pub fn in_hours(self) -> String {
        let parts = [
            (self.0 / 3_600, 'h'),
            (self.0 / 60 % 60, 'm'),
            (self.0 % 60, 's'),
        ];
        let text: Vec<String> = parts
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, unit)| format!("{number}{unit}"))
            .collect();
        if text.is_empty() {
            "0s".to_owned()
        } else {
            text.concat()
        }
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).map(Self).ok_or_else(|| {
            format!("{text:?} is not a duration: write it as 90d, 24h, 1h30m or 15s (units y w d h m s, longest first)")
        })
    }
}

fn parse(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut seconds: u64 = 0;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let (unit, length) = units.find(|(unit, _)| after.starts_with(unit))?;
        seconds = number
            .parse::<u64>()
            .ok()?
            .checked_mul(*length)?
            .checked_add(seconds)?;
        rest = &after[unit.len()..];
    }
    (!text.is_empty()).then_some(seconds)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        if rest == 0 {
            return f.write_str("0s");
        }
        // Weeks and years only where nothing else is left: `90d` reads better than `12w6d`.
        for (unit, length) in UNITS {
            let whole = matches!(unit, "y" | "w") && !rest.is_multiple_of(length);
            if !whole && rest >= length {
                write!(f, "{}{unit}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Refused within the visit, so that the reader knows of which line it speaks.
        deserializer.deserialize_str(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as 90d")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_counts_no_days() {
        for (seconds, text) in [
            (0, "0s"),
            (90, "1m30s"),
            (7_776_000, "2160h"),
            (3_601, "1h1s"),
        ] {
            assert_eq!(Duration::from_secs(seconds).in_hours(), text);
        }
    }

    #[test]
    fn reads_what_prometheus_reads() {
        for (text, seconds) in [
            ("90d", 7_776_000),
            ("1h30m", 5_400),
            ("15s", 15),
            ("1y2w3d", 31_536_000 + 1_209_600 + 259_200),
            ("0s", 0),
        ] {
            assert_eq!(
                text.parse::<Duration>().map(Duration::as_secs),
                Ok(seconds),
                "{text}"
            );
        }
        for text in [
            "",
            "s",
            "30sec",
            "1.5h",
            "1m1h",
            "1h1h",
            "-1h",
            "90",
            "1 h",
            "99999999999999999999s",
            "١s",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn shows_it_as_written() {
        for text in ["90d", "24h", "1h30m", "15s", "10m", "2w", "1y"] {
            let shown = text.parse::<Duration>().expect("valid").to_string();
            let again = shown.parse::<Duration>().expect("valid");
            assert_eq!(again, text.parse().expect("valid"), "{shown}");
        }
        assert_eq!(Duration::from_days(90).to_string(), "90d");
        assert_eq!(Duration::from_secs(86_400).to_string(), "1d");
        assert_eq!(Duration::from_secs(5_400).to_string(), "1h30m");
    }
}
