//! Whether a text holds a secret, or a part of one, in any form.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Parts of this length are recognised.
const PART: usize = 16;

/// Secrets to look for.
#[derive(Default)]
pub(super) struct Secrets(HashSet<Vec<u8>>);

impl Secrets {
    pub(super) fn add(&mut self, secret: &str) {
        self.add_form(secret);
        // Base64, wherever in the encoded text the secret begins.
        for before in 0..3 {
            let padded = [&b"\0\0\0"[..before], secret.as_bytes()].concat();
            for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
                let end = encoded.len() - 4;
                self.add_form(&encoded[4..end]);
            }
        }
    }

    fn add_form(&mut self, form: &str) {
        let parts = form.as_bytes().windows(PART);
        self.0.extend(parts.map(<[u8]>::to_vec));
    }

    /// A part of a secret in `text`.
    pub(super) fn found<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = text
            .as_bytes()
            .windows(PART)
            .position(|part| self.0.contains(part));
        found.map(|at| text.get(at..at + PART).unwrap_or("a part of one"))
    }
}

#[test]
fn every_form_is_found() {
    let mut secrets = Secrets::default();
    let secret = "correct-horse-battery-staple";
    secrets.add(secret);
    for text in [
        secret.to_owned(),
        secret[5..].to_owned(),
        STANDARD.encode(secret),
        STANDARD.encode(format!("a: {secret}")),
        URL_SAFE.encode(format!("ab: {secret}")),
    ] {
        assert!(secrets.found(&text).is_some(), "{text}");
    }
    assert_eq!(secrets.found("correct-horse, and another battery"), None);
}
