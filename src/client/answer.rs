//! What the server answered with a status of success, and whether it is an answer at all.

use http::response::Parts;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use crate::quoted::quoted;

/// What the server answered with a status of success.
#[derive(Debug)]
pub struct Answer {
    /// The body.
    pub body: Value,
    /// What the server remarks on the request, for example that a token will live shorter than asked.
    pub warnings: Vec<String>,
    /// The server's clock.
    pub date: Option<Timestamp>,
    /// Whether the object did not exist before.
    pub created: bool,
}

impl Answer {
    /// # Errors
    /// Why the body is none: a login page, cut off, something else than JSON.
    pub(crate) fn read(head: &Parts, body: &[u8]) -> Result<Self, String> {
        if let Some(found) = other_type(&head.headers)
            && !body.trim_ascii_start().starts_with(b"<")
        {
            return Err(format!(
                "the answer is of type {found}, not JSON: is this an API server?"
            ));
        }
        let body = serde_json::from_slice(body).map_err(|error: serde_json::Error| {
            if body.trim_ascii_start().starts_with(b"<") {
                "the answer is a web page: is this an API server, or a proxy's login page?"
                    .to_owned()
            } else if error.is_eof() && !body.is_empty() {
                format!("the answer breaks off after {} bytes", body.len())
            } else if error.to_string().starts_with("recursion limit exceeded") {
                "the answer is nested too deeply: is this an API server?".to_owned()
            } else {
                "the answer is not JSON: is this an API server?".to_owned()
            }
        })?;
        Ok(Self {
            body,
            warnings: warnings(&head.headers),
            date: date(&head.headers),
            created: head.status == StatusCode::CREATED,
        })
    }

    /// An answer whose only content is that it is one.
    pub(crate) fn empty() -> Self {
        Self {
            body: Value::Null,
            warnings: Vec::new(),
            date: None,
            created: false,
        }
    }
}

/// The media type of an answer that does not call itself JSON; the signing keys come as `application/jwk-set+json`.
fn other_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("content-type")?.to_str().unwrap_or("unknown");
    let of = value.split(';').next().unwrap_or_default().trim();
    let is_json = of.eq_ignore_ascii_case("application/json") || of.ends_with("+json");
    (!is_json).then(|| of.chars().take(80).collect())
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get("date")?.to_str().ok()?;
    Some(rfc2822::parse(text).ok()?.timestamp())
}

/// The texts of `Warning: 299 - "text"`, of which there may be many in one header.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let mut warnings = Vec::new();
    for value in headers.get_all("warning") {
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut rest = &*value;
        while let Some(at) = rest.find(" \"") {
            // A date in quotes may follow the text.
            let is_text = !rest[..at].trim().is_empty();
            let Some((text, after)) = quoted(&rest[at + 1..]) else {
                break;
            };
            if is_text {
                warnings.push(text);
            }
            rest = after;
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Answer, String> {
        let (head, ()) = http::Response::new(()).into_parts();
        Answer::read(&head, body.as_bytes())
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for (body, words) in [
            ("<!DOCTYPE html><title>Log in</title>", "a web page"),
            (r#"{"kind": "Sec"#, "breaks off after 13 bytes"),
            ("", "is not JSON"),
            ("ok", "is not JSON"),
        ] {
            let reason = read(body).expect_err("no answer");
            assert!(reason.contains(words), "{reason}");
            assert!(!reason.contains("Sec\""));
        }
        let deep = "[".repeat(100_000);
        let reason = read(&deep).expect_err("too deep");
        assert!(reason.contains("nested too deeply"), "{reason}");
        for body in ["1e999", "\"\u{fffd}", "{\"a\": -1e400}"] {
            assert!(read(body).is_err(), "{body}");
        }
        assert_eq!(read("{}").expect("an answer").body, serde_json::json!({}));
    }

    #[test]
    fn an_answer_that_does_not_call_itself_json_is_none() {
        let of = |value: &str| {
            let response = http::Response::builder().header("content-type", value);
            let (head, ()) = response.body(()).expect("a response").into_parts();
            Answer::read(&head, b"{}").map(|_| ())
        };
        for value in [
            "application/json",
            "application/json; charset=utf-8",
            "application/jwk-set+json",
        ] {
            assert_eq!(of(value), Ok(()), "{value}");
        }
        let reason = of("text/plain; charset=utf-8").expect_err("no JSON");
        assert!(reason.contains("of type text/plain, not JSON"), "{reason}");
    }

    #[test]
    fn headers_are_read() {
        let mut headers = HeaderMap::new();
        for value in [
            r#"299 - "a \"b\"""#,
            r#"299 - "one", 299 kube-apiserver "two" "Tue, 24 Nov 2026 11:36:49 GMT", 299 - "three""#,
            r#"299 - "cut"#,
            "299",
        ] {
            headers.append("warning", value.parse().expect("a value"));
        }
        assert_eq!(warnings(&headers), [r#"a "b""#, "one", "two", "three"]);
        headers.insert(
            "date",
            "Tue, 24 Nov 2026 11:36:49 GMT".parse().expect("a value"),
        );
        let date = date(&headers).expect("a date");
        assert_eq!(date.to_string(), "2026-11-24T11:36:49Z");
    }
}
