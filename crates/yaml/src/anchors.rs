//! Anchors: what they are called, and how much their aliases make of a document.

use std::collections::HashMap;

use granit_parser::Event;

use super::error::YamlError;
use super::walk::Visit;

/// Every anchor so far.
#[derive(Default)]
pub(super) struct Anchors {
    /// By number: its name, and how many had that name before.
    known: HashMap<usize, (String, usize)>,
    named: HashMap<String, usize>,
    sizes: HashMap<usize, u64>,
    /// Each list and map that is open: its anchor, or 0, and the number of nodes before it.
    open: Vec<(usize, u64)>,
    /// Nodes, those counted again that an alias stands for.
    nodes: u64,
    of_aliases: u64,
}

impl Anchors {
    /// Name and rank of an anchor: the same in two documents that define the same anchors in the same order.
    pub(super) fn name(&self, anchor: usize) -> Option<&(String, usize)> {
        self.known.get(&anchor)
    }

    pub(super) fn event(&mut self, visit: &Visit<'_, '_>, origin: &str) -> Result<(), YamlError> {
        match visit.event {
            Event::Anchor(anchor, name) => {
                let rank = self.named.entry(name.to_string()).or_default();
                self.known.insert(*anchor, (name.to_string(), *rank));
                *rank += 1;
            }
            Event::Scalar(_, _, anchor, _) => {
                self.nodes += 1;
                if *anchor != 0 {
                    self.sizes.insert(*anchor, 1);
                }
            }
            Event::MappingStart(_, anchor, _) | Event::SequenceStart(_, anchor, _) => {
                self.open.push((*anchor, self.nodes));
                self.nodes += 1;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                if let Some((anchor, before)) = self.open.pop()
                    && anchor != 0
                {
                    self.sizes.insert(anchor, self.nodes - before);
                }
            }
            Event::Alias(anchor) => {
                let size = self.sizes.get(anchor).copied().unwrap_or(1);
                self.nodes = self.nodes.saturating_add(size);
                self.of_aliases = self.of_aliases.saturating_add(size);
                if self.is_bomb() {
                    return Err(YamlError {
                        origin: origin.to_owned(),
                        line: visit.span.start.line(),
                        column: visit.span.start.col() + 1,
                        message: "document contains excessive aliasing".to_owned(),
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The limits of `allowedAliasRatio` in go-yaml, which Prometheus reads with: almost everything may come from
    /// aliases in a small document, a tenth in one of four million nodes.
    fn is_bomb(&self) -> bool {
        const SMALL: u64 = 400_000;
        const LARGE: u64 = 4_000_000;
        if self.of_aliases <= 100 || self.nodes <= 1_000 {
            return false;
        }
        // In hundredths.
        let allowed = match self.nodes {
            ..=SMALL => 99,
            LARGE.. => 10,
            nodes => 99 - 89 * (nodes - SMALL) / (LARGE - SMALL),
        };
        self.of_aliases.saturating_mul(100) > self.nodes.saturating_mul(allowed)
    }
}
