//! Lines on standard error: words for people, or one JSON object each for whoever collects a Pod's log.

use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;

/// `--log-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Sentences.
    #[default]
    Text,
    /// One JSON object a line: time, level, message.
    Json,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// A request, with `-v`.
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Serialize)]
struct Line<'a, M> {
    time: String,
    level: Level,
    message: &'a str,
    #[serde(flatten)]
    more: M,
}

/// The object with its line break; `more` are further fields of it.
pub(super) fn json(level: Level, message: &str, more: impl Serialize) -> String {
    let line = Line {
        time: Timestamp::now().strftime("%FT%T%.3fZ").to_string(),
        level,
        message: message.trim(),
        more,
    };
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn whatever_is_said_is_one_line() {
        let line = json(Level::Warn, "a\n\"b\"\t\u{1}\n", json!({"hint": "c\nd"}));
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(told["level"], "warn");
        assert_eq!(told["message"], "a\n\"b\"\t\u{1}");
        assert_eq!(told["hint"], "c\nd");
        let time = told["time"].as_str().expect("a time");
        assert_eq!(time.len(), "2026-11-27T22:04:14.120Z".len());
        assert!(time.parse::<Timestamp>().is_ok(), "{time}");
    }
}
