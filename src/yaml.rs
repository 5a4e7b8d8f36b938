//! YAML in and out. The only file that names a YAML crate.
//!
//! Reading is the crate's; writing is for people and for files that other programs read as YAML 1.1 or
//! 1.2, so every text that either could take for something else is quoted.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// The file, or what else the text came from.
    pub origin: String,
    /// Counted from 1; 0 where it is not known.
    pub line: usize,
    /// Counted from 1; 0 where it is not known.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.origin, self.message),
            line => write!(f, "{}:{line}: {}", self.origin, self.message),
        }
    }
}

impl std::error::Error for YamlError {}

/// Every document of `text` that is not empty. A key that is given twice is an error, as are tags and keys that
/// are no text.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse(text: &str, origin: &str) -> Result<Vec<Value>, YamlError> {
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        // The first error ends it: the reader would give the same one again and again.
        let mut value =
            serde_yaml::Value::deserialize(document).map_err(|error| located(&error, origin))?;
        value
            .apply_merge()
            .map_err(|error| located(&error, origin))?;
        if !value.is_null() {
            documents.push(json(value, origin)?);
        }
    }
    Ok(documents)
}

/// One document, as a type.
///
/// # Errors
/// No YAML, or a key or value that the type does not know; with its line.
pub fn from_str<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| located(&error, origin))
}

fn located(error: &serde_yaml::Error, origin: &str) -> YamlError {
    let place = error.location();
    let message = error.to_string();
    // The place is told apart from the sentence.
    let message = match message.split_once(" at line ") {
        Some((sentence, _)) => sentence.to_owned(),
        None => message,
    };
    YamlError {
        origin: origin.to_owned(),
        line: place.as_ref().map_or(0, serde_yaml::Location::line),
        column: place.as_ref().map_or(0, serde_yaml::Location::column),
        message,
    }
}

fn json(value: serde_yaml::Value, origin: &str) -> Result<Value, YamlError> {
    let refused = |message: &str| YamlError {
        origin: origin.to_owned(),
        line: 0,
        column: 0,
        message: message.to_owned(),
    };
    Ok(match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(value) => Value::Bool(value),
        serde_yaml::Value::String(text) => Value::String(text),
        serde_yaml::Value::Number(number) => serde_json::to_value(&number)
            .map_err(|_| refused("a number that JSON does not have"))?,
        serde_yaml::Value::Sequence(items) => {
            let items: Result<_, _> = items.into_iter().map(|item| json(item, origin)).collect();
            Value::Array(items?)
        }
        serde_yaml::Value::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let serde_yaml::Value::String(key) = key else {
                    return Err(refused("a key that is not a text"));
                };
                map.insert(key, json(value, origin)?);
            }
            Value::Object(map)
        }
        serde_yaml::Value::Tagged(tagged) => {
            return Err(refused(&format!(
                "the tag {} is not understood",
                tagged.tag
            )));
        }
    })
}

/// `value` in block style, lists of a few short texts in flow style, ending in a line break.
#[must_use]
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block_map(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() && !is_short(items) => {
            block_list(&mut out, items, 0);
        }
        _ => {
            out.push_str(&flow(value));
            out.push('\n');
        }
    }
    out
}

fn block_map(out: &mut String, map: &Map<String, Value>, indent: usize) {
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
                block_map(out, map, indent + 2);
            }
            Value::Array(items) if !items.is_empty() && !is_short(items) => {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                block_list(out, items, indent);
            }
            _ => {
                out.push(' ');
                out.push_str(&flow(value));
                out.push('\n');
            }
        }
    }
}

fn block_list(out: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => block_map(out, map, indent + 2),
            Value::Array(items) if !items.is_empty() && !is_short(items) => {
                block_list(out, items, indent + 2);
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
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let awkward = prop::sample::select(vec![
            "on",
            "off",
            "yes",
            "No",
            "y",
            "~",
            "null",
            "true",
            "1_000",
            "0777",
            "0x1f",
            "1:30",
            "1e3",
            ".5",
            "-",
            "- a",
            "2001-01-01",
            "=",
            "<<",
            "&a",
            "*a",
            "!t",
            "%d",
            "@x",
            "`",
            "|",
            ">",
            "a: b",
            "a #b",
            " a",
            "a ",
            "",
            "---",
            "...",
            "{a}",
            "[a]",
            "a,b",
            "\u{2028}",
            "\u{85}",
            "\u{feff}",
            "\u{1b}",
            "\0",
            "a\nb",
            "\t",
            "'",
            "\"",
            "\\",
            "https://a:1",
            "https://a: 1",
            "nan",
            ".inf",
            "_",
            "/",
            "é",
            "\u{1f600}",
            "\u{202e}",
        ]);
        prop_oneof![
            awkward.prop_map(str::to_owned),
            any::<String>(),
            "[a-zA-Z0-9_./:-]{0,12}"
        ]
    }

    /// `<<` as a key means a merge, also in quotes: such a key is refused, and none of ours.
    fn key() -> impl Strategy<Value = String> {
        text().prop_filter("a merge", |text| text != "<<")
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| json!(number)),
            text().prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::vec((key(), inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_as_it_was(value in value()) {
            for text in [emit(&value), flow(&value)] {
                let read = parse(&text, "test").map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
                let read = read.into_iter().next().unwrap_or(Value::Null);
                prop_assert_eq!(&read, &value, "{}", text);
            }
        }

        #[test]
        fn no_text_is_too_strange_to_be_refused(text in any::<String>()) {
            let _ = parse(&text, "test");
            prop_assert!(comment(&text).lines().count() <= 1);
        }
    }

    /// What a reader of YAML 1.1 takes for something else is in quotes, though ours would not.
    #[test]
    fn what_other_readers_would_misread_is_quoted() {
        for text in [
            "on",
            "Off",
            "yes",
            "n",
            "1_000",
            "0777",
            "2001-01-01",
            "1:30",
            "=",
            "<<",
            "null",
            "~",
            "",
        ] {
            assert_eq!(flow(&json!(text)), format!("\"{text}\""));
        }
        for text in [
            "get",
            "nodes/metrics",
            "/metrics",
            "__metrics_path__",
            "https://127.0.0.1:6443",
            "monitoring-sa",
        ] {
            assert_eq!(flow(&json!(text)), text);
        }
    }

    #[test]
    fn it_looks_as_manifests_do() {
        let role = json!({"kind": "ClusterRole", "rules": [
            {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
            {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
        ], "empty": {}, "nested": [[{"a": 1}]]});
        assert_eq!(
            emit(&role),
            "kind: ClusterRole
rules:
- apiGroups: [\"\"]
  resources: [nodes/metrics]
  verbs: [get]
- nonResourceURLs: [/metrics]
  verbs: [get]
empty: {}
nested:
- - a: 1
"
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line) in [
            ("a: 1\nb: [\n", 3),
            ("a: 1\na: 2\n", 0),
            ("a: !tag 1\n", 0),
            ("? [a]\n: 1\n", 0),
            ("a: 1\n---\nb: [\n", 4),
        ] {
            let error = parse(text, "file").expect_err(text);
            assert!(
                line == 0 || error.line == line || error.line + 1 == line,
                "{text}: {error}"
            );
            assert!(error.to_string().starts_with("file"), "{error}");
        }
        let bomb: String = (0..9).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
            let references = vec![format!("*a{level}"); 9].join(", ");
            format!("{text}a{}: &a{} [{references}]\n", level + 1, level + 1)
        });
        parse(&bomb, "bomb").expect_err("too many repetitions");
        parse(&"[".repeat(100_000), "deep").expect_err("too deep");
    }
}
