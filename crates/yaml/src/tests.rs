//! What is written is read as it was, and what cannot be read is told.

use proptest::prelude::*;
use serde_json::{Value, json};

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
