//! The credentials of this run: those of the current user, and the tokens that were issued. A server may repeat them in any
//! text, in headers that it echoes or in base64; no text that is printed holds one, nor a part of one.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What replaces a credential.
const HIDDEN: &str = "<not shown>";
/// Shorter ones could not be told from any word.
const SHORTEST: usize = 6;
/// Of longer ones every part of this length is hidden.
const PART: usize = 12;
/// Of a private key, which begins like every other key of its kind, and like certificates.
const PART_OF_KEY: usize = 32;

static OF_RUN: RwLock<Own> = RwLock::new(Own::new());

/// Credentials, and the parts of them.
struct Own {
    /// Those that are too short to have parts.
    entire: Vec<String>,
    /// By their length.
    parts: Vec<(usize, HashSet<Box<[u8]>>)>,
}

/// From now on `secret` is in no text of this process that [`super::scrub`] or [`hide_own`] has passed.
pub fn never_show(secret: &str) {
    let mut own = OF_RUN.write().unwrap_or_else(PoisonError::into_inner);
    own.add(secret);
}

/// The same for the name and password of basic authentication, and for what is sent of them.
pub fn never_show_password(user: &str, password: &str) {
    let mut own = OF_RUN.write().unwrap_or_else(PoisonError::into_inner);
    own.add(password);
    own.add_parts(&STANDARD.encode(format!("{user}:{password}")), PART);
}

/// The same for a private key in PEM.
pub fn never_show_key(pem: &str) {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    let key: String = lines.map(str::trim).collect();
    let mut own = OF_RUN.write().unwrap_or_else(PoisonError::into_inner);
    own.add_parts(&key, PART_OF_KEY);
    for encoded in encodings(key.as_bytes()) {
        own.add_parts(&encoded, PART_OF_KEY);
    }
}

/// `text` without the credentials of this run.
#[must_use]
pub fn hide_own(text: &str) -> String {
    let own = OF_RUN.read().unwrap_or_else(PoisonError::into_inner);
    own.hide(text)
}

impl Own {
    const fn new() -> Self {
        Self {
            entire: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < SHORTEST {
            return;
        }
        self.add_form(secret);
        // As JSON and YAML write it between quotes.
        let quoted = serde_json::Value::from(secret).to_string();
        self.add_form(quoted.trim_matches('"'));
        for encoded in encodings(secret.as_bytes()) {
            self.add_form(&encoded);
        }
    }

    fn add_form(&mut self, form: &str) {
        if form.len() > PART {
            self.add_parts(form, PART);
        } else if form.len() >= SHORTEST && !self.entire.iter().any(|known| known == form) {
            self.entire.push(form.to_owned());
        }
    }

    fn add_parts(&mut self, form: &str, length: usize) {
        let parts = form.as_bytes().windows(length).map(Box::from);
        match self.parts.iter_mut().find(|(known, _)| *known == length) {
            Some((_, known)) => known.extend(parts),
            None => self.parts.push((length, parts.collect())),
        }
    }

    fn hide(&self, text: &str) -> String {
        if self.entire.is_empty() && self.parts.is_empty() {
            return text.to_owned();
        }
        let bytes = text.as_bytes();
        let mut hidden = vec![false; bytes.len()];
        let mut is_clean = true;
        for (length, parts) in &self.parts {
            for (start, window) in bytes.windows(*length).enumerate() {
                if parts.contains(window) {
                    hidden[start..start + length].fill(true);
                    is_clean = false;
                }
            }
        }
        for secret in &self.entire {
            for (start, _) in text.match_indices(secret) {
                hidden[start..start + secret.len()].fill(true);
                is_clean = false;
            }
        }
        if is_clean {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut inside = false;
        for (index, character) in text.char_indices() {
            match (hidden[index], inside) {
                (true, false) => out.push_str(HIDDEN),
                (true, true) => {}
                (false, _) => out.push(character),
            }
            inside = hidden[index];
        }
        out
    }
}

/// `secret` in base64, wherever in a longer text it begins: without the characters that its neighbours share.
fn encodings(secret: &[u8]) -> Vec<String> {
    (0..3_usize)
        .map(|before| {
            let mut padded = vec![0; before];
            padded.extend_from_slice(secret);
            let encoded = STANDARD.encode(&padded);
            let first = [0, 2, 3][before];
            let last = padded.len() / 3 * 4 + [0, 1, 2][padded.len() % 3];
            encoded[first.min(last)..last].to_owned()
        })
        .flat_map(|standard| {
            // The alphabet of URLs, of which tokens are made.
            let of_urls = standard.replace('+', "-").replace('/', "_");
            [standard, of_urls]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const TOKEN: &str = "k3y.with~strange/chars+and-more_of:them";

    fn own(secret: &str) -> Own {
        let mut own = Own::new();
        own.add(secret);
        own
    }

    #[track_caller]
    fn gone(shown: &str, secret: &str) {
        for part in secret.as_bytes().windows(16) {
            let part = std::str::from_utf8(part).expect("ASCII");
            assert!(!shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn a_credential_is_hidden_in_every_form() {
        let own = own(TOKEN);
        for before in ["", "a", "ab", "abc"] {
            let echoed = format!("{before}{TOKEN}, more");
            gone(&own.hide(&echoed), TOKEN);
            let plain = STANDARD.encode(&echoed);
            gone(&own.hide(&plain), &STANDARD.encode(TOKEN)[4..44]);
            let hidden = own.hide(&plain);
            assert!(hidden.contains(HIDDEN), "{before:?}: {hidden}");
            let hidden = own.hide(&URL_SAFE_NO_PAD.encode(&echoed));
            assert!(hidden.contains(HIDDEN), "{before:?}: {hidden}");
            // What is left of it would not say anything.
            let left = hidden.replace(HIDDEN, "");
            assert!(left.len() < plain.len() - 40, "{left}");
        }
        let cut = own.hide(&format!("Bearer {}", &TOKEN[..20]));
        assert_eq!(cut, "Bearer <not shown>");
    }

    #[test]
    fn a_short_one_is_hidden_as_a_whole_and_a_word_is_left() {
        let own = own("hunter22");
        assert_eq!(
            own.hide("it was hunter22, not hunter2"),
            "it was <not shown>, not hunter2"
        );
        assert_eq!(super::tests::own("t").hide("at the top"), "at the top");
    }

    #[test]
    fn quotes_and_words_of_other_languages_stay_whole() {
        let own = own("pass\"word\\with-äöü");
        let line = format!("é {} é", serde_json::json!("pass\"word\\with-äöü"));
        let hidden = own.hide(&line);
        assert!(!hidden.contains("word"), "{hidden}");
        assert!(
            hidden.starts_with("é ") && hidden.ends_with(" é"),
            "{hidden}"
        );
    }
}
