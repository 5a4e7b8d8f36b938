//! What a change changes, as lines.

use std::ops::Range;
use std::time::Duration;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::mask::Masker;
use crate::plan::{Action, Change, Content, Text};
use crate::yaml::{self, line_end, line_start};

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

/// A bundle of certificates is shown by its fingerprint, as a whole.
const PEM: &str = "-----BEGIN";

/// Comparing stops looking for the shortest diff after this time; it is still a right one.
const PATIENCE: Duration = Duration::from_millis(500);

/// The lines that lead from `before` to `after`, with `context` unchanged lines around each change.
#[must_use]
pub fn unified(before: &str, after: &str, context: usize) -> Vec<Line> {
    unified_behind(0, before, after, context)
}

/// [`unified`] of texts that stand behind `above` lines that both have.
fn unified_behind(above: usize, before: &str, after: &str, context: usize) -> Vec<Line> {
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before, after);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(context).iter_hunks() {
        let ops = hunk.ops();
        let (Some(first), Some(last)) = (ops.first(), ops.last()) else {
            continue;
        };
        let old = first.old_range().start..last.old_range().end;
        let new = first.new_range().start..last.new_range().end;
        lines.push(Line {
            kind: LineKind::Hunk,
            text: format!("@@ -{} +{} @@", place(above, &old), place(above, &new)),
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

/// Lines as the head of a hunk has them: `FIRST,NUMBER`, where one line needs no number and none stand behind the line
/// before.
fn place(above: usize, lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", above + lines.start),
        1 => format!("{}", above + lines.start + 1),
        count => format!("{},{count}", above + lines.start + 1),
    }
}

/// [`unified`] of texts that may be large: what both begin and end with is left out, and only what is shown is masked.
fn of_texts(before: &Text, after: &Text, context: usize, masker: &mut Masker) -> Vec<Line> {
    let (old, new) = (before.as_str(), after.as_str());
    let same = old
        .bytes()
        .zip(new.bytes())
        .take_while(|(old, new)| old == new);
    let mut start = line_start(old, floor(old, same.count()));
    let longest = old.len().min(new.len()) - start;
    let same = old.bytes().rev().zip(new.bytes().rev()).take(longest);
    let same = same.take_while(|(old, new)| old == new).count();
    let mut end = whole_lines(old, new, same);
    for _ in 0..context {
        start = line_start(old, start.saturating_sub(1));
        end = line_end(old, (end + 1).min(old.len()));
    }
    let behind = old.len() - end;
    let above = old[..start].matches('\n').count();
    let shown_before = masker.lines(before, start..end);
    let shown_after = masker.lines(after, start..new.len() - behind);
    unified_behind(above, &shown_before, &shown_after, context)
}

/// Where, in `old`, the whole lines begin among the last `same` bytes of both.
fn whole_lines(old: &str, new: &str, same: usize) -> usize {
    let begins = |text: &str| same == text.len() || text.as_bytes()[text.len() - same - 1] == b'\n';
    let first = old.len() - same;
    if begins(old) && begins(new) {
        return first;
    }
    let line_break = old.as_bytes()[first..]
        .iter()
        .position(|byte| *byte == b'\n');
    line_break.map_or(old.len(), |index| first + index + 1)
}

/// The character that `position` is in begins here.
fn floor(text: &str, mut position: usize) -> usize {
    while !text.is_char_boundary(position) {
        position -= 1;
    }
    position
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
        && !before.as_str().starts_with(PEM)
    {
        return of_texts(before, after, context, masker);
    }
    let before = change.before.as_ref().map(|content| text(content, masker));
    let after = match (&change.rendered, &change.after) {
        (Some(rendered), Some(after)) if before.is_none() => {
            let data = secret_data(after, masker);
            Some(masker.text(&Text::from(rendered.clone())) + &data)
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

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_places_of_hunks_are_right_in_a_long_text(
            before in lines(), after in lines(), around in "(?s)([ab\n]{0,40}\n)?", context in 0_usize..4
        ) {
            let text = |lines: &[String]| around.clone() + &lines.join("\n") + "\n" + &around;
            let (before, after) = (text(&before), text(&after));
            let diff = of_texts(&before.clone().into(), &after.clone().into(), context, &mut Masker::default());
            prop_assert_eq!(patched(&before, &diff), after.lines().collect::<Vec<_>>(), "{:?}", diff);
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
