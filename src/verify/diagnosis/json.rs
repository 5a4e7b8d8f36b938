//! The JSON in a text: answers of the API server, of Prometheus, and lines of logs.

use serde_json::{Deserializer, Value};

/// After so many braces that begin no JSON it is not looked for any more: a text of braces alone would take minutes.
const MOST_FAILED: usize = 2_000;

/// A text, cut into the JSON in it and what is around that.
pub(super) fn pieces(text: &str) -> (Vec<Value>, String) {
    let (mut values, mut rest) = (Vec::new(), String::new());
    let mut from = 0;
    let mut at = 0;
    let mut failed = 0;
    while failed < MOST_FAILED
        && let Some(next) = text[at..].find('{')
    {
        let start = at + next;
        let mut stream = Deserializer::from_str(&text[start..]).into_iter::<Value>();
        if let Some(Ok(value)) = stream.next() {
            rest.push_str(&text[from..start]);
            // What is before and behind is not one line.
            rest.push('\n');
            from = start + stream.byte_offset();
            at = from;
            values.push(value);
        } else {
            at = start + 1;
            failed += 1;
        }
    }
    rest.push_str(&text[from..]);
    (values, rest)
}

/// A text in JSON, and the address that it is about.
pub(super) enum Piece<'v> {
    /// A Status of the API server.
    Status(&'v Value),
    /// Any other text.
    Text(&'v str),
}

/// Calls `found` with every piece of a value, and with the address that stands beside it.
pub(super) fn walk<'v>(
    value: &'v Value,
    url: Option<&'v str>,
    found: &mut impl FnMut(Piece<'v>, Option<&'v str>),
) {
    match value {
        Value::String(text) => found(Piece::Text(text), url),
        Value::Array(items) => items.iter().for_each(|item| walk(item, url, found)),
        Value::Object(map) => {
            let beside = ["scrapeUrl", "target", "url"]
                .iter()
                .find_map(|key| map.get(*key)?.as_str())
                .filter(|text| text.contains("://"));
            let url = beside.or(url);
            let is_status = map.get("kind").is_some_and(|kind| kind == "Status")
                || map.get("status").is_some_and(|status| status == "Failure");
            if is_status {
                found(Piece::Status(value), url);
                return;
            }
            map.values().for_each(|value| walk(value, url, found));
        }
        _ => {}
    }
}
