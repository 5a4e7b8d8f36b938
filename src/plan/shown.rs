//! What a change changes, as lines.

use serde_json::Value;

use super::{Action, Change};
use crate::diff::{Line, LineKind, of_texts, unified};
use crate::mask::{Masker, Text, is_bundle};
use crate::render::Content;

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
    use super::*;

    #[test]
    fn the_order_of_keys_is_no_difference() {
        let server = serde_json::json!({"rules": [{"verbs": ["get"], "apiGroups": [""]}], "kind": "ClusterRole"});
        let ours = serde_json::json!({"kind": "ClusterRole", "rules": [{"apiGroups": [""], "verbs": ["get"]}]});
        let shown = |object| text(&Content::Object(object), &mut Masker::default());
        assert_eq!(shown(server), shown(ours));
    }
}
