//! In which format Prometheus reads an answer: what its Content-Type says (`extractMediaType` in
//! `model/textparse/interface.go` of Prometheus 3, `ParseMediaType` in Go's `mime`).

/// A format that Prometheus reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text format.
    Text,
    /// `OpenMetrics`.
    OpenMetrics,
    /// Protocol buffers, which are not asked for by default.
    Protobuf,
}

impl Format {
    /// The format of a `fallback_scrape_protocol`: `PrometheusText0.0.4`.
    #[must_use]
    pub fn of_protocol(name: &str) -> Option<Self> {
        match name {
            "PrometheusText0.0.4" | "PrometheusText1.0.0" => Some(Self::Text),
            "OpenMetricsText0.0.1" | "OpenMetricsText1.0.0" => Some(Self::OpenMetrics),
            "PrometheusProto" => Some(Self::Protobuf),
            _ => None,
        }
    }

    /// The format of an answer with this Content-Type, empty where it has none. `None` where Prometheus refuses it.
    #[must_use]
    pub fn of_answer(content_type: &str, fallback: Option<Self>) -> Option<Self> {
        let known = match media_type(content_type).as_deref() {
            Some("text/plain") => Some(Self::Text),
            Some("application/openmetrics-text") => Some(Self::OpenMetrics),
            Some("application/vnd.google.protobuf") => Some(Self::Protobuf),
            _ => None,
        };
        known.or(fallback)
    }
}

/// The media type in lower case, without parameters; `None` where Go does not parse the header.
fn media_type(header: &str) -> Option<String> {
    let base = header.split(';').next().unwrap_or_default();
    let media_type = base.trim().to_lowercase();
    let (kind, rest) = token(&media_type);
    let subtype = rest.strip_prefix('/').map(token);
    let is_type = match subtype {
        None => rest.is_empty(),
        Some((subtype, rest)) => !subtype.is_empty() && rest.is_empty(),
    };
    (!kind.is_empty() && is_type && are_parameters(&header[base.len()..])).then_some(media_type)
}

/// Whether what follows a media type are parameters, each of them once or with the same value.
fn are_parameters(text: &str) -> bool {
    let mut known: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((name, value, after)) = parameter(rest) else {
            // A semicolon at the end is passed over.
            return rest.trim() == ";";
        };
        if known
            .iter()
            .any(|(other, of)| *other == name && *of != value)
        {
            return false;
        }
        known.push((name, value));
        rest = after.trim_start();
    }
    true
}

/// `; name=value` or `; name="value"`, and what follows.
fn parameter(text: &str) -> Option<(String, String, &str)> {
    let text = text.trim_start().strip_prefix(';')?.trim_start();
    let (name, rest) = token(text);
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let (value, after) = if let Some(quoted) = rest.strip_prefix('"') {
        quoted_value(quoted)?
    } else {
        let (value, after) = token(rest);
        (value.to_owned(), after)
    };
    let is_one = !name.is_empty() && after.len() < rest.len();
    is_one.then(|| (name.to_lowercase(), value, after))
}

/// The value up to the closing quote, and what follows. A backslash quotes what is no part of a token.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\r' | '\n' => return None,
            '\\' => match characters.next_if(|(_, next)| !is_token(*next)) {
                Some((_, next)) => value.push(next),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    None
}

/// The token at the beginning of a text, and what follows.
fn token(text: &str) -> (&str, &str) {
    let end = text.find(|character| !is_token(character));
    text.split_at(end.unwrap_or(text.len()))
}

fn is_token(character: char) -> bool {
    character.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_is_read_as_prometheus_reads_it() {
        use Format::{OpenMetrics, Protobuf, Text};
        for (content_type, expected) in [
            ("text/plain", Some(Text)),
            ("text/plain; version=0.0.4", Some(Text)),
            ("Text/Plain;VERSION=9.9;", Some(Text)),
            ("text/plain; version=\"0.0.4\"; charset=utf-8", Some(Text)),
            ("text/plain; a=1; a=1", Some(Text)),
            (
                "application/openmetrics-text; version=1.0.0",
                Some(OpenMetrics),
            ),
            (
                "application/openmetrics-text; version=99",
                Some(OpenMetrics),
            ),
            (
                "application/vnd.google.protobuf; encoding=delimited",
                Some(Protobuf),
            ),
            ("", None),
            ("text/html", None),
            ("application/json", None),
            ("text/plain2", None),
            ("text", None),
            ("text/plain, text/html", None),
            ("text/plain; charset", None),
            ("text/plain; =utf-8", None),
            ("text/plain; a=1; a=2", None),
            ("text/plain; a=\"1", None),
            ("text/plain; a=", None),
            ("text /plain", None),
            ("/plain", None),
            ("garbage\u{fffd}", None),
        ] {
            let found = Format::of_answer(content_type, None);
            assert_eq!(found, expected, "{content_type:?}");
            let found = Format::of_answer(content_type, Some(OpenMetrics));
            assert_eq!(found, expected.or(Some(OpenMetrics)), "{content_type:?}");
        }
    }
}
