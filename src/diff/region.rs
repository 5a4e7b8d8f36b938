//! Where two long texts differ, found without looking at every line by itself.

use std::ops::Range;

use similar::DiffOp;

use super::hunk::{Lines, compare};
use crate::yaml::{line_start, next_line};

/// A part of both texts that differs, and the context around it. What is between two of them is the same, and more than
/// their context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) before: Range<usize>,
    pub(super) after: Range<usize>,
    /// How many lines are above it before.
    pub(super) above_before: usize,
    /// How many lines are above it after.
    pub(super) above_after: usize,
}

/// How many bytes of each text are compared line by line at first; more, where they have nothing long in common.
const PART: usize = 256 << 10;
/// Lines in a row that are the same by no chance.
const LONG: usize = 32;

pub(super) fn regions(before: &str, after: &str, context: usize) -> Vec<Region> {
    regions_by_part(before, after, context, PART)
}

pub(super) fn regions_by_part(
    before: &str,
    after: &str,
    context: usize,
    part: usize,
) -> Vec<Region> {
    let mut cursor = Cursor::default();
    cursor.skip(before, after);
    let same = same_end(&before[cursor.before..], &after[cursor.after..]);
    let ends = (before.len() - same, after.len() - same);
    let mut regions = Vec::new();
    while (cursor.before, cursor.after) != ends {
        let (in_old, in_new) = first_difference(before, after, &cursor, ends, context, part);
        let (mut start, mut old_end) = (cursor.before, in_old);
        for _ in 0..context {
            start = line_start(before, start.saturating_sub(1));
            old_end = next_line(before, old_end);
        }
        let above = cursor.before - start;
        let lines_above = count(&before[start..cursor.before]);
        regions.push(Region {
            before: start..old_end,
            after: cursor.after - above..in_new + (old_end - in_old),
            above_before: cursor.lines_before - lines_above,
            above_after: cursor.lines_after - lines_above,
        });
        cursor.go(before, after, in_old, in_new);
        cursor.skip(&before[..ends.0], &after[..ends.1]);
    }
    regions
}

/// Where, in both texts, what differs behind the cursor ends.
fn first_difference(
    before: &str,
    after: &str,
    cursor: &Cursor,
    ends: (usize, usize),
    context: usize,
    mut part: usize,
) -> (usize, usize) {
    loop {
        let part_of = |text: &str, from: usize, end: usize| {
            let until = (from + part).min(end);
            let until = text.as_bytes()[until..end]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(end, |index| until + index + 1);
            from..until
        };
        let in_old = part_of(before, cursor.before, ends.0);
        let in_new = part_of(after, cursor.after, ends.1);
        if (in_old.end, in_new.end) == ends {
            return ends;
        }
        let (old, new) = (Lines::new(before, in_old), Lines::new(after, in_new));
        let long = 2 * context + LONG;
        let same = compare(&old.texts, &new.texts)
            .into_iter()
            .rev()
            .find_map(|op| match op {
                DiffOp::Equal {
                    old_index,
                    new_index,
                    len,
                } if len >= long => Some((old_index, new_index)),
                _ => None,
            });
        if let Some((in_old, in_new)) = same {
            return (old.starts[in_old], new.starts[in_new]);
        }
        part *= 4;
    }
}

/// The beginning of a line in both texts.
#[derive(Default)]
struct Cursor {
    before: usize,
    after: usize,
    lines_before: usize,
    lines_after: usize,
}

impl Cursor {
    fn go(&mut self, before: &str, after: &str, to_before: usize, to_after: usize) {
        self.lines_before += count(&before[self.before..to_before]);
        self.lines_after += count(&after[self.after..to_after]);
        (self.before, self.after) = (to_before, to_after);
    }

    /// Over the lines that are the same.
    fn skip(&mut self, before: &str, after: &str) {
        let same = same_begin(&before[self.before..], &after[self.after..]);
        self.go(before, after, self.before + same, self.after + same);
    }
}

fn count(lines: &str) -> usize {
    lines.bytes().filter(|byte| *byte == b'\n').count()
}

/// Compared at once.
const BLOCK: usize = 4 << 10;

/// The length of the whole lines that both texts begin with.
fn same_begin(old: &str, new: &str) -> usize {
    let blocks = old
        .as_bytes()
        .chunks(BLOCK)
        .zip(new.as_bytes().chunks(BLOCK));
    let same = BLOCK * blocks.take_while(|(old, new)| old == new).count();
    let same = same.min(old.len()).min(new.len());
    let rest = old.as_bytes()[same..].iter().zip(&new.as_bytes()[same..]);
    let same = same + rest.take_while(|(old, new)| old == new).count();
    if same == old.len() && same == new.len() {
        return same;
    }
    let last = old.as_bytes()[..same]
        .iter()
        .rposition(|byte| *byte == b'\n');
    last.map_or(0, |index| index + 1)
}

/// The length of the whole lines that both texts end with.
fn same_end(old: &str, new: &str) -> usize {
    let blocks = old
        .as_bytes()
        .rchunks(BLOCK)
        .zip(new.as_bytes().rchunks(BLOCK));
    let same = BLOCK * blocks.take_while(|(old, new)| old == new).count();
    let same = same.min(old.len()).min(new.len());
    let rest = |text: &str| text.len() - same;
    let rest = old.as_bytes()[..rest(old)]
        .iter()
        .rev()
        .zip(new.as_bytes()[..rest(new)].iter().rev());
    let same = same + rest.take_while(|(old, new)| old == new).count();
    let begins = |text: &str| same == text.len() || text.as_bytes()[text.len() - same - 1] == b'\n';
    if begins(old) && begins(new) {
        return same;
    }
    let first = old.as_bytes()[old.len() - same..]
        .iter()
        .position(|byte| *byte == b'\n');
    first.map_or(0, |index| same - index - 1)
}
