//! The lines that lead from one text to another.

mod hunk;

use self::hunk::{Hunk, Step, hunks};
use crate::mask::{Masker, Text, hidden, secrets_within};

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
#[must_use]
pub fn of_texts(before: &Text, after: &Text, context: usize, masker: &mut Masker) -> Vec<Line> {
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
}
