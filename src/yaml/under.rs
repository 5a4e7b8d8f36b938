//! The values of some keys, wherever they stand.

use std::ops::Range;

use granit_parser::Event;

use super::walk::{Visit, Walk};

/// Whether the value of a key is looked for.
pub type IsWanted = fn(&str) -> bool;

/// The bytes of every scalar under a key that `is_wanted`, or within a list or map under one, and of every private key.
/// Ends with the first error.
#[must_use]
pub fn values_under(text: &str, is_wanted: IsWanted) -> Vec<Range<usize>> {
    let mut walk = Walk::of_all(text);
    let mut under = Under::new(is_wanted);
    while let Ok(Some(visit)) = walk.next() {
        under.event(&visit);
    }
    under.found
}

pub(super) struct Under {
    is_wanted: IsWanted,
    /// Whether the key of the value that comes next is one.
    is_next: bool,
    /// The level of the list or map whose scalars are all found.
    inside: Option<usize>,
    pub(super) found: Vec<Range<usize>>,
}

impl Under {
    pub(super) fn new(is_wanted: IsWanted) -> Self {
        Self {
            is_wanted,
            is_next: false,
            inside: None,
            found: Vec::new(),
        }
    }

    pub(super) fn event(&mut self, visit: &Visit<'_, '_>) {
        match visit.event {
            Event::Scalar(text, ..) => {
                let is_value = self.inside.is_some() || (self.is_next && !visit.is_key);
                if is_value || text.contains("PRIVATE KEY-----") {
                    self.found.extend(visit.span.byte_range());
                }
                self.is_next = visit.is_key && (self.is_wanted)(text);
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if self.is_next && !visit.is_key && self.inside.is_none() {
                    self.inside = Some(visit.level);
                }
                self.is_next = false;
            }
            Event::MappingEnd | Event::SequenceEnd if self.inside == Some(visit.level) => {
                self.inside = None;
            }
            Event::Alias(_) => self.is_next = false,
            _ => {}
        }
    }
}
