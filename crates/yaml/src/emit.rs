//! Writing is for people and for files that other programs read as YAML 1.1 or 1.2, so every text that either could
//! take for something else is quoted.

use serde_json::{Map, Value};

/// `value` in block style, lists of a few short texts in flow style, ending in a line break. No text has more than one
/// line.
#[must_use]
pub fn emit(value: &Value) -> String {
    emit_with(value, false)
}

/// As [`emit`], with texts of several lines written as such.
#[must_use]
pub fn emit_lines(value: &Value) -> String {
    emit_with(value, true)
}

fn emit_with(value: &Value, in_lines: bool) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block_map(&mut out, map, 0, in_lines),
        Value::Array(items) if !items.is_empty() && !is_short(items) => {
            block_list(&mut out, items, 0, in_lines);
        }
        _ => {
            out.push_str(&flow(value));
            out.push('\n');
        }
    }
    out
}

fn block_map(out: &mut String, map: &Map<String, Value>, indent: usize, in_lines: bool) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(&scalar(key));
        out.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('\n');
                out.push_str(&" ".repeat(indent + 2));
                block_map(out, map, indent + 2, in_lines);
            }
            Value::Array(items) if !items.is_empty() && !is_short(items) => {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                block_list(out, items, indent, in_lines);
            }
            Value::String(text) if in_lines && is_lines(text) => literal(out, text, indent + 2),
            _ => {
                out.push(' ');
                out.push_str(&flow(value));
                out.push('\n');
            }
        }
    }
}

/// Whether a text can be written as it is, one line below the other.
fn is_lines(text: &str) -> bool {
    let inner = text.strip_suffix('\n').unwrap_or_default();
    let is_plain = |line: &str| {
        !line.ends_with([' ', '\t'])
            && line
                .chars()
                .all(|character| character == '\t' || is_plain_character(character))
    };
    inner.contains('\n')
        && !inner.ends_with('\n')
        && !inner.starts_with([' ', '\t', '\n'])
        && inner.split('\n').all(is_plain)
}

fn literal(out: &mut String, text: &str, indent: usize) {
    out.push_str(" |\n");
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn block_list(out: &mut String, items: &[Value], indent: usize, in_lines: bool) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => block_map(out, map, indent + 2, in_lines),
            Value::Array(items) if !items.is_empty() && !is_short(items) => {
                block_list(out, items, indent + 2, in_lines);
            }
            _ => {
                out.push_str(&flow(item));
                out.push('\n');
            }
        }
    }
}

/// Lists such as `[get, list, watch]` read better on one line.
fn is_short(items: &[Value]) -> bool {
    items
        .iter()
        .all(|item| !item.is_object() && !item.is_array())
        && items.iter().map(|item| flow(item).len() + 2).sum::<usize>() <= 60
}

/// `value` on one line.
#[must_use]
pub fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        _ => value.to_string(),
    }
}

/// A text as a scalar that every reader takes for that text: plain where it looks like a name or a path, else in
/// double quotes.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if is_plain_character(character) => quoted.push(character),
            _ => match u32::from(character) {
                code @ 0..=0xffff => quoted.extend(format!("\\u{code:04x}").chars()),
                code => quoted.extend(format!("\\U{code:08x}").chars()),
            },
        }
    }
    quoted.push('"');
    quoted
}

/// A text for use behind `#`: nothing in it ends the line.
#[must_use]
pub fn comment(text: &str) -> String {
    text.chars()
        .map(|character| {
            if is_plain_character(character) {
                character
            } else {
                ' '
            }
        })
        .collect()
}

/// Whether a character can stand in a line of YAML as it is, and is seen there: no control character, no line break
/// of YAML 1.1, nothing that turns the direction of text around.
#[must_use]
pub fn is_plain_character(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Letters, digits and `_ - . /`, beginning with a letter, `_` or `/`, and no word that YAML 1.1 reads as something
/// else. In `https://host:6443` the colons are harmless too, because no space follows.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let url = text.strip_prefix("https://").is_some_and(|rest| {
        !rest.ends_with(':') && rest.bytes().all(|byte| byte == b':' || is_name_byte(byte))
    });
    let name = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || b"_/".contains(&byte))
        && text.bytes().all(is_name_byte)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    url || name
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/')
}
