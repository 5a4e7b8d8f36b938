//! Where a large document can be cut: at items of its list, found by looking at how far lines are indented.
//!
//! Whoever uses it has to make sure that this is the list.

use std::ops::Range;

/// A document and its list, cut.
pub(super) struct Cut {
    /// Where the list's key begins.
    pub(super) key: usize,
    /// Of the list's dashes.
    pub(super) column: usize,
    /// Behind the first item.
    pub(super) first: usize,
    /// The other items.
    pub(super) pieces: Vec<Lines>,
    /// Where the list ends.
    pub(super) end: usize,
}

/// Some whole lines.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) bytes: Range<usize>,
    /// How many lines are before them.
    pub(super) before: usize,
}

/// A list is looked for under a key at the beginning of a line. Each piece but the last one has at least `size` bytes.
/// `None` where there is no such list, or none of at least two items.
pub(super) fn cut(text: &str, key: &str, size: usize) -> Option<Cut> {
    let mut lines = numbered(text);
    let (key, ..) = lines.find(|(_, _, line)| is_key(line, key))?;
    let mut column = None;
    // Where each item begins at which a piece could, and how many lines are before it.
    let mut first = None;
    let mut pieces: Vec<Lines> = Vec::new();
    let mut end = text.len();
    for (start, before, line) in lines {
        let column = match column {
            Some(column) => column,
            None if is_nothing(line) => continue,
            None => *column.insert(indent(line, usize::MAX)),
        };
        // Most lines are further in.
        let indent = indent(line, column + 1);
        if indent > column || is_nothing(line) {
            continue;
        }
        if indent < column || !is_dash(&line[indent..]) {
            end = start;
            break;
        }
        if first.is_none() {
            first = Some(start);
            continue;
        }
        let begins = pieces
            .last()
            .is_none_or(|piece| start - piece.bytes.start >= size);
        if begins {
            if let Some(piece) = pieces.last_mut() {
                piece.bytes.end = start;
            }
            pieces.push(Lines {
                bytes: start..start,
                before,
            });
        }
    }
    pieces.last_mut()?.bytes.end = end;
    Some(Cut {
        key,
        column: column?,
        first: pieces.first()?.bytes.start,
        pieces,
        end,
    })
}

/// Every line, with where it begins and how many are before it.
fn numbered(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let lines = text.split_inclusive('\n').enumerate();
    lines.scan(0, |end, (number, line)| {
        let start = *end;
        *end += line.len();
        Some((start, number, line))
    })
}

fn is_key(line: &str, key: &str) -> bool {
    let behind = line.strip_prefix(key);
    let behind = behind.and_then(|rest| rest.strip_prefix(':'));
    behind.is_some_and(is_nothing)
}

/// How many spaces a line begins with, counted up to `most`.
fn indent(line: &str, most: usize) -> usize {
    let spaces = line.bytes().take(most);
    spaces.take_while(|byte| *byte == b' ').count()
}

fn is_dash(content: &str) -> bool {
    let behind = content.strip_prefix('-');
    behind.is_some_and(|rest| rest.starts_with([' ', '\n', '\r']))
}

/// Blank, or a comment.
fn is_nothing(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}
