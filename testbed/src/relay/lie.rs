//! What a server may answer when it does not tell the truth.

use std::fmt::Write;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Request;
use super::random::Random;

/// An answer before it is written.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// How an answer is written.
pub(super) enum Delivery {
    /// As HTTP has it.
    Plain,
    /// After a while.
    Late(Duration),
    /// Half of the body, of which the entire length was announced.
    Cut,
    /// The announced length is shorter than the body.
    Short,
    /// In chunks whose sizes are none.
    BadChunks,
    /// The connection is closed.
    Nothing,
    /// The body is followed by this for ever.
    Endless(&'static [u8]),
}

/// What comes instead of the server's `answer` to `request`.
pub(super) fn lie(random: &mut Random, request: &Request, answer: Answer) -> (Answer, Delivery) {
    let plain = |answer| (answer, Delivery::Plain);
    if request.path.ends_with("/token") && random.below(2) == 0 {
        return plain(junk_token(random, answer));
    }
    match random.below(20) {
        0..=5 => plain(mutated(random, answer)),
        6 => {
            let delay = Duration::from_millis(50 * u64::try_from(random.below(40)).unwrap_or(0));
            (answer, Delivery::Late(delay))
        }
        7 => (answer, Delivery::Cut),
        8 => (answer, Delivery::Short),
        9 => (answer, Delivery::BadChunks),
        10 => (answer, Delivery::Nothing),
        11 => plain(redirect(random, request)),
        12..=14 => plain(echo(random, request, answer)),
        15 => {
            let more = *random.pick(&[&b"x"[..], b" ", b"0,", b"{\"a\":[", b"\n"]);
            (answer, Delivery::Endless(more))
        }
        16 => {
            let status = *random.pick(&[
                200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 409, 410, 412, 413, 418,
                422, 429, 500, 502, 503, 504, 599,
            ]);
            plain(Answer { status, ..answer })
        }
        17 => plain(entire(random, answer)),
        18 => plain(other_object(random, answer)),
        _ => plain(odd_headers(random, answer)),
    }
}

/// Some values become something else, or are dropped.
fn mutated(random: &mut Random, answer: Answer) -> Answer {
    let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
        return entire(random, answer);
    };
    for _ in 0..=random.below(4) {
        let at = random.below(count(&value));
        let mut left = at;
        if let Some(node) = nth(&mut value, &mut left) {
            change(random, node);
        }
    }
    with_body(answer, value.to_string())
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0_usize,
    }
}

fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(map) => map.values_mut().find_map(|value| nth(value, left)),
        _ => None,
    }
}

fn change(random: &mut Random, node: &mut Value) {
    match (random.below(5), &mut *node) {
        (0, Value::Object(map)) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            if !keys.is_empty() {
                map.shift_remove(random.pick(&keys));
            }
            return;
        }
        (0, Value::Array(items)) => {
            items.push(Value::Null);
            return;
        }
        (1, Value::Array(items)) => {
            items.extend(items.clone());
            return;
        }
        (0 | 1, Value::String(text)) => {
            let more: &&str =
                random.pick(&["x", "\n", "\u{1b}[31m", "\u{202e}", "\0", " é", "{{ 1 }}"]);
            text.push_str(more);
            return;
        }
        _ => {}
    }
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    *node = match random.below(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1.7e308),
        6 => json!(""),
        7 => json!("text"),
        8 => json!("9999-12-31T23:59:59Z"),
        9 => json!("1970-01-01T00:00:00Z"),
        10 => json!([]),
        11 => json!([null]),
        12 => json!({}),
        13 => json!({"": null, "a": {"b": []}}),
        14 => json!("x".repeat(100_000)),
        _ => deep,
    };
}

/// Something else altogether.
fn entire(random: &mut Random, answer: Answer) -> Answer {
    let many = format!("[{}0]", "0,".repeat(300_000));
    let deep = "[".repeat(50_000);
    let body: Vec<u8> = match random.below(16) {
        0 => b"[]".to_vec(),
        1 => b"null".to_vec(),
        2 => b"\"\"".to_vec(),
        3 => b"0".to_vec(),
        4 => b"{}".to_vec(),
        5 => Vec::new(),
        6 => b"true".to_vec(),
        7 => b"[[]]".to_vec(),
        8 => b"{\"items\": [null]}".to_vec(),
        9 => b"{\"a\": 1e999}".to_vec(),
        10 => b"{\"kind\": \"\xff\xfe\"}".to_vec(),
        11 => b"<!DOCTYPE html><html><title>Log in</title></html>".to_vec(),
        12 => b"\x1f\x8b\x08\0\0\0\0\0".to_vec(),
        13 => many.into_bytes(),
        14 => deep.into_bytes(),
        _ => b"{\"kind\": \"Status\", \"status\": \"Failure\", \"code\": \"x\"}".to_vec(),
    };
    with_body(answer, body)
}

/// The object of another name, namespace or kind.
fn other_object(random: &mut Random, answer: Answer) -> Answer {
    let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
        return answer;
    };
    let (pointer, to) = *random.pick(&[
        ("/metadata/name", "other"),
        ("/metadata/namespace", "other"),
        ("/metadata/uid", ""),
        ("/kind", "Other"),
        ("/apiVersion", "other/v1"),
        ("/items/0/metadata/name", ""),
        ("/items/0/metadata/namespace", "other"),
        ("/metadata/continue", "again"),
    ]);
    if pointer == "/metadata/continue" {
        value["metadata"] = json!({"continue": to});
    } else if let Some(field) = value.pointer_mut(pointer) {
        *field = json!(to);
    }
    with_body(answer, value.to_string())
}

fn odd_headers(random: &mut Random, mut answer: Answer) -> Answer {
    let (name, value) = *random.pick(&[
        ("content-type", "text/html"),
        ("content-type", "application/octet-stream; charset=\"\""),
        ("date", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("date", "now"),
        ("warning", "299 - \"\\\""),
        ("warning", "299 - \"\u{1b}[31m\""),
        ("retry-after", "99999999999999999999"),
        ("content-encoding", "gzip"),
    ]);
    answer.headers.retain(|(known, _)| known != name);
    answer.headers.push((name.to_owned(), value.to_owned()));
    answer
}

fn redirect(random: &mut Random, request: &Request) -> Answer {
    let status = *random.pick(&[301, 302, 303, 307, 308]);
    let authorization = header(request, "authorization");
    let to = match random.below(4) {
        0 => request.path.clone(),
        1 => "http://127.0.0.1:9/elsewhere".to_owned(),
        2 => format!("https://127.0.0.1:9/?{authorization}"),
        _ => "\\\\".to_owned(),
    };
    Answer {
        status,
        headers: vec![("location".to_owned(), to)],
        body: Bytes::new(),
    }
}

fn header(request: &Request, name: &str) -> String {
    let value = request.headers.get(name).map(http::HeaderValue::as_bytes);
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

/// The request itself, with everything that is secret in it, in places that are printed.
fn echo(random: &mut Random, request: &Request, answer: Answer) -> Answer {
    let mut text = String::new();
    for (name, value) in &request.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = write!(text, "{name}: {value} ");
    }
    let authorization = header(request, "authorization");
    let _ = match random.below(4) {
        0 => write!(text, "{}", BASE64_STANDARD.encode(&authorization)),
        1 => write!(text, "{}", BASE64_URL_SAFE_NO_PAD.encode(&text)),
        2 => write!(text, "{}", &authorization[authorization.len() / 3..]),
        _ => write!(text, "{}", String::from_utf8_lossy(&request.body)),
    };
    match random.below(6) {
        0 | 1 => {
            let status = *random.pick(&[400, 401, 403, 404, 409, 422, 429, 500, 503]);
            let body = json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": text, "reason": authorization, "code": status,
                "details": {"name": text, "causes": [{"field": text, "message": text, "reason": text}]},
            });
            Answer {
                status,
                headers: Vec::new(),
                body: body.to_string().into(),
            }
        }
        2 => Answer {
            status: 500,
            headers: Vec::new(),
            body: text.into(),
        },
        3 => {
            let mut answer = answer;
            let quoted = text.replace(['"', '\\', '\r', '\n'], " ");
            answer
                .headers
                .push(("warning".to_owned(), format!("299 - \"{quoted}\"")));
            answer
        }
        4 => {
            let user = format!(
                "User \"{text}\" cannot get resource \"{text}\" in API group \"\" at the cluster scope"
            );
            let body = json!({
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
                "message": format!("x \"y\" is forbidden: {user}"), "code": 403,
            });
            Answer {
                status: 403,
                headers: Vec::new(),
                body: body.to_string().into(),
            }
        }
        // An object that is what was asked for, but for its words.
        _ => {
            let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
                return answer;
            };
            let echoed = json!({"echo": text});
            match value.pointer_mut("/metadata") {
                Some(Value::Object(metadata)) => {
                    metadata.insert("annotations".to_owned(), echoed.clone());
                    metadata.insert("labels".to_owned(), echoed);
                }
                _ => value = Value::Object(Map::new()),
            }
            with_body(answer, value.to_string())
        }
    }
}

fn junk_token(random: &mut Random, answer: Answer) -> Answer {
    let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
        return answer;
    };
    let (field, to) = match random.below(8) {
        0 => ("token", json!("")),
        1 => ("token", json!("no-token")),
        2 => ("token", json!("a.b.c\n\u{1b}[31m")),
        3 => ("token", json!("e30.e30.x\r\nX-Other: y")),
        4 => ("token", json!(["x"])),
        5 => ("token", json!("a".repeat(40_000))),
        6 => ("expirationTimestamp", json!("9999-12-31T23:59:59Z")),
        _ => ("expirationTimestamp", json!("1970-01-01T00:00:00Z")),
    };
    if let Some(place) = value.pointer_mut(&format!("/status/{field}")) {
        *place = to;
    }
    with_body(answer, value.to_string())
}

fn with_body(answer: Answer, body: impl Into<Bytes>) -> Answer {
    Answer {
        body: body.into(),
        ..answer
    }
}
