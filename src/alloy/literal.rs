//! Values as the language writes them, each on one line.

use std::fmt::Write;

use super::identifier::is_identifier;
use super::value::Value;
use yaml::is_plain_character;

/// A value's text.
#[must_use]
pub fn literal(value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, value);
    text
}

/// A text in quotes. Nothing but `"` and `\` begins anything within: `$1` and `${1}` stay what they are.
#[must_use]
pub fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_string(&mut quoted, text);
    quoted
}

/// Whether an object's field can have that name: no escape is undone in it.
#[must_use]
pub fn is_writable_key(key: &str) -> bool {
    let plain = |character| is_plain_character(character) && !matches!(character, '"' | '\\');
    !key.is_empty() && key.chars().all(plain)
}

fn push(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(content) => push_string(text, content),
        Value::Expression(expression) => text.push_str(expression),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                push(text, item);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                push_key(text, key);
                text.push_str(" = ");
                push(text, value);
            }
            text.push('}');
        }
    }
}

fn push_key(text: &mut String, key: &str) {
    if is_identifier(key) {
        text.push_str(key);
    } else {
        text.push('"');
        text.push_str(key);
        text.push('"');
    }
}

/// The escapes are Go's (`scanEscape` in Alloy's `syntax/scanner/scanner.go`). NUL and byte order marks are refused
/// even within quotes, and the formatter reads a tab or a line break as its own: all of them are escaped.
fn push_string(text: &mut String, content: &str) {
    text.push('"');
    for character in content.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str(r"\\"),
            '\n' => text.push_str(r"\n"),
            '\r' => text.push_str(r"\r"),
            '\t' => text.push_str(r"\t"),
            plain if is_plain_character(plain) => text.push(plain),
            other => {
                let code = u32::from(other);
                let written = if code <= 0xffff {
                    write!(text, r"\u{code:04x}")
                } else {
                    write!(text, r"\U{code:08x}")
                };
                debug_assert!(written.is_ok(), "a String takes every text");
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::alloy::expression;

    #[test]
    fn texts_are_quoted_by_the_language_s_own_rules() {
        for (content, quoted) in [
            ("$1 ${1} $$", r#""$1 ${1} $$""#),
            (r#"a"b\d+"#, r#""a\"b\\d+""#),
            ("a\0\u{1b}\t\n\r", r#""a\u0000\u001b\t\n\r""#),
            ("\u{2028}\u{feff}\u{85}", r#""\u2028\ufeff\u0085""#),
            ("ünï 😀 // no comment", r#""ünï 😀 // no comment""#),
            ("", r#""""#),
        ] {
            assert_eq!(string(content), quoted);
        }
    }

    #[test]
    fn lists_and_objects_stand_on_one_line() {
        let value = json!({"a": [1, -2.5, null, true], "b-c": {}, "true": "x"});
        let value = Value::from_json(&value).expect("writable keys");
        assert_eq!(
            literal(&value),
            r#"{a = [1, -2.5, null, true], "b-c" = {}, "true" = "x"}"#
        );
    }

    #[test]
    fn a_key_that_needs_an_escape_is_refused() {
        for key in ["", "a\"b", r"a\b", "a\nb", "\u{feff}"] {
            let refused = Value::from_json(&json!([{key: 1}]));
            assert_eq!(refused, Err(key.to_owned()));
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|truth| json!(truth)),
            any::<i64>().prop_map(|number| json!(number)),
            any::<u64>().prop_map(|number| json!(number)),
            any::<f64>().prop_map(|number| json!(number)),
            any::<String>().prop_map(|text| json!(text)),
            r#"["\\$`{}\u{0}\u{feff}\n\ra]{0,6}"#.prop_map(|text| json!(text)),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let key = r"[^\\\x22\pC\u2028\u2029]{1,6}|[a-z_]{1,4}|true|null";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
                prop::collection::hash_map(key, inner, 0..4).prop_map(|fields| json!(fields)),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_again(json in json()) {
            let value = Value::from_json(&json).expect("writable keys");
            prop_assert_eq!(expression(&literal(&value)), Ok(value));
        }
    }
}
