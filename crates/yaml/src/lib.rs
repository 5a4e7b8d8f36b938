//! YAML in and out: the one reader that gives values with their places, a second opinion for proofs, and the one emitter.
//! The only crate that names another one for YAML.

mod anchors;
mod content;
mod deep;
mod emit;
mod fingerprint;
mod items;
mod lines;
mod list;
mod locate;
mod loose;
mod merge;
mod second;
mod text;
mod under;
mod walk;

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use emit::{comment, emit, emit_lines, flow, is_plain_character};
pub use fingerprint::Fingerprint;
pub use lines::Lines;
pub use list::{Item, List, Located};
pub use locate::locate;
pub use loose::{embedded, loosely};
pub use second::{Expected, agrees};
pub use text::{content_end, line_break, line_end, line_start, next_line};
pub use under::{Extent, NOTHING, Wanted, merged, values_under};
pub use walk::Step;

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
    deep::refuse(text, origin)?;
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(without_mark(text)) {
        // The first error ends it: the reader would give the same one again and again.
        let mut value =
            serde_yaml::Value::deserialize(document).map_err(|error| located(&error, origin))?;
        merge::merge(&mut value).map_err(|message| YamlError {
            origin: origin.to_owned(),
            line: 0,
            column: 0,
            message: message.to_owned(),
        })?;
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
    deep::refuse(text, origin)?;
    serde_yaml::from_str(without_mark(text)).map_err(|error| located(&error, origin))
}

/// `text` without the byte order mark that some editors put before it, which this reader takes for a part of the first
/// word.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
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

/// A document with the lines that its values stand on.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it holds.
    pub value: Value,
    /// Where.
    pub lines: Lines,
}

/// As [`parse`], with the lines of every value.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse_located(text: &str, origin: &str) -> Result<Vec<Document>, YamlError> {
    let values = parse(text, origin)?;
    // The parser that knows lines is the stricter one: what it does not take has no lines, but is there.
    let lines = lines::of_documents(text).into_iter();
    let lines = lines.chain(std::iter::repeat_with(Lines::default));
    let documents = values.into_iter().zip(lines);
    Ok(documents
        .map(|(value, lines)| Document { value, lines })
        .collect())
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
            "a\n\tb: #c\n\n  d\n",
            "---\n...\n",
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
            for text in [emit(&value), emit_lines(&value), flow(&value)] {
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
    fn no_document_gets_lost_where_its_lines_cannot_be_told() {
        let text = "a: 1\n---\nb: [\"x\"]#c\n---\nc: 1\n";
        let documents = parse_located(text, "file").expect("valid for the reader");
        let values: Vec<Value> = documents
            .into_iter()
            .map(|document| document.value)
            .collect();
        assert_eq!(values, parse(text, "file").expect("valid"));
        assert_eq!(values.len(), 3);
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
