//! The values of some keys, wherever they stand.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, ScalarStyle};

use super::loose::loosely;
use super::text::{line_end, line_start};
use super::walk::{Visit, Walk};
use super::wanted::{Extent, Wanted};

/// The bytes of every scalar that is `wanted`, in order: those under keys, those that an alias under one stands for, and
/// private keys. What only lines can tell of, because it is within a scalar of several lines or cannot be parsed, is
/// looked for there.
#[must_use]
pub fn values_under(text: &str, wanted: Wanted) -> Vec<Range<usize>> {
    let mut walk = Walk::of_all(text);
    let mut under = Under::new(wanted);
    let is_valid = loop {
        match walk.next() {
            Ok(Some(visit)) => under.event(&visit),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    under.finish(text, is_valid)
}

pub(super) struct Under {
    wanted: Wanted,
    /// For the value that comes next.
    next: Extent,
    /// The lists and maps of which something is looked for, each with its level.
    inside: Vec<(usize, Extent)>,
    found: Vec<Range<usize>>,
    /// By anchor.
    anchored: HashMap<usize, Range<usize>>,
    /// Lists and maps that have an anchor and no end yet: level, anchor, start.
    open: Vec<(usize, usize, usize)>,
    /// What may hold keys and values that are none of this document.
    several_lines: Vec<Range<usize>>,
    end: usize,
}

impl Under {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            next: Extent::Nothing,
            inside: Vec::new(),
            found: Vec::new(),
            anchored: HashMap::new(),
            open: Vec::new(),
            several_lines: Vec::new(),
            end: 0,
        }
    }

    pub(super) fn event(&mut self, visit: &Visit<'_, '_>) {
        let range = visit.span.byte_range().unwrap_or_default();
        self.end = self.end.max(range.end);
        match visit.event {
            Event::Scalar(text, style, anchor, _) => {
                let is_plain = *style == ScalarStyle::Plain;
                let is_word = is_plain && matches!(&**text, "" | "~" | "null" | "true" | "false");
                let is_key = text.len() > 16 && text.contains("PRIVATE KEY-----");
                if is_key || (self.is_found(visit) && !is_word) {
                    self.found.push(range.clone());
                } else if visit.span.start.line() != visit.span.end.line() {
                    self.several_lines.push(range.clone());
                }
                if *anchor != 0 {
                    self.anchored.insert(*anchor, range);
                }
                self.next = if visit.is_key {
                    (self.wanted)(text)
                } else {
                    Extent::Nothing
                };
            }
            Event::Alias(anchor) => {
                if self.is_found(visit) {
                    self.found.extend(self.anchored.get(anchor).cloned());
                }
                // Whatever name an alias stands for.
                self.next = if visit.is_key {
                    Extent::Value
                } else {
                    Extent::Nothing
                };
            }
            Event::MappingStart(_, anchor, _) => {
                let extent = self.extent(visit);
                self.begin(visit, *anchor, extent == Extent::All, extent);
            }
            Event::SequenceStart(_, anchor, _) => {
                let extent = self.extent(visit);
                self.begin(visit, *anchor, extent != Extent::Nothing, extent);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.inside.pop_if(|(level, _)| *level == visit.level);
                let ended = self.open.pop_if(|(level, ..)| *level == visit.level);
                if let Some((_, anchor, start)) = ended {
                    self.anchored.insert(anchor, start..range.end);
                }
            }
            _ => {}
        }
    }

    fn is_found(&self, visit: &Visit<'_, '_>) -> bool {
        !visit.is_key && self.extent(visit) != Extent::Nothing
    }

    /// For a node that begins.
    fn extent(&self, visit: &Visit<'_, '_>) -> Extent {
        match self.inside.last() {
            Some((_, Extent::All)) => Extent::All,
            _ if self.next != Extent::Nothing && !visit.is_key => self.next,
            Some((level, extent)) if level + 1 == visit.level => *extent,
            _ => Extent::Nothing,
        }
    }

    fn begin(&mut self, visit: &Visit<'_, '_>, anchor: usize, is_inside: bool, extent: Extent) {
        if is_inside {
            self.inside.push((visit.level, extent));
        }
        if anchor != 0 {
            let start = visit.span.byte_range().unwrap_or_default().start;
            self.open.push((visit.level, anchor, start));
        }
        self.next = Extent::Nothing;
    }

    /// Everything that was found, each byte once. What is behind the events so far is looked at line by line: other
    /// documents, or what `is_valid` says is none.
    pub(super) fn finish(mut self, text: &str, is_valid: bool) -> Vec<Range<usize>> {
        let rest = if is_valid {
            line_end(text, self.end)
        } else {
            line_start(text, self.end)
        };
        self.several_lines.push(rest..text.len());
        for lines in self.several_lines {
            loosely(text, lines, self.wanted, &mut self.found);
        }
        merged(self.found)
    }
}

/// The same bytes in order, each range apart from the next.
#[must_use]
pub fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, before| {
        let overlaps = next.start < before.end;
        if overlaps {
            before.end = before.end.max(next.end);
        }
        overlaps
    });
    ranges
}
