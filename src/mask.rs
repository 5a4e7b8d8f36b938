//! Nothing secret leaves: values are masked by where they stand, texts by what they look like.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::plan::{PENDING_TOKEN, Text};
use crate::yaml;

/// Replaces secrets by numbers: equal secrets have equal numbers for as long as the masker lives, so a diff shows
/// that one changed without showing it.
#[derive(Default)]
pub struct Masker {
    numbers: HashMap<[u8; 32], usize>,
}

/// Keys whose values are secrets wherever they stand: fields of type `Secret` in the configuration of Prometheus 3.13 and
/// of what it discovers with, headers, which hold whatever somebody put there, and the same in Prometheus' operator and in
/// kubeconfigs.
const SECRET_KEYS: [&str; 27] = [
    "credentials",
    "bearer_token",
    "bearerToken",
    "password",
    "client_secret",
    "clientSecret",
    "secret_key",
    "access_key",
    "api_key",
    "api_secret",
    "api_token",
    "app_token",
    "application_credential_secret",
    "application_secret",
    "auth_password",
    "auth_token",
    "token",
    "consumer_key",
    "headers",
    "http_headers",
    "client-key-data",
    "key_pem",
    "private_key",
    "routing_key",
    "secrets",
    "service_account_key",
    "service_key",
];

/// Whether the value of this key is a secret.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    // Most keys are none, and most have a length that no secret's has.
    key.len() >= 5 && SECRET_KEYS.contains(&key)
}

/// Where kubectl leaves a whole manifest behind, Secrets included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl Masker {
    /// A copy of `object` that may be shown.
    pub fn object(&mut self, object: &Value) -> Value {
        let mut shown = object.clone();
        if let Some(text) = shown
            .pointer_mut("/metadata/annotations")
            .and_then(|annotations| annotations.get_mut(LAST_APPLIED))
        {
            let whole = text.as_str().unwrap_or_default().to_owned();
            *text = self.last_applied(&whole).into();
        }
        if shown["kind"] == "Secret" {
            for field in ["data", "stringData"] {
                if let Some(Value::Object(data)) = shown.get_mut(field) {
                    self.secret_data(data);
                }
            }
        }
        self.by_key(&mut shown);
        shown
    }

    /// The token of a file of its own.
    pub fn token(&mut self, token: &str) -> String {
        self.number(token)
    }

    /// A copy of a configuration text that may be shown: values of secret keys, tokens, and passwords in URLs
    /// are masked, certificates shortened.
    pub fn text(&mut self, text: &Text) -> String {
        if let Some(certificate) = certificate(text.as_str()) {
            return format!("{certificate}\n");
        }
        self.lines(text, 0..text.as_str().len())
    }

    /// [`Masker::text`] of some whole lines. What looks like a secret by its key is masked even where the text is not
    /// valid, or a comment.
    pub fn lines(&mut self, text: &Text, lines: Range<usize>) -> String {
        let whole = text.as_str();
        let mut shown = String::with_capacity(lines.len());
        let mut start = lines.start;
        for line in whole[lines].split_inclusive('\n') {
            let end = start + line.len();
            let content = line.trim_end_matches(['\n', '\r']);
            let first = text.secrets().partition_point(|secret| secret.end <= start);
            let secrets = text.secrets()[first..].iter();
            let here = secrets.take_while(|secret| secret.start < start + content.len());
            let mut masked = String::new();
            let mut from = start;
            for secret in here {
                let begin = secret.start.max(from);
                masked.push_str(&whole[from..begin]);
                // Of a line of a longer secret, what is before its first word is no secret.
                let indent = whole[begin..end].len() - whole[begin..end].trim_start().len();
                masked.push_str(&whole[begin..begin + indent]);
                masked.push_str(&self.number(&whole[secret.clone()]));
                from = secret.end.min(start + content.len());
            }
            masked.push_str(&whole[from..start + content.len()]);
            shown.push_str(&self.line(&masked));
            shown.push_str(&line[content.len()..]);
            start = end;
        }
        shown
    }

    fn line(&mut self, line: &str) -> String {
        let mut masked = String::with_capacity(line.len());
        let mut rest = line;
        while let Some((key_end, value)) = secret_value(rest) {
            masked.push_str(&rest[..key_end]);
            masked.push_str(&self.number(&rest[value.clone()]));
            rest = &rest[value.end..];
        }
        masked.push_str(rest);
        scrub(&masked)
    }

    fn secret_data(&mut self, data: &mut Map<String, Value>) {
        for value in data.values_mut() {
            let text = value.as_str().unwrap_or_default();
            let decoded = STANDARD
                .decode(text)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            let plain = decoded.as_deref().unwrap_or(text);
            *value = certificate(plain)
                .unwrap_or_else(|| self.number(plain))
                .into();
        }
    }

    fn by_key(&mut self, value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::String(text)
                            if SECRET_KEYS.contains(&key.as_str()) && !is_masked(text) =>
                        {
                            *value = self.number(text).into();
                        }
                        Value::String(text) => *value = scrub(text).into(),
                        _ => self.by_key(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.by_key(item)),
            Value::String(text) => *text = scrub(text),
            _ => {}
        }
    }

    fn last_applied(&mut self, manifest: &str) -> String {
        match serde_json::from_str::<Value>(manifest) {
            Ok(object) if object.is_object() && object["kind"] != "Secret" => {
                self.object(&object).to_string()
            }
            _ => self.number(manifest),
        }
    }

    fn number(&mut self, secret: &str) -> String {
        let hash = sha256(secret.as_bytes());
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(hash).or_insert(next);
        if secret == PENDING_TOKEN {
            format!("<not shown #{number}, a new token>")
        } else {
            format!("<not shown #{number}>")
        }
    }
}

/// The first value of a secret key on a line, and where what is before it ends: to the end of the line, or within
/// braces to what ends it there.
fn secret_value(line: &str) -> Option<(usize, Range<usize>)> {
    let mut from = 0;
    while let Some(colon) = line[from..].find(':') {
        let colon = from + colon;
        from = colon + 1;
        let before = line[..colon].trim_end_matches(['"', '\'']);
        let key_start = before
            .rfind(|character: char| !(character.is_alphanumeric() || "_-".contains(character)))
            .map_or(0, |index| {
                index + before[index..].chars().next().map_or(1, char::len_utf8)
            });
        let rest = &line[from..];
        let value = from + rest.len() - rest.trim_start().len();
        let first = line[value..].chars().next();
        let is_reference = matches!(
            first,
            None | Some('{' | '[' | '|' | '>' | '#' | '&' | '*' | '!')
        );
        let is_key = rest.is_empty() || rest.starts_with([' ', '\t']);
        if !is_key
            || is_reference
            || !is_secret_key(&before[key_start..])
            || is_masked(&line[value..])
        {
            continue;
        }
        let in_braces = line[..key_start].contains('{');
        let end = match line[value..].find([',', '}']) {
            Some(end) if in_braces => value + end,
            _ => line.len(),
        };
        return Some((value, value..end));
    }
    None
}

fn is_masked(text: &str) -> bool {
    text.starts_with("<not shown #") || text.starts_with("<certificate")
}

/// `<certificate, sha256:3f9a…>` for a text that is one PEM certificate or more; the fingerprint is that of the first.
fn certificate(text: &str) -> Option<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = text.trim();
    if !text.starts_with(BEGIN) || !text.ends_with(END) {
        return None;
    }
    let body = text.strip_prefix(BEGIN)?.split(END).next()?;
    let der = STANDARD
        .decode(body.split_whitespace().collect::<String>())
        .ok()?;
    let hash = sha256(&der);
    let fingerprint =
        u64::from_be_bytes([0, 0, hash[0], hash[1], hash[2], hash[3], hash[4], hash[5]]);
    let number = text.matches(BEGIN).count();
    let kind = if number == 1 {
        "certificate".to_owned()
    } else {
        format!("{number} certificates")
    };
    Some(format!("<{kind}, sha256:{fingerprint:012x}…>"))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Makes a text from elsewhere safe to print: tokens and passwords in URLs are masked, control characters and those
/// that turn text around are written out. Line breaks and tabs stay.
#[must_use]
pub fn scrub(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|character| {
            if character == '\n' || character == '\t' || yaml::is_plain_character(character) {
                character.to_string()
            } else {
                character.escape_unicode().to_string()
            }
        })
        .collect();
    passwords(&tokens(&visible))
}

/// [`scrub`] for a text that has one line of its own, or a cell of a table: nothing in it begins another.
#[must_use]
pub fn scrub_line(text: &str) -> String {
    scrub(&text.replace('\n', "\\n").replace('\t', "\\t"))
}

/// Masks what looks like a JSON Web Token, whole or cut off: its header begins with `eyJ` (`{"` in base64).
fn tokens(text: &str) -> String {
    let of_token = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("eyJ") {
        let begins = rest[..start]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_ascii_alphanumeric());
        let length = rest[start..]
            .find(|character| !of_token(character))
            .unwrap_or(rest.len() - start);
        out.push_str(&rest[..start]);
        if length >= 12 || begins && length > 8 {
            out.push_str("<token>");
        } else {
            out.push_str(&rest[start..start + length]);
        }
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    out
}

/// Masks the password in `scheme://user:password@host`.
fn passwords(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        out.push_str(before);
        let end = after
            .find(|character: char| character.is_whitespace() || "/\"'<>".contains(character))
            .unwrap_or(after.len());
        let authority = &after[..end];
        match authority
            .rsplit_once('@')
            .and_then(|(user, host)| Some((user.split_once(':')?.0, host)))
        {
            Some((user, host)) => out.extend([user, ":<password>@", host]),
            None => out.push_str(authority),
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// [`scrub`] on every text in `value`, keys aside.
pub fn scrub_all(value: &mut Value) {
    match value {
        Value::String(text) => *text = scrub(text),
        Value::Array(items) => items.iter_mut().for_each(scrub_all),
        Value::Object(map) => map.values_mut().for_each(scrub_all),
        _ => {}
    }
}

/// Masks every piece of eight bytes or more that `text` shares with one of `secrets`.
#[must_use]
pub fn hide(text: &str, secrets: &[&str]) -> String {
    const PIECE: usize = 8;
    let bytes = text.as_bytes();
    let mut hidden = vec![false; bytes.len()];
    for secret in secrets {
        let pieces: std::collections::HashSet<&[u8]> = secret.as_bytes().windows(PIECE).collect();
        for (start, window) in bytes.windows(PIECE).enumerate() {
            if pieces.contains(window) {
                hidden[start..start + PIECE].fill(true);
            }
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for (index, character) in text.char_indices() {
        match (hidden[index], inside) {
            (true, false) => out.push_str("<not shown>"),
            (true, true) => {}
            (false, _) => out.push(character),
        }
        inside = hidden[index];
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIBAQ==\n-----END CERTIFICATE-----\n";

    fn shares_a_piece(text: &str, secret: &str) -> bool {
        secret
            .as_bytes()
            .windows(8)
            .any(|piece| text.as_bytes().windows(8).any(|window| window == piece))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_piece_of_a_secret_is_left(secret in "[A-Za-z0-9+/]{16,80}", around in ".{0,20}") {
            let encoded = STANDARD.encode(&secret);
            let object = json!({
                "kind": "Secret",
                "metadata": {"annotations": {LAST_APPLIED: json!({"kind": "Secret", "stringData": {"token": secret}}).to_string()}},
                "data": {"token": encoded, "other": encoded},
                "stringData": {"token": secret},
            });
            let shown = Masker::default().object(&object).to_string();
            prop_assert!(!shares_a_piece(&shown, &secret) && !shares_a_piece(&shown, &encoded), "{}", shown);

            let config = format!("a:\n- authorization: x\n  credentials: {secret}\n  bearer_token: \"{secret}\"\n");
            let shown = Masker::default().text(&config.clone().into());
            prop_assert!(!shares_a_piece(&shown, &secret), "{}", shown);

            let message = format!("{around}{secret}{around}{}", &secret[3..]);
            let shown = hide(&message, &[&secret]);
            prop_assert!(!shares_a_piece(&shown, &secret) || shares_a_piece(&around, &secret), "{}", shown);
        }

        #[test]
        fn scrubbing_leaves_nothing_that_moves_a_cursor(text in any::<String>()) {
            let shown = scrub(&text);
            prop_assert!(shown.chars().all(|character| character == '\n' || character == '\t' || !character.is_control()));
        }
    }

    #[test]
    fn equal_secrets_have_equal_numbers_and_certificates_a_fingerprint() {
        let mut masker = Masker::default();
        let mut data = |token: &str| {
            masker.object(&json!({"kind": "Secret", "data": {
                "token": STANDARD.encode(token), "ca.crt": STANDARD.encode(CERTIFICATE),
            }}))["data"]
                .clone()
        };
        let first = data("one");
        assert_eq!(first["token"], "<not shown #1>");
        assert_eq!(first["ca.crt"], "<certificate, sha256:7a19bcec06c6…>");
        assert_eq!(data("two")["token"], "<not shown #2>");
        assert_eq!(data("one"), first);
        let pending = masker.object(&json!({"kind": "Secret", "data": {"token": PENDING_TOKEN}}));
        assert_eq!(pending["data"]["token"], "<not shown #3, a new token>");
    }

    #[test]
    fn tokens_and_passwords_are_found_in_any_text() {
        for (text, shown) in [
            ("Bearer eyJhbGciOi.eyJpc3Mi.c2ln end", "Bearer <token> end"),
            ("cut off: eyJhbGciOi", "cut off: <token>"),
            (
                "https://jane:secret@host/path",
                "https://jane:<password>@host/path",
            ),
            ("https://jane@host:443", "https://jane@host:443"),
            ("a\u{1b}[31mb\u{202e}c", "a\\u{1b}[31mb\\u{202e}c"),
            ("keyJ is a name", "keyJ is a name"),
        ] {
            assert_eq!(scrub(text), shown);
        }
    }

    #[test]
    fn references_to_secrets_are_no_secrets() {
        let monitor = json!({"kind": "ServiceMonitor", "spec": {"endpoints": [
            {"authorization": {"credentials": {"name": "prometheus-k8s-token", "key": "token"}}},
        ]}});
        assert_eq!(Masker::default().object(&monitor), monitor);
        let config = "  authorization:\n    credentials_file: /etc/token\n";
        assert_eq!(Masker::default().text(&config.to_owned().into()), config);
    }
}
