//! Texts from elsewhere, safe to print.

use serde_json::Value;

use super::own::hide_own;

/// Makes a text from elsewhere safe to print: the credentials of this run, tokens and passwords in URLs are masked,
/// control characters and those that turn text around are written out. Line breaks and tabs stay.
#[must_use]
pub fn scrub(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || character == '\t' || yaml::is_plain_character(character) {
            visible.push(character);
        } else {
            visible.extend(character.escape_unicode());
        }
    }
    passwords(&tokens(&hide_own(&visible)))
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
