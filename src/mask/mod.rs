//! Nothing secret leaves: values are masked by where they stand, texts by what they look like.

mod keys;
mod lines;
mod own;
mod scrub;
mod text;

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::object::decoded;
use yaml::Extent;

pub use keys::{secrecy, secrecy_in_manifest};
pub(crate) use lines::{Hidden, hidden, secrets_within};
pub use own::{hide_own, never_show, never_show_key, never_show_password};
pub use scrub::{hide, scrub, scrub_all, scrub_line};
pub use text::Text;

/// Stands, in a planned value, for a token that is issued only while applying. It is no secret.
pub const PENDING_TOKEN: &str = "\u{1}pending-token";

/// Replaces secrets by numbers: equal secrets have equal numbers for as long as the masker lives, so a diff shows
/// that one changed without showing it.
#[derive(Default)]
pub struct Masker {
    numbers: HashMap<[u8; 32], usize>,
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
        let whole = text.as_str();
        let (comments, bundle) = whole.split_at(whole.len() - behind_comments(whole).len());
        if let Some(certificate) = certificate(bundle) {
            let comments = comments.lines();
            let mut shown: Vec<String> = comments
                .map(|comment| self.line(comment, Vec::new()))
                .collect();
            shown.push(certificate);
            return shown.join("\n") + "\n";
        }
        let secrets = secrets_within(text, 0..whole.len());
        let mut shown = String::with_capacity(whole.len());
        let mut start = 0;
        for line in whole.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let hidden = hidden(whole, start..start + content.len(), &secrets);
            shown.push_str(&self.line(content, hidden));
            shown.push_str(&line[content.len()..]);
            start += line.len();
        }
        shown
    }

    /// A line of which something is hidden.
    pub(crate) fn line(&mut self, line: &str, mut hidden: Vec<Hidden<'_>>) -> String {
        hidden.sort_by_key(|hidden| hidden.at.start);
        let mut masked = String::with_capacity(line.len());
        let mut from = 0;
        for Hidden { at, secret } in hidden {
            if at.end <= from {
                continue;
            }
            if at.start >= from {
                masked.push_str(&line[from..at.start]);
                masked.push_str(&self.number(unquoted(secret)));
            }
            from = at.end;
        }
        masked.push_str(&line[from..]);
        scrub(&masked)
    }

    fn secret_data(&mut self, data: &mut Map<String, Value>) {
        for value in data.values_mut() {
            let text = value.as_str().unwrap_or_default();
            let decoded = decoded(text);
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
                            if secrecy(key) != Extent::Nothing && !is_masked(text) =>
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

/// What begins a certificate.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Whether a text is a bundle of certificates, behind comments.
#[must_use]
pub fn is_bundle(text: &str) -> bool {
    behind_comments(text).starts_with(BEGIN)
}

/// The text behind the comments that it begins with.
fn behind_comments(text: &str) -> &str {
    let comments = text.split_inclusive('\n');
    let comments = comments.take_while(|line| line.starts_with('#'));
    &text[comments.map(str::len).sum()..]
}

/// A scalar on one line is the same with and without quotes.
fn unquoted(secret: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|quote| secret.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(secret)
}

fn is_masked(text: &str) -> bool {
    text.starts_with("<not shown #") || text.starts_with("<certificate")
}

/// `<certificate, sha256:3f9a…>` for a text that is one PEM certificate or more; the fingerprint is that of the first.
fn certificate(text: &str) -> Option<String> {
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

#[cfg(test)]
mod tests;
