//! What is secret on some lines of a text.

use std::ops::Range;

use super::Text;
use super::keys::secrecy;
use yaml::{embedded, line_start, loosely, merged, next_line};

/// A part of a line that is not shown.
pub(crate) struct Hidden<'t> {
    /// In the line.
    pub(crate) at: Range<usize>,
    /// What it is a part of.
    pub(crate) secret: &'t str,
}

/// The bytes of everything on the lines `shown` that is secret, or of which a part is there: where the text says so by
/// its structure, and what looks like it in comments and within scalars.
pub(crate) fn secrets_within(text: &Text, shown: Range<usize>) -> Vec<Range<usize>> {
    let whole = text.as_str();
    let first = text
        .secrets()
        .partition_point(|secret| secret.end <= shown.start);
    let known = text.secrets()[first..].iter();
    let known = known.take_while(|secret| secret.start < shown.end);
    let mut secrets: Vec<Range<usize>> = known.cloned().collect();
    // What a comment's line is a part of may begin above.
    let mut start = above_comments(whole, shown.start);
    let mut comments = start;
    while start < shown.end {
        let end = next_line(whole, start);
        if !is_comment(&whole[start..end]) {
            loosely(whole, comments..start, secrecy, &mut secrets);
            comments = end;
            let comment = whole[start..end].find(" #");
            let comment = comment.map_or(end, |column| start + column + 1);
            // What is said beside a secret may be of it.
            if embedded(whole, start..comment, secrecy, &mut secrets) {
                secrets.push(comment..end);
            } else {
                loosely(whole, comment..end, secrecy, &mut secrets);
            }
        }
        start = end;
    }
    if comments < start {
        loosely(whole, comments..start, secrecy, &mut secrets);
    }
    merged(secrets)
}

fn above_comments(text: &str, mut start: usize) -> usize {
    while start > 0 {
        let above = line_start(text, start - 1);
        if !is_comment(&text[above..start]) {
            break;
        }
        start = above;
    }
    start
}

/// Or blank.
fn is_comment(line: &str) -> bool {
    matches!(line.trim_start().bytes().next(), Some(b'#') | None)
}

/// What of `secrets` is on `line`, given without its line break. What a secret's line begins with is no part of it.
pub(crate) fn hidden<'t>(
    text: &'t str,
    line: Range<usize>,
    secrets: &[Range<usize>],
) -> Vec<Hidden<'t>> {
    let first = secrets.partition_point(|secret| secret.end <= line.start);
    let here = secrets[first..].iter();
    here.take_while(|secret| secret.start < line.end)
        .filter_map(|secret| {
            let part = secret.start.max(line.start)..secret.end.min(line.end);
            let shown = text[part.clone()].trim_start();
            let start = part.end - shown.len() - line.start;
            (!shown.is_empty()).then(|| Hidden {
                at: start..part.end - line.start,
                secret: &text[secret.clone()],
            })
        })
        .collect()
}
