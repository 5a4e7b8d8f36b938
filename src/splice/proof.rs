//! The proof that a change changes what it should and nothing else.

use std::ops::Range;

use super::Refusal;
use super::entry::{Entry, Splice, items, value};
use super::write::Edit;
use yaml::{Expected, List, Located, YamlError};

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
            self.refused(self.first_line(), &why)
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
        for (index, (item, (name, expected))) in found.iter().zip(&expected).enumerate() {
            let holds = match expected {
                Expected::Old(old) => {
                    self.old.fingerprint.items[*old] == new.fingerprint.items[index]
                }
                Expected::New(wanted) => {
                    item.name.as_deref() == *name
                        && value(self.new_text, item).as_ref() == Some(*wanted)
                }
            };
            if !holds {
                let what = name.unwrap_or("an item without a name");
                return Err(self.refused(line, &format!("{what} would not be what it should")));
            }
        }
        self.second_opinion(&expected, line)?;
        Ok(new.secrets)
    }

    fn second_opinion(&self, expected: &[Named<'_>], line: usize) -> Result<(), Refusal> {
        if !needs_second_reader(self.old_text) {
            return Ok(());
        }
        let expected: Vec<Expected<'_>> = expected.iter().map(|(_, expected)| *expected).collect();
        let texts = [self.old_text, self.new_text];
        let count = items(&self.old.list).len();
        if !yaml::agrees(texts, self.wanted.steps, count, &expected, self.origin)? {
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

    /// What the list should hold, each with its name.
    fn expected(&self) -> Vec<Named<'_>> {
        let Edit {
            removed,
            replaced,
            added,
        } = self.edit;
        let kept = items(&self.old.list).iter().enumerate();
        let kept = kept.filter(|(index, _)| removed.binary_search(index).is_err());
        let kept = kept.map(|(index, item)| {
            match replaced.binary_search_by_key(&index, |(replaced, ..)| *replaced) {
                Ok(found) => new(replaced[found].1),
                Err(_) => (item.name.as_deref(), Expected::Old(index)),
            }
        });
        kept.chain(added.iter().map(|entry| new(entry))).collect()
    }

    /// The line of the first item that changes; else of the last one, of the list's key, or of the text.
    fn first_line(&self) -> usize {
        let replaced = self.edit.replaced.iter().map(|(index, ..)| *index);
        let first = replaced.chain(self.edit.removed.iter().copied()).min();
        let items = items(&self.old.list);
        let item = first.map(|index| &items[index]).or(items.last());
        let key = self.old.key.as_ref().map(|key| key.end);
        item.map_or_else(
            || {
                let above = &self.old_text[..key.unwrap_or(self.old_text.len())];
                above.lines().count().max(1)
            },
            |item| item.line,
        )
    }
}

type Named<'a> = (Option<&'a str>, Expected<'a>);

fn new(entry: &Entry) -> Named<'_> {
    (Some(&entry.name), Expected::New(&entry.value))
}

/// A second reader takes more time and memory than the first one: a large text is read by it only where the two are
/// known to differ, on what else is a line break in YAML 1.1.
fn needs_second_reader(text: &str) -> bool {
    const LARGE: usize = 256 << 10;
    let others = ["\u{85}", "\u{2028}", "\u{2029}"];
    text.len() <= LARGE || others.iter().any(|other| text.contains(other))
}
