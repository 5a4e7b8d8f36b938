//! What a list should hold, and what becomes of it.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;

use super::Refusal;
use super::proof::Change;
use super::write::{Draft, Edit};
use crate::mark::{Mark, Ownership};
use crate::mask::secrecy;
use yaml::{Item, List, Located, Step, YamlError, locate};

/// An item that should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called: the text itself, or the value of the key that names items.
    pub name: String,
    /// A text or a map.
    pub value: Value,
}

/// What the list should hold.
#[derive(Clone, Copy, Debug)]
pub struct Splice<'a> {
    /// The way to the list; empty where the text itself is the list.
    pub steps: &'a [Step],
    /// The key that names items.
    pub name_key: &'a str,
    /// The instance and the cluster whose items these are: others of theirs are removed.
    pub mark: &'a Mark,
    /// The mark of a new item.
    pub fresh: &'a Mark,
    /// Each name once.
    pub entries: &'a [Entry],
    /// Others' items that hold this text are told.
    pub told: Option<&'a str>,
}

/// The text after the change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spliced {
    /// `None` where nothing changes.
    pub text: Option<String>,
    /// The bytes of secret values in the text before.
    pub secrets_before: Vec<Range<usize>>,
    /// The bytes of secret values in the text after.
    pub secrets_after: Vec<Range<usize>>,
    /// Names of items that are added.
    pub added: Vec<String>,
    /// Items that are replaced, each with its value before; `None` where that cannot be told by itself.
    pub replaced: Vec<(String, Option<Value>)>,
    /// Names of items that are removed.
    pub removed: Vec<String>,
    /// Those replaced that are not this instance's, or for another cluster.
    pub foreign: Vec<Foreign>,
    /// Items of ours that are replaced or removed and whose mark does not prove that they are for this cluster.
    pub unproven: Vec<Own>,
    /// Names of items that stay because they are this instance's on another cluster.
    pub elsewhere: Vec<String>,
    /// Others' items that hold the text to be told, by line and as they are written.
    pub told: Vec<(usize, String)>,
}

/// An item of a name that is wanted, and somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Its name.
    pub name: String,
    /// Its line, counted from 1.
    pub line: usize,
    /// The owner.
    pub owner: Ownership,
}

/// An item of ours as it is in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its name.
    pub name: String,
    /// Its value, where that needs nothing from outside it.
    pub value: Option<Value>,
}

/// Makes the list in `text` hold the entries of `wanted`: those that are there and differ are replaced where they
/// stand, new ones come last, the instance's others go.
///
/// A text that holds nothing of the instance, which wants nothing in it, is not looked into.
///
/// # Errors
/// A text that is not valid, a list that cannot be edited line by line, a name that is there twice, or a change that
/// would change more than it should; with the line.
pub fn splice(text: &str, origin: &str, wanted: &Splice<'_>) -> Result<Spliced, Refusal> {
    let mut spliced = Spliced::default();
    if wanted.entries.is_empty() && !may_hold_ours(text, wanted) {
        return Ok(spliced);
    }
    let located = read(text, origin, wanted)?;
    let edit = spliced.decide(text, origin, &located.list, wanted)?;
    if edit.is_empty() {
        return Ok(spliced);
    }
    if let List::Unfit { line, why, .. } = &located.list {
        return Err(Refusal {
            origin: origin.to_owned(),
            line: *line,
            column: 0,
            why: why.clone(),
        });
    }
    lone_carriage_return(text, origin)?;
    let new = Draft::new(text, &located.list, located.key.clone(), wanted).with(&edit);
    let change = Change {
        old_text: text,
        old: &located,
        new_text: &new,
        edit: &edit,
        wanted,
        origin,
    };
    spliced.secrets_after = change.prove(read(&new, origin, wanted))?;
    spliced.secrets_before = located.secrets;
    spliced.text = Some(new);
    Ok(spliced)
}

/// Whether the list and the instance's mark are somewhere in the text.
fn may_hold_ours(text: &str, wanted: &Splice<'_>) -> bool {
    let is_there = |step: &Step| match step {
        Step::Key(key) => text.contains(key.as_str()),
        Step::Index(_) => true,
    };
    wanted.steps.iter().all(is_there) && Mark::may_be_in(text, &wanted.mark.instance)
}

fn read<'t>(text: &'t str, origin: &str, wanted: &Splice<'_>) -> Result<Located<'t>, YamlError> {
    let Splice {
        steps, name_key, ..
    } = wanted;
    locate(text, steps, name_key, secrecy, origin)
}

/// Readers of YAML take it for the end of a line, and nothing else does: which lines there are is not certain.
fn lone_carriage_return(text: &str, origin: &str) -> Result<(), Refusal> {
    let mut returns = text.match_indices('\r');
    let Some((lone, _)) = returns.find(|(index, _)| !text[index + 1..].starts_with('\n')) else {
        return Ok(());
    };
    let start = yaml::line_start(text, lone);
    Err(Refusal {
        origin: origin.to_owned(),
        line: text[..lone].matches('\n').count() + 1,
        column: text[start..lone].chars().count() + 1,
        why: "a carriage return without a line feed: it is not certain where lines end".to_owned(),
    })
}

impl Spliced {
    fn decide<'w>(
        &mut self,
        text: &str,
        origin: &str,
        list: &List<'_>,
        wanted: &Splice<'w>,
    ) -> Result<Edit<'w>, Refusal> {
        let mut edit = Edit::default();
        let mut found = BTreeSet::new();
        let told = wanted.told.filter(|told| text.contains(told));
        for (index, item) in items(list).iter().enumerate() {
            let name = item.name.as_deref().unwrap_or_default();
            let entry = wanted.entries.iter().find(|entry| entry.name == name);
            let owner =
                mark(text, item).map_or(Ownership::Foreign, |found| wanted.mark.judge(found));
            let Some(entry) = entry else {
                let lines = &text[item.lines.clone()];
                if let Ownership::Ours(found) = owner {
                    self.proven(name, &found, wanted, || value(text, item));
                    self.removed.push(name.to_owned());
                    edit.removed.push(index);
                    continue;
                }
                if owner.is_elsewhere() {
                    self.elsewhere.push(name.to_owned());
                }
                if told.is_some_and(|told| lines.contains(told)) {
                    self.told.push((item.line, lines.to_owned()));
                }
                continue;
            };
            if !found.insert(name) {
                return Err(Refusal {
                    origin: origin.to_owned(),
                    line: item.line,
                    column: 0,
                    why: format!("{name} is there twice"),
                });
            }
            let value = value(text, item);
            let mark = match owner {
                Ownership::Ours(found) => {
                    let mark = wanted.fresh.after(&found);
                    if value.as_ref() == Some(&entry.value) && mark == found {
                        continue;
                    }
                    self.proven(name, &found, wanted, || value.clone());
                    mark
                }
                owner => {
                    self.foreign.push(Foreign {
                        name: name.to_owned(),
                        line: item.line,
                        owner,
                    });
                    wanted.fresh.clone()
                }
            };
            self.replaced.push((name.to_owned(), value));
            edit.replaced.push((index, entry, mark));
        }
        let missing = wanted.entries.iter();
        for entry in missing.filter(|entry| !found.contains(entry.name.as_str())) {
            self.added.push(entry.name.clone());
            edit.added.push(entry);
        }
        Ok(edit)
    }

    fn proven(
        &mut self,
        name: &str,
        found: &Mark,
        wanted: &Splice<'_>,
        value: impl FnOnce() -> Option<Value>,
    ) {
        if !wanted.mark.cluster.is_certainly(&found.cluster) {
            self.unproven.push(Own {
                name: name.to_owned(),
                value: value(),
            });
        }
    }
}

/// The items of a list, none where it is no list of lines.
pub(super) fn items<'a, 't>(list: &'a List<'t>) -> &'a [Item<'t>] {
    match list {
        List::Block { items, .. } => items,
        _ => &[],
    }
}

/// The mark of an item.
pub(super) fn mark(text: &str, item: &Item<'_>) -> Option<Mark> {
    let line = yaml::line_end(text, item.name_end).min(item.lines.end);
    Mark::of_item(&text[item.name_end..line])
}

/// The value of an item that needs nothing from outside it.
pub(super) fn value(text: &str, item: &Item<'_>) -> Option<Value> {
    let documents = yaml::parse(&text[item.lines.clone()], "").ok()?;
    let [Value::Array(items)] = documents.as_slice() else {
        return None;
    };
    let [item] = items.as_slice() else {
        return None;
    };
    Some(item.clone())
}
