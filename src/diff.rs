//! What a change changes, as lines.

use std::time::Duration;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::mask::Masker;
use crate::plan::{Action, Change, Content};
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

/// Comparing stops looking for the shortest diff after this time; it is still a right one.
const PATIENCE: Duration = Duration::from_millis(500);

/// The lines that lead from `before` to `after`, with `context` unchanged lines around each change.
#[must_use]
pub fn unified(before: &str, after: &str, context: usize) -> Vec<Line> {
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before, after);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(context).iter_hunks() {
        lines.push(Line {
            kind: LineKind::Hunk,
            text: hunk.header().to_string().trim_end().to_owned(),
        });
        for change in hunk.iter_changes() {
            lines.push(Line {
                kind: match change.tag() {
                    ChangeTag::Equal => LineKind::Context,
                    ChangeTag::Insert => LineKind::Added,
                    ChangeTag::Delete => LineKind::Removed,
                },
                text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
            });
        }
    }
    lines
}

/// The lines for one change, with every secret masked. What is created from a template is shown with the template's
/// comments.
#[must_use]
pub fn shown(change: &Change, context: usize, masker: &mut Masker) -> Vec<Line> {
    if change.action == Action::Unchanged {
        return Vec::new();
    }
    let before = change.before.as_ref().map(|content| text(content, masker));
    let after = match (&change.rendered, &change.after) {
        (Some(rendered), Some(after)) if before.is_none() => {
            let data = secret_data(after, masker);
            Some(masker.text(rendered) + &data)
        }
        (_, after) => after.as_ref().map(|content| text(content, masker)),
    };
    match (before, after) {
        (Some(before), Some(after)) => unified(&before, &after, context),
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
        Content::Object(object) => unquoted(&yaml::emit(&ordered(&masker.object(object)))),
        Content::Text(text) => masker.text(text),
        Content::Token(token) => masker.token(token) + "\n",
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

    #[test]
    fn the_order_of_keys_is_no_difference() {
        let server = serde_json::json!({"rules": [{"verbs": ["get"], "apiGroups": [""]}], "kind": "ClusterRole"});
        let ours = serde_json::json!({"kind": "ClusterRole", "rules": [{"apiGroups": [""], "verbs": ["get"]}]});
        let shown = |object| text(&Content::Object(object), &mut Masker::default());
        assert_eq!(shown(server), shown(ours));
    }
}
