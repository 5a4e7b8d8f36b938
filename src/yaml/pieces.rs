//! A large document, read in pieces by every processor: each piece is some items of its list, and the lines around
//! them are one more.
//!
//! A list of lines allows that. Where its first item, and what stands around the list, are a document, and the other
//! items are one by themselves, these mean the same behind the first one: an item ends where the next one begins, and
//! nothing in it reaches further, but for anchors. Whatever is not surely such a list is left to
//! [`super::locate()`], which reads it as a whole.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::cut::{Cut, Lines, cut};
use super::list::{Item, List, Located};
use super::locate::whole;
use super::under::Wanted;
use super::walk::Step;

#[cfg(test)]
mod tests;

/// Some items of a list.
#[derive(Debug)]
pub(super) struct Piece {
    /// Its lines, with what is behind each item.
    lines: Lines,
    /// The indexes of its items.
    items: Range<usize>,
    /// The indexes of its secrets.
    secrets: Range<usize>,
}

/// Reads `text` as [`super::locate()`] does, in pieces of `size` bytes; `None` where that may not be the same. Pieces
/// that are in the document `before` as well are not read again.
pub(super) fn in_pieces<'t>(
    text: &'t str,
    steps: &[Step],
    name_key: &str,
    wanted: Wanted,
    size: usize,
    before: Option<&Located<'t>>,
) -> Option<Located<'t>> {
    let [Step::Key(key)] = steps else {
        return None;
    };
    if text.contains('&') {
        return None;
    }
    let cut = cut(text, key, size)?;
    let without = [&text[..cut.first], &text[cut.end..]].concat();
    let without = whole(&without, steps, name_key, wanted, "").ok()?;
    let (mut located, behind) = around(text, &cut, without)?;
    let known = before.map(known).unwrap_or_default();
    let contents = in_parallel(&cut.pieces, |lines| {
        let lines = &text[lines.bytes.clone()];
        match known.get(lines) {
            Some((before, piece)) => Some(Content::known(before, piece)),
            None => Content::read(lines, cut.column, name_key, wanted),
        }
    })?;
    for (lines, content) in cut.pieces.into_iter().zip(contents) {
        located.push(lines, content);
    }
    located.secrets.extend(behind);
    Some(located)
}

/// The document `without` the pieces, as a part of `text`; the secrets behind the pieces are apart.
fn around<'t>(
    text: &'t str,
    cut: &Cut,
    without: Located<'_>,
) -> Option<(Located<'t>, Vec<Range<usize>>)> {
    let List::Block { column, gap, items } = without.list else {
        return None;
    };
    let [item] = <[Item<'_>; 1]>::try_from(items).ok()?;
    let is_as_cut = column == cut.column && item.lines.end <= cut.first;
    if !is_as_cut || without.key.as_ref().map(|key| key.start) != Some(cut.key) {
        return None;
    }
    let name = item.name.map(|name| Cow::Owned(name.into_owned()));
    let (secrets, behind) = without
        .secrets
        .into_iter()
        .partition::<Vec<_>, _>(|secret| secret.end <= cut.first);
    let further = cut.end - cut.first;
    let behind = behind.into_iter().map(|secret| moved(&secret, further));
    let located = Located {
        text,
        list: List::Block {
            column,
            gap,
            items: vec![Item { name, ..item }],
        },
        key: without.key,
        secrets,
        fingerprint: without.fingerprint,
        pieces: Vec::new(),
    };
    Some((located, behind.collect()))
}

impl<'t> Located<'t> {
    fn push(&mut self, lines: Lines, content: Content<'t>) {
        let List::Block { items, .. } = &mut self.list else {
            return;
        };
        let first = (items.len(), self.secrets.len());
        let start = lines.bytes.start;
        items.extend(content.items.into_iter().map(|item| Item {
            lines: moved(&item.lines, start),
            line: item.line + lines.before,
            name: item.name,
            name_end: item.name_end + start,
        }));
        let secrets = content.secrets.iter();
        self.secrets
            .extend(secrets.map(|secret| moved(secret, start)));
        self.fingerprint.items.extend(content.fingerprints);
        self.pieces.push(Piece {
            lines,
            items: first.0..items.len(),
            secrets: first.1..self.secrets.len(),
        });
    }
}

/// Every piece of a document by what it says.
fn known<'a, 't>(before: &'a Located<'t>) -> HashMap<&'t str, (&'a Located<'t>, &'a Piece)> {
    let pieces = before.pieces.iter();
    pieces
        .map(|piece| (&before.text[piece.lines.bytes.clone()], (before, piece)))
        .collect()
}

/// What a piece holds, with places counted from its beginning.
struct Content<'t> {
    items: Vec<Item<'t>>,
    fingerprints: Vec<u64>,
    secrets: Vec<Range<usize>>,
}

impl<'t> Content<'t> {
    /// A document that is nothing but the list.
    fn read(lines: &'t str, column: usize, name_key: &str, wanted: Wanted) -> Option<Self> {
        let located = whole(lines, &[], name_key, wanted, "").ok()?;
        match located.list {
            List::Block {
                column: found,
                items,
                ..
            } if found == column => Some(Self {
                items,
                fingerprints: located.fingerprint.items,
                secrets: located.secrets,
            }),
            _ => None,
        }
    }

    fn known(before: &Located<'t>, piece: &Piece) -> Self {
        let List::Block { items, .. } = &before.list else {
            return Self {
                items: Vec::new(),
                fingerprints: Vec::new(),
                secrets: Vec::new(),
            };
        };
        let Lines {
            bytes,
            before: lines,
        } = &piece.lines;
        let back = |range: &Range<usize>| range.start - bytes.start..range.end - bytes.start;
        let items = items[piece.items.clone()].iter();
        let secrets = before.secrets[piece.secrets.clone()].iter();
        Self {
            items: items
                .map(|item| Item {
                    lines: back(&item.lines),
                    line: item.line - lines,
                    name: item.name.clone(),
                    name_end: item.name_end - bytes.start,
                })
                .collect(),
            fingerprints: before.fingerprint.items[piece.items.clone()].to_vec(),
            secrets: secrets.map(back).collect(),
        }
    }
}

fn moved(range: &Range<usize>, further: usize) -> Range<usize> {
    range.start + further..range.end + further
}

/// What `read` makes of each piece, by as many threads as there are processors; `None` where it makes nothing of one.
fn in_parallel<T: Send>(
    pieces: &[Lines],
    read: impl Fn(&Lines) -> Option<T> + Sync,
) -> Option<Vec<T>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(piece) = pieces.get(index)
        {
            let Some(content) = read(piece) else {
                // Nobody needs to begin with another one.
                next.store(pieces.len(), Ordering::Relaxed);
                return None;
            };
            done.push((index, content));
        }
        Some(done)
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(pieces.len());
    let mut contents = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work()?;
        for other in others {
            all.extend(other.join().ok()??);
        }
        Some(all)
    })?;
    contents.sort_by_key(|(index, _)| *index);
    Some(contents.into_iter().map(|(_, content)| content).collect())
}
