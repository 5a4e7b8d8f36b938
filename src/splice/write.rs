//! The new text: pieces of the old one with lines between them.

use std::ops::Range;

use serde_json::{Map, Value};

use super::entry::{Entry, Splice, items};
use super::trace::{self, WAS};
use crate::mark::Mark;
use yaml::{List, Step};

/// What happens to the items of a list, by their index, in order.
#[derive(Debug, Default)]
pub(super) struct Edit<'w> {
    pub(super) removed: Vec<usize>,
    /// Each with the mark that it gets.
    pub(super) replaced: Vec<(usize, &'w Entry, Mark)>,
    pub(super) added: Vec<&'w Entry>,
}

impl Edit<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.replaced.is_empty() && self.added.is_empty()
    }
}

/// A text under way.
pub(super) struct Draft<'a> {
    old: &'a str,
    list: &'a List<'a>,
    /// The list's key, where it is known.
    key: Option<Range<usize>>,
    wanted: &'a Splice<'a>,
    /// Ranges of the old text with what stands there instead, in order.
    pieces: Vec<(Range<usize>, String)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        old: &'a str,
        list: &'a List<'a>,
        key: Option<Range<usize>>,
        wanted: &'a Splice<'a>,
    ) -> Self {
        Self {
            old,
            list,
            key,
            wanted,
            pieces: Vec::new(),
        }
    }

    pub(super) fn with(mut self, edit: &Edit<'_>) -> String {
        match self.list {
            List::Block { column, gap, items } => {
                self.change(edit, *column, *gap);
                let is_empty = edit.removed.len() == items.len() && edit.added.is_empty();
                if is_empty {
                    self.remove_traces();
                } else if let Some(last) = items.last() {
                    let at = self.behind_comments(last.lines.end, *column);
                    self.insert(at, &self.lines(&edit.added, *column, *gap));
                }
            }
            List::Empty { value, column } => {
                if !value.is_empty() {
                    self.pieces.push((value.start..value.start, WAS.to_owned()));
                }
                // The text itself is no more indented than its comments.
                let column = self.key.as_ref().map_or(0, |_| column + 2);
                let at = yaml::line_end(self.old, value.end);
                self.insert(at, &self.lines(&edit.added, column, 2));
            }
            List::Absent { at, column } => {
                let Some(Step::Key(key)) = self.wanted.steps.last() else {
                    return self.old.to_owned();
                };
                let indent = " ".repeat(*column);
                let key = yaml::flow(&Value::from(key.as_str()));
                let mut lines = vec![format!("{indent}{key}:  {}", trace::of_key())];
                lines.extend(self.lines(&edit.added, column + 2, 2));
                self.insert(*at, &lines);
            }
            List::Unfit { .. } => {}
        }
        self.finish()
    }

    fn change(&mut self, edit: &Edit<'_>, column: usize, gap: usize) {
        let items = items(self.list);
        for (index, entry, mark) in &edit.replaced {
            let lines = items[*index].lines.clone();
            let end = yaml::content_end(self.old, lines.end);
            let text = self::lines(entry, self.wanted.name_key, mark, (column, gap));
            let line_break = yaml::line_break(self.old, lines.start);
            self.pieces
                .push((self.visible(lines.start)..end, text.join(line_break)));
        }
        for index in &edit.removed {
            self.remove(items[*index].lines.clone());
        }
    }

    /// Behind the comments at `end` that are a part of the item before: those further in than its dash.
    fn behind_comments(&self, end: usize, column: usize) -> usize {
        let mut behind = end;
        let mut at = end;
        for line in self.old[end..].split_inclusive('\n') {
            at += line.len();
            let content = line.trim_start_matches(' ');
            match content.bytes().next() {
                Some(b'#') if line.len() - content.len() > column => behind = at,
                Some(b'\r' | b'\n') => {}
                _ => break,
            }
        }
        behind
    }

    /// Behind a byte order mark.
    fn visible(&self, start: usize) -> usize {
        if self.old[start..].starts_with('\u{feff}') {
            start + '\u{feff}'.len_utf8()
        } else {
            start
        }
    }

    fn remove(&mut self, mut lines: Range<usize>) {
        lines.start = self.visible(lines.start);
        self.pieces.push((lines, String::new()));
    }

    /// Puts whole lines where a line begins, or behind the text's last one.
    fn insert(&mut self, at: usize, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let line_break = yaml::line_break(self.old, at);
        let has_end = at == 0 || self.old[..at].ends_with('\n');
        let lines = lines.join(line_break);
        let text = if has_end {
            lines + line_break
        } else {
            format!("{line_break}{lines}")
        };
        self.pieces.push((at..at, text));
    }

    /// With the last item goes what the first one brought along.
    fn remove_traces(&mut self) {
        let Some(first) = items(self.list).first() else {
            return;
        };
        let above = match &self.key {
            Some(key) => key.end..first.lines.start,
            None => 0..first.lines.start,
        };
        if let Some(was) = self.old[above.clone()].find(WAS) {
            let start = above.start + was;
            self.pieces.push((start..start + WAS.len(), String::new()));
            return;
        }
        if let Some(key) = &self.key {
            let end = yaml::line_end(self.old, key.end);
            if trace::is_own_key(&self.old[key.end..end]) {
                let lines = yaml::line_start(self.old, key.start)..end;
                self.remove(lines);
            }
        }
    }

    fn finish(mut self) -> String {
        self.pieces
            .sort_by_key(|(range, _)| (range.start, range.end));
        self.shorten();
        let added: usize = self.pieces.iter().map(|(_, text)| text.len()).sum();
        let mut new = String::with_capacity(self.old.len() + added);
        let mut from = 0;
        for (range, text) in &self.pieces {
            new.push_str(&self.old[from..range.start]);
            new.push_str(text);
            from = range.end;
        }
        new.push_str(&self.old[from..]);
        new
    }

    /// Where the last line has no line break and goes, the one that is last then has none either.
    fn shorten(&mut self) {
        if self.old.ends_with('\n') {
            return;
        }
        let mut end = self.old.len();
        for (range, text) in self.pieces.iter_mut().rev() {
            if range.end != end || !(text.is_empty() || range.start == range.end) {
                break;
            }
            end = range.start;
        }
        let first = self.pieces.iter_mut().find(|(range, _)| range.start == end);
        if let Some((range, _)) = first
            && range.start < range.end
        {
            range.start = yaml::content_end(self.old, range.start);
        }
    }

    fn lines(&self, entries: &[&Entry], column: usize, gap: usize) -> Vec<String> {
        let entries = entries.iter();
        entries
            .flat_map(|entry| {
                lines(
                    entry,
                    self.wanted.name_key,
                    self.wanted.fresh,
                    (column, gap),
                )
            })
            .collect()
    }
}

/// The lines of an item, its name first.
fn lines(entry: &Entry, name_key: &str, mark: &Mark, (column, gap): (usize, usize)) -> Vec<String> {
    let text = match &entry.value {
        Value::Object(map) => {
            let mut named = Map::new();
            named.insert(name_key.to_owned(), entry.name.clone().into());
            named.extend(map.clone());
            yaml::emit(&Value::Array(vec![Value::Object(named)]))
        }
        value => format!("- {}", yaml::flow(value)),
    };
    let (dash, deeper) = (" ".repeat(column), " ".repeat(gap - 1));
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            // Of `- ` and of the two spaces below it, one stays.
            let (first, rest) = line.split_at(1);
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            let mark = if index == 0 {
                format!("  {}", mark.comment())
            } else {
                String::new()
            };
            format!("{dash}{first}{deeper}{rest}{mark}")
        })
        .collect()
}
