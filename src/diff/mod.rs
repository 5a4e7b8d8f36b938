//! What a change changes, as lines.

mod hunk;
mod region;

use serde_json::Value;

use self::hunk::{Hunk, Step, hunks};
use crate::mask::{Masker, hidden, is_bundle, secrets_within};
use crate::plan::{Action, Change, Content, Text};
use crate::yaml;

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// The line, without its sign and its line break.
    pub text: String,
}

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Before and after.
    Context,
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// `@@ -1,4 +1,5 @@`: where the lines that follow stand.
    Hunk,
}

/// The lines that lead from `before` to `after`, with `context` unchanged lines around each change.
#[must_use]
pub fn unified(before: &str, after: &str, context: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for hunk in hunks(before, after, context) {
        lines.push(head(&hunk));
        lines.extend(hunk.steps.iter().map(|step| {
            let (kind, text) = match step {
                Step::Both(line, _) => (LineKind::Context, &before[line.clone()]),
                Step::Before(line) => (LineKind::Removed, &before[line.clone()]),
                Step::After(line) => (LineKind::Added, &after[line.clone()]),
            };
            let text = text.to_owned();
            Line { kind, text }
        }));
    }
    lines
}

/// [`unified`] with every secret masked.
fn of_texts(before: &Text, after: &Text, context: usize, masker: &mut Masker) -> Vec<Line> {
    let (old, new) = (before.as_str(), after.as_str());
    let mut lines = Vec::new();
    for hunk in hunks(old, new, context) {
        lines.push(head(&hunk));
        let secrets_before = secrets_within(before, hunk.before.clone());
        let secrets_after = secrets_within(after, hunk.after.clone());
        for step in hunk.steps {
            let (kind, line, hidden) = match step {
                // What is a secret in one of them is not to be read in the other.
                Step::Both(in_old, in_new) => {
                    let mut both = hidden(old, in_old.clone(), &secrets_before);
                    both.extend(hidden(new, in_new, &secrets_after));
                    (LineKind::Context, &old[in_old], both)
                }
                Step::Before(line) => {
                    let hidden = hidden(old, line.clone(), &secrets_before);
                    (LineKind::Removed, &old[line], hidden)
                }
                Step::After(line) => {
                    let hidden = hidden(new, line.clone(), &secrets_after);
                    (LineKind::Added, &new[line], hidden)
                }
            };
            let text = masker.line(line, hidden);
            lines.push(Line { kind, text });
        }
    }
    lines
}

fn head(hunk: &Hunk) -> Line {
    Line {
        kind: LineKind::Hunk,
        text: hunk.head.clone(),
    }
}

/// The lines for one change, with every secret masked. What is created from a template is shown with the template's
/// comments.
#[must_use]
pub fn shown(change: &Change, context: usize, masker: &mut Masker) -> Vec<Line> {
    if change.action == Action::Unchanged {
        return Vec::new();
    }
    if let (Some(Content::Text(before)), Some(Content::Text(after))) =
        (&change.before, &change.after)
        // A bundle of certificates is shown by its fingerprint.
        && ![before, after].iter().any(|text| is_bundle(text.as_str()))
    {
        return of_texts(before, after, context, masker);
    }
    let before = change.before.as_ref().map(|content| text(content, masker));
    let after = match (&change.rendered, &change.after) {
        (Some(rendered), Some(after)) if before.is_none() => {
            let data = secret_data(after, masker);
            Some(masker.text(&Text::manifest(rendered)) + &data)
        }
        (_, after) => after.as_ref().map(|content| text(content, masker)),
    };
    match (before, after) {
        (Some(before), Some(after)) => unified(&before, &after, context),
        // A folder has no content.
        (None, None) => Vec::new(),
        (before, after) => {
            let (kind, text, word) = match (before, after) {
                (Some(before), _) => (LineKind::Removed, before, "deleted"),
                (_, after) => (LineKind::Added, after.unwrap_or_default(), "new"),
            };
            let head = Line {
                kind: LineKind::Hunk,
                text: format!("@@ {word} @@"),
            };
            let lines = text.lines().map(|line| Line {
                kind,
                text: line.to_owned(),
            });
            std::iter::once(head).chain(lines).collect()
        }
    }
}

fn text(content: &Content, masker: &mut Masker) -> String {
    match content {
        Content::Object(object) => unquoted(&yaml::emit_lines(&ordered(&masker.object(object)))),
        Content::Text(text) => masker.text(text),
        Content::Token(token) => masker.token(token) + "\n",
        Content::Foreign(text) => foreign(text) + "\n",
    }
}

/// Stands for the content of a file of another owner.
#[must_use]
pub fn foreign(text: &str) -> String {
    match text.len() {
        1 => "<not shown: 1 byte of another owner>".to_owned(),
        bytes => format!("<not shown: {bytes} bytes of another owner>"),
    }
}

/// Keys in the order of manifests, alphabetical where there is none: the API server has an order of its own, and
/// order is no difference.
fn ordered(value: &Value) -> Value {
    const FIRST: [&str; 6] = [
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "type",
    ];
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| {
                let rank = FIRST
                    .iter()
                    .position(|first| first == key)
                    .unwrap_or(FIRST.len());
                (rank, key.as_str())
            });
            let entries = entries
                .into_iter()
                .map(|(key, value)| (key.clone(), ordered(value)));
            Value::Object(entries.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(ordered).collect()),
        _ => value.clone(),
    }
}

/// Masks stand for values and are none: without the quotes that YAML would need.
fn unquoted(yaml: &str) -> String {
    yaml.replace("\"<not shown", "<not shown")
        .replace("\"<certificate", "<certificate")
        .replace(">\"\n", ">\n")
}

/// The data of a Secret, which its template does not render.
fn secret_data(content: &Content, masker: &mut Masker) -> String {
    match content {
        Content::Object(object) if object["kind"] == "Secret" && object["data"].is_object() => {
            let shown = masker.object(object);
            unquoted(&yaml::emit(&serde_json::json!({"data": shown["data"]})))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines of few kinds, so that they repeat.
    fn lines() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[ab]{0,2}", 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_lines_lead_from_before_to_after(before in lines(), after in lines()) {
            let text = |lines: &[String]| lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
            // With enough context the whole is there.
            let diff = unified(&text(&before), &text(&after), 100);
            if before == after {
                prop_assert!(diff.is_empty());
            } else {
                let side = |without: LineKind| -> Vec<String> {
                    let lines = diff.iter().filter(|line| line.kind != without && line.kind != LineKind::Hunk);
                    lines.map(|line| line.text.clone()).collect()
                };
                prop_assert_eq!(side(LineKind::Added), before);
                prop_assert_eq!(side(LineKind::Removed), after);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_places_of_hunks_are_right_in_a_long_text(
            before in lines(), after in lines(), around in "(?s)([aé\n]{0,40}\n)?", context in 0_usize..4
        ) {
            let text = |lines: &[String]| around.clone() + &lines.join("\n") + "\n" + &around;
            let (before, after) = (text(&before), text(&after));
            let diff = of_texts(&before.clone().into(), &after.clone().into(), context, &mut Masker::default());
            prop_assert_eq!(patched(&before, &diff), after.lines().collect::<Vec<_>>(), "{:?}", diff);
            prop_assert_eq!(diff, unified(&before, &after, context));
        }
    }

    /// The lines after the change, made of those before as the heads of the hunks say.
    fn patched<'a>(before: &'a str, diff: &'a [Line]) -> Vec<&'a str> {
        let mut old = before.lines().enumerate();
        let mut lines = Vec::new();
        for line in diff {
            match line.kind {
                LineKind::Hunk => {
                    let place = line.text.split([' ', ',']).nth(1).expect("a place");
                    let first: usize = place[1..].parse().expect("a number");
                    let none = line.text.contains(&format!("{place},0 "));
                    let above = if none { first } else { first - 1 };
                    while old.clone().next().is_some_and(|(index, _)| index < above) {
                        lines.extend(old.next().map(|(_, text)| text));
                    }
                }
                LineKind::Context => {
                    assert_eq!(old.next().map(|(_, text)| text), Some(line.text.as_str()));
                    lines.push(&line.text);
                }
                LineKind::Removed => {
                    assert_eq!(old.next().map(|(_, text)| text), Some(line.text.as_str()));
                }
                LineKind::Added => lines.push(&line.text),
            }
        }
        lines.extend(old.map(|(_, text)| text));
        lines
    }

    #[test]
    fn the_order_of_keys_is_no_difference() {
        let server = serde_json::json!({"rules": [{"verbs": ["get"], "apiGroups": [""]}], "kind": "ClusterRole"});
        let ours = serde_json::json!({"kind": "ClusterRole", "rules": [{"apiGroups": [""], "verbs": ["get"]}]});
        let shown = |object| text(&Content::Object(object), &mut Masker::default());
        assert_eq!(shown(server), shown(ours));
    }
}
