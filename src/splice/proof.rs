//! The proof that a change changes what it should and nothing else.

use std::ops::Range;

use super::Refusal;
use super::entry::{Entry, Splice, items, value};
use super::write::Edit;
use crate::mask::is_secret_key;
use crate::yaml::{self, Item, List, Located, locate};

/// Both texts are read: what is not edited must mean the same in both, and what is edited must be what is wanted.
/// Returns where there are secrets in the new one.
pub(super) fn prove(
    old_text: &str,
    old: &Located<'_>,
    new_text: &str,
    origin: &str,
    edit: &Edit<'_>,
    wanted: &Splice<'_>,
) -> Result<Vec<Range<usize>>, Refusal> {
    let refused = |line: usize, why: &str| Refusal {
        origin: origin.to_owned(),
        line,
        column: 0,
        why: format!("this cannot be changed safely, and was left alone: {why}"),
    };
    let new = locate(
        new_text,
        wanted.steps,
        wanted.name_key,
        is_secret_key,
        origin,
    )
    .map_err(|error| {
        refused(
            error.line,
            &format!("it would no longer be valid ({})", error.message),
        )
    })?;
    let line = first_line(old, edit);
    if old.fingerprint.around != new.fingerprint.around {
        return Err(refused(
            line,
            "something beside the list would change its meaning",
        ));
    }
    let expected = expected(old, edit);
    let found = items(&new);
    let no_list = expected.is_empty() && !matches!(new.list, List::Unfit { .. });
    if found.len() != expected.len() || (found.is_empty() && !no_list) {
        return Err(refused(line, "the list would not hold what it should"));
    }
    for (index, (item, expected)) in found.iter().zip(&expected).enumerate() {
        let holds = match expected {
            Expected::Old(old_index) => {
                old.fingerprint.items[*old_index] == new.fingerprint.items[index]
            }
            Expected::New(entry) => holds(new_text, item, entry),
        };
        if !holds {
            let what = item.name.as_deref().unwrap_or("an item without a name");
            return Err(refused(
                item.line,
                &format!("{what} would not be what it should"),
            ));
        }
    }
    if needs_second_reader(old_text) {
        let kept: Vec<(usize, usize)> = expected
            .iter()
            .enumerate()
            .filter_map(|(new, expected)| match expected {
                Expected::Old(old) => Some((*old, new)),
                Expected::New(_) => None,
            })
            .collect();
        if !yaml::agrees(old_text, new_text, wanted.steps, &kept, origin)? {
            return Err(refused(
                line,
                "readers of YAML do not agree on what it means",
            ));
        }
    }
    Ok(new.secrets)
}

enum Expected<'w> {
    Old(usize),
    New(&'w Entry),
}

fn expected<'w>(old: &Located<'_>, edit: &Edit<'w>) -> Vec<Expected<'w>> {
    let kept = (0..items(old).len()).filter(|index| !edit.removed.contains(index));
    let kept = kept.map(|index| {
        let replaced = edit
            .replaced
            .iter()
            .find(|(replaced, _)| *replaced == index);
        replaced.map_or(Expected::Old(index), |(_, entry)| Expected::New(entry))
    });
    let added = edit.added.iter().map(|entry| Expected::New(entry));
    kept.chain(added).collect()
}

fn holds(text: &str, item: &Item<'_>, entry: &Entry) -> bool {
    item.name.as_deref() == Some(&entry.name) && value(text, item).as_ref() == Some(&entry.value)
}

fn first_line(old: &Located<'_>, edit: &Edit<'_>) -> usize {
    let replaced = edit.replaced.iter().map(|(index, _)| *index);
    let first = replaced.chain(edit.removed.iter().copied()).min();
    let items = items(old);
    first
        .map(|index| &items[index])
        .or(items.last())
        .map_or(0, |item| item.line)
}

/// A second reader takes more time and memory than the first one: a large text is read by it only where the two are
/// known to differ, on what else is a line break in YAML 1.1.
fn needs_second_reader(text: &str) -> bool {
    const LARGE: usize = 256 << 10;
    let others = ["\u{85}", "\u{2028}", "\u{2029}"];
    text.len() <= LARGE || others.iter().any(|other| text.contains(other))
}
