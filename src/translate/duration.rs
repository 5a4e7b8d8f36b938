//! Durations in the units that Go's `time.ParseDuration` knows, which Alloy's language reads them with.

/// `1d` is `24h`; what Go reads stays as it is. `None` for what is no duration.
pub(super) fn for_alloy(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .filter(|length| *length > 0)?;
        let (number, after) = rest.split_at(length);
        let end = after
            .find(|character: char| !character.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let hours = match unit {
            "y" => 365 * 24,
            "w" => 7 * 24,
            "d" => 24,
            "h" | "m" | "s" | "ms" => 0,
            _ => return None,
        };
        if hours == 0 {
            number.parse::<f64>().ok()?;
            out.extend([number, unit]);
        } else {
            let hours = number.parse::<u64>().ok()?.checked_mul(hours)?;
            out.extend([&hours.to_string(), "h"]);
        }
        rest = after;
    }
    (!out.is_empty()).then_some(out)
}

/// In milliseconds, of a duration that [`for_alloy`] gave.
pub(super) fn milliseconds(text: &str) -> u64 {
    let mut total = 0.0;
    let mut rest = text;
    while let Some(end) = rest.find(|character: char| character.is_ascii_alphabetic()) {
        let (number, after) = rest.split_at(end);
        let length = after
            .find(|character: char| !character.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let factor = match &after[..length] {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1_000.0,
            _ => 1.0,
        };
        total += number.parse::<f64>().unwrap_or(0.0) * factor;
        rest = &after[length..];
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no sign is read, and a cast of floats saturates"
    )]
    let total = total as u64;
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_hours() {
        for (text, expected) in [
            ("1d", Some("24h")),
            ("1w2d3h", Some("168h48h3h")),
            ("1m30s", Some("1m30s")),
            ("30ms", Some("30ms")),
            ("1.5h", Some("1.5h")),
            ("0", None),
            ("", None),
            ("5", None),
            ("5x", None),
            ("s", None),
        ] {
            assert_eq!(for_alloy(text).as_deref(), expected, "{text}");
        }
        assert_eq!(milliseconds("1h1m30s5ms"), 3_690_005);
    }
}
