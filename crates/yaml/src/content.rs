//! Where content begins and ends, apart from the lines around it.

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::text::{line_end, line_start, next_line};
use super::walk::Visit;

pub(super) fn is_null(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, 0, None)
        if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
}

/// Behind the content of a node, where its beginning has any.
pub(super) fn content(visit: &Visit<'_, '_>, text: &str) -> Option<usize> {
    let range = visit.span.byte_range().unwrap_or_default();
    match visit.event {
        Event::Scalar(value, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
            Some(block_text(value, &text[..range.end]))
        }
        // A value that is left out stands behind its dash or key.
        Event::Scalar(..)
        | Event::Alias(_)
        | Event::MappingStart(StructureStyle::Flow, ..)
        | Event::SequenceStart(StructureStyle::Flow, ..) => Some(range.end),
        _ => None,
    }
}

/// Behind a literal or folded text that `before` ends with: what follows its last line, up to something else, may
/// belong to it as well.
fn block_text(value: &str, before: &str) -> usize {
    let line = line_start(before, before.len());
    let is_next_line = before[line..].trim_start_matches(' ').is_empty();
    let lines = if is_next_line {
        &before[..line]
    } else {
        before
    };
    let content = value.trim_end_matches('\n');
    // Line breaks at its end are content where they are kept.
    if value[content.len()..].len() > 1 || content.is_empty() {
        return lines.len();
    }
    // So are spaces, beyond its own indentation.
    let breaks = lines.trim_end_matches(['\n', '\r']);
    if content.ends_with([' ', '\t']) {
        return breaks.len();
    }
    lines.trim_end_matches(['\n', '\r', ' ']).len()
}

/// The dash of the next item: the first thing that is no comment, behind the line that `content` ends on.
pub(super) fn dash(text: &str, content: usize) -> Option<usize> {
    let mut line = if content == line_start(text, content) {
        content
    } else {
        line_end(text, content)
    };
    while line < text.len() {
        let end = next_line(text, line);
        let shown = text[line..end].trim_start_matches(['\u{feff}', ' ']);
        let begins = end - shown.len();
        match shown.bytes().next() {
            Some(b'-') => return Some(begins),
            Some(b'#' | b'\r' | b'\n') | None => line = end,
            // A tab before a comment or a line break.
            Some(b'\t') if matches!(shown.trim_start().bytes().next(), Some(b'#') | None) => {
                line = end;
            }
            Some(_) => return None,
        }
    }
    None
}
