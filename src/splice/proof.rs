//! The proof that a change changes what it should and nothing else.

use std::ops::Range;

use super::Refusal;
use super::entry::{Entry, Splice, items, value};
use super::write::Edit;
use crate::yaml::{self, Item, List, Located, YamlError};

/// A change, and what it is to be.
pub(super) struct Change<'a> {
    pub(super) old_text: &'a str,
    pub(super) old: &'a Located<'a>,
    pub(super) new_text: &'a str,
    pub(super) edit: &'a Edit<'a>,
    pub(super) wanted: &'a Splice<'a>,
    pub(super) origin: &'a str,
}

impl Change<'_> {
    /// Both texts have been read: what is not edited must mean the same in both, and what is edited must be what is
    /// wanted. Returns where there are secrets in the new one.
    pub(super) fn prove(
        &self,
        new: Result<Located<'_>, YamlError>,
    ) -> Result<Vec<Range<usize>>, Refusal> {
        let new = new.map_err(|error| {
            let why = format!("it would no longer be valid ({})", error.message);
            self.refused(error.line, &why)
        })?;
        let line = self.first_line();
        if self.old.fingerprint.around != new.fingerprint.around {
            return Err(self.refused(line, "something beside the list would change its meaning"));
        }
        let expected = self.expected();
        let found = items(&new.list);
        let no_list = expected.is_empty() && !matches!(new.list, List::Unfit { .. });
        if found.len() != expected.len() || (found.is_empty() && !no_list) {
            return Err(self.refused(line, "the list would not hold what it should"));
        }
        for (index, (item, expected)) in found.iter().zip(&expected).enumerate() {
            let holds = match expected {
                Expected::Old(old) => {
                    self.old.fingerprint.items[*old] == new.fingerprint.items[index]
                }
                Expected::New(entry) => holds(self.new_text, item, entry),
            };
            if !holds {
                let what = item.name.as_deref().unwrap_or("an item without a name");
                return Err(self.refused(item.line, &format!("{what} would not be what it should")));
            }
        }
        self.second_opinion(&expected, line)?;
        Ok(new.secrets)
    }

    fn second_opinion(&self, expected: &[Expected<'_>], line: usize) -> Result<(), Refusal> {
        if !needs_second_reader(self.old_text) {
            return Ok(());
        }
        let kept = expected.iter().enumerate();
        let kept: Vec<(usize, usize)> = kept
            .filter_map(|(new, expected)| match expected {
                Expected::Old(old) => Some((*old, new)),
                Expected::New(_) => None,
            })
            .collect();
        let (old, new, steps) = (self.old_text, self.new_text, self.wanted.steps);
        if !yaml::agrees(old, new, steps, &kept, self.origin)? {
            return Err(self.refused(line, "readers of YAML do not agree on what it means"));
        }
        Ok(())
    }

    fn refused(&self, line: usize, why: &str) -> Refusal {
        Refusal {
            origin: self.origin.to_owned(),
            line,
            column: 0,
            why: format!("this cannot be changed safely, and was left alone: {why}"),
        }
    }

    fn expected(&self) -> Vec<Expected<'_>> {
        let edit = self.edit;
        let kept = (0..items(&self.old.list).len()).filter(|index| !edit.removed.contains(index));
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

    /// The line of the first item that changes, else of the last one.
    fn first_line(&self) -> usize {
        let replaced = self.edit.replaced.iter().map(|(index, _)| *index);
        let first = replaced.chain(self.edit.removed.iter().copied()).min();
        let items = items(&self.old.list);
        first
            .map(|index| &items[index])
            .or(items.last())
            .map_or(0, |item| item.line)
    }
}

enum Expected<'w> {
    Old(usize),
    New(&'w Entry),
}

fn holds(text: &str, item: &Item<'_>, entry: &Entry) -> bool {
    item.name.as_deref() == Some(&entry.name) && value(text, item).as_ref() == Some(&entry.value)
}

/// A second reader takes more time and memory than the first one: a large text is read by it only where the two are
/// known to differ, on what else is a line break in YAML 1.1.
fn needs_second_reader(text: &str) -> bool {
    const LARGE: usize = 256 << 10;
    let others = ["\u{85}", "\u{2028}", "\u{2029}"];
    text.len() <= LARGE || others.iter().any(|other| text.contains(other))
}
