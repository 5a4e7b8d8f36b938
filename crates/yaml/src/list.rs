//! A list of a document, as it is written.

use std::borrow::Cow;
use std::ops::Range;

use super::fingerprint::Fingerprint;
use super::walk::Step;

/// What [`super::locate`] found.
#[derive(Debug)]
pub struct Located<'t> {
    /// The list.
    pub list: List<'t>,
    /// The bytes of the list's key, where it has one.
    pub key: Option<Range<usize>>,
    /// The bytes of secret values.
    pub secrets: Vec<Range<usize>>,
    /// What the document means, apart from the list.
    pub fingerprint: Fingerprint,
}

/// A list, as it is written.
#[derive(Debug)]
pub enum List<'t> {
    /// There is none, and no key for it.
    Absent {
        /// Where a line with the key would go: the beginning of a line, or the end of the text.
        at: usize,
        /// The column of the keys beside it.
        column: usize,
    },
    /// Nothing (`key:`), or a word or brackets for nothing: `null`, `~`, `[]`.
    Empty {
        /// The bytes of that word; an empty range behind the key where there is none.
        value: Range<usize>,
        /// The column of the key, 0 where the text itself is the list.
        column: usize,
    },
    /// Lines that begin with dashes.
    Block {
        /// The column of the dashes.
        column: usize,
        /// From the dash to what follows it, of the first item where that is on the same line: 2 in `- a`.
        gap: usize,
        /// In order.
        items: Vec<Item<'t>>,
    },
    /// Written in a way that cannot be edited line by line.
    Unfit {
        /// The line that says so, counted from 1.
        line: usize,
        /// Why not.
        why: String,
        /// What its items are called, those that are called anything.
        names: Vec<Cow<'t, str>>,
    },
}

/// An item of a list.
#[derive(Debug)]
pub struct Item<'t> {
    /// Whole lines, from the one with the dash to the last one with content, comments behind it included.
    pub lines: Range<usize>,
    /// The number of its first line with content, counted from 1.
    pub line: usize,
    /// What it is called: the item itself where it is a text, else the value of the key that names items.
    pub name: Option<Cow<'t, str>>,
    /// Where its name ends; `lines.start` where it has none.
    pub name_end: usize,
}

/// `scrape_configs`, `metrics.configs[0].scrape_configs`.
pub(super) fn path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path.extend([".", key]),
            Step::Index(index) => path.extend(["[", &index.to_string(), "]"]),
        }
    }
    path
}

pub(super) fn named(steps: &[Step]) -> String {
    match path(steps) {
        path if path.is_empty() => "the document".to_owned(),
        path => path,
    }
}
