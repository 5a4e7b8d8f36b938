//! Where a list of a document, and each item of it, stands in the text.

use std::ops::Range;

use granit_parser::{Event, Span, StructureStyle};

use super::content::{content, is_null};
use super::error::YamlError;
use super::fingerprint::Fingerprinter;
use super::list::{List, Located, named, path};
use super::text::{line_end, line_start};
use super::under::Under;
use super::walk::{Role, Step, Visit, Walk};
use super::wanted::Wanted;

/// Finds the list that `steps` lead to in the first document of `text`. `name_key` is the key by which its items are
/// called; the values that are `wanted` are found along.
///
/// # Errors
/// What no reader of YAML takes: broken syntax, a key that is given twice, too much nesting, aliases that grow beyond
/// all measure; with line and column.
pub fn locate<'t>(
    text: &'t str,
    steps: &[Step],
    name_key: &str,
    wanted: Wanted,
    origin: &str,
) -> Result<Located<'t>, YamlError> {
    let mut walk = Walk::new(text, steps, origin);
    let mut locator = Locator::new(text, steps, name_key);
    let mut secrets = Under::new(wanted);
    while let Some(visit) = walk.next()? {
        locator.fingerprinter.event(&visit, origin)?;
        secrets.event(&visit);
        locator.event(&visit);
    }
    Ok(Located {
        secrets: secrets.finish(text, true),
        ..locator.finish()
    })
}

pub(super) struct Locator<'t, 'k> {
    pub(super) text: &'t str,
    steps: &'k [Step],
    pub(super) name_key: &'k str,
    fingerprinter: Fingerprinter,
    /// Behind the last content so far.
    pub(super) content: usize,
    /// Where the document ends.
    end: usize,
    key: Option<Span>,
    pub(super) list: Option<List<'t>>,
    /// The level of the list, once it is there.
    pub(super) level: usize,
    /// Whether the name of the item under way comes next.
    pub(super) named_next: bool,
    /// The map that would hold the list's key.
    parent: Option<Parent>,
    /// The deepest node that the steps led to, for saying why the list is not there.
    reached: usize,
    pub(super) why_not: Option<(usize, String)>,
    anchors: Vec<usize>,
}

struct Parent {
    level: usize,
    column: usize,
    /// The line of a merge key in it.
    merge: Option<usize>,
    end: Option<usize>,
}

impl<'t, 'k> Locator<'t, 'k> {
    fn new(text: &'t str, steps: &'k [Step], name_key: &'k str) -> Self {
        Self {
            text,
            steps,
            name_key,
            fingerprinter: Fingerprinter::new(),
            content: 0,
            end: text.len(),
            key: None,
            list: None,
            level: 0,
            named_next: false,
            parent: None,
            reached: 0,
            why_not: None,
            anchors: Vec::new(),
        }
    }

    fn event(&mut self, visit: &Visit<'_, 't>) {
        match visit.event {
            Event::DocumentStart(explicit, _) => {
                self.content = end(visit.span);
                if !explicit {
                    self.content = line_start(self.text, self.content);
                }
            }
            Event::DocumentEnd => {
                let marker = range(visit.span);
                self.end = if marker.is_empty() {
                    self.next_document(self.content.max(marker.start))
                } else {
                    line_start(self.text, marker.start)
                };
            }
            Event::Scalar(..)
            | Event::Alias(_)
            | Event::MappingStart(..)
            | Event::SequenceStart(..) => self.node(visit),
            Event::MappingEnd | Event::SequenceEnd => self.close(visit),
            _ => {}
        }
    }

    /// Where the next document begins, or the end of the text: only comments are before it.
    fn next_document(&self, content: usize) -> usize {
        let mut at = line_end(self.text, content);
        for line in self.text[at..].split_inclusive('\n') {
            if line.starts_with("---") {
                break;
            }
            at += line.len();
        }
        at
    }

    fn node(&mut self, visit: &Visit<'_, 't>) {
        if let Some(reached) = visit.reached {
            self.on_the_way(visit, reached);
        }
        match visit.role {
            Role::Key => self.key = Some(visit.span),
            Role::List if visit.reached == Some(self.steps.len()) => self.list(visit),
            Role::Item(index) => return self.item(visit, index),
            Role::Around | Role::List => self.beside(visit),
        }
        if let Some(end) = content(visit, self.text) {
            self.content = self.content.max(end);
        }
    }

    /// A node that the steps lead through, the list itself included.
    fn on_the_way(&mut self, visit: &Visit<'_, 't>, reached: usize) {
        self.reached = reached;
        let line = visit.span.start.line();
        let (anchor, what) = match visit.event {
            Event::Scalar(_, _, anchor, _) => (*anchor, "a single value"),
            Event::MappingStart(StructureStyle::Flow, anchor, _) => (*anchor, "a map in braces"),
            Event::MappingStart(_, anchor, _) => (*anchor, "a map"),
            Event::SequenceStart(_, anchor, _) => (*anchor, "a list"),
            _ => (0, "an alias"),
        };
        if anchor != 0 {
            self.anchors.push(anchor);
        }
        if reached == self.steps.len() {
            return;
        }
        let fits = match (&self.steps[reached], visit.event) {
            (Step::Key(_), Event::MappingStart(StructureStyle::Block, ..))
            | (Step::Index(_), Event::SequenceStart(StructureStyle::Block, ..)) => true,
            (Step::Key(_), _) if reached == 0 && is_null(visit.event) => true,
            _ => false,
        };
        if !fits {
            let place = path(&self.steps[..reached]);
            let place = if place.is_empty() {
                "the document".to_owned()
            } else {
                place
            };
            self.why_not = Some((line, format!("{place} is {what}")));
        }
        if reached + 1 == self.steps.len()
            && matches!(visit.event, Event::MappingStart(StructureStyle::Block, ..))
        {
            self.parent = Some(Parent {
                level: visit.level,
                column: visit.span.start.col(),
                merge: None,
                end: None,
            });
        }
    }

    /// A node beside the list's key may be a merge key.
    pub(super) fn beside(&mut self, visit: &Visit<'_, 't>) {
        let line = visit.span.start.line();
        if let Event::Alias(anchor) = visit.event
            && self.anchors.contains(anchor)
        {
            self.why_not = Some((
                line,
                "the list, or what holds it, is also used here by an alias, which would change with it"
                    .to_owned(),
            ));
        }
        if let Some(parent) = &mut self.parent
            && visit.is_key
            && visit.level == parent.level + 1
            && parent.end.is_none()
            && matches!(visit.event, Event::Scalar(key, ..) if key == "<<")
        {
            parent.merge = Some(line);
        }
    }

    fn list(&mut self, visit: &Visit<'_, 't>) {
        self.level = visit.level;
        let line = visit.span.start.line();
        let column = self.key.map_or(0, |key| key.start.col());
        let unfit = |why: &str| List::Unfit {
            line,
            why: format!("{} {why}", named(self.steps)),
            names: Vec::new(),
        };
        self.list = Some(match visit.event {
            event if is_null(event) => {
                let range = range(visit.span);
                let value = if range.is_empty() {
                    let after = self.key.map_or(range.start, end);
                    after..after
                } else {
                    range
                };
                List::Empty { value, column }
            }
            Event::SequenceStart(StructureStyle::Block, ..) => List::Block {
                column: 0,
                gap: 2,
                items: Vec::new(),
            },
            // Its end may show that it is empty.
            Event::SequenceStart(..) => unfit(
                "is written in brackets; only a list of lines that begin with a dash can be edited",
            ),
            Event::Alias(_) => unfit("is an alias of a list that stands elsewhere"),
            Event::MappingStart(..) => unfit("is a map, not a list"),
            _ => unfit("is not a list"),
        });
    }

    fn close(&mut self, visit: &Visit<'_, 't>) {
        let span = visit.span;
        // Brackets and braces have an end of their own; that of lines is where something else begins.
        if !range(span).is_empty() {
            if let Role::Item(_) = visit.role {
                self.reach(end(span));
            } else {
                self.content = self.content.max(end(span));
            }
        }
        if visit.role == Role::List
            && visit.level == self.level
            && let Some(List::Unfit { .. }) = &self.list
            && self.fingerprinter.items() == 0
            && let Some(key) = self.key_end()
        {
            self.empty_brackets(key, span);
        }
        if let Some(parent) = &mut self.parent
            && visit.level == parent.level
            && parent.end.is_none()
        {
            parent.end = Some(line_end(self.text, self.content));
        }
    }

    fn key_end(&self) -> Option<usize> {
        match self.key {
            Some(key) => Some(end(key)),
            None => self.steps.is_empty().then_some(0),
        }
    }

    /// `[]`, on one line.
    fn empty_brackets(&mut self, key: usize, close: Span) {
        let Some(open) = self.text[key..end(close)].find('[') else {
            return;
        };
        let value = key + open..end(close);
        if self.text[value.clone()]
            .trim_matches(['[', ']', ' '])
            .is_empty()
        {
            let column = self.key.map_or(0, |key| key.start.col());
            self.list = Some(List::Empty { value, column });
        }
    }

    fn finish(mut self) -> Located<'t> {
        if let Some(List::Block { items, .. }) = &mut self.list {
            for item in items {
                item.lines.end = line_end(self.text, item.lines.end);
            }
        }
        if let Some((line, why)) = self.why_not.take() {
            let names = match self.list.take() {
                Some(List::Block { items, .. }) => {
                    items.into_iter().filter_map(|item| item.name).collect()
                }
                Some(List::Unfit { names, .. }) => names,
                _ => Vec::new(),
            };
            self.list = Some(List::Unfit { line, why, names });
        }
        let list = self.list.take().unwrap_or_else(|| self.absent());
        Located {
            list,
            key: self.key.map(range),
            secrets: Vec::new(),
            fingerprint: self.fingerprinter.finish(),
        }
    }

    fn absent(&self) -> List<'t> {
        match &self.parent {
            Some(Parent {
                merge: Some(line), ..
            }) => List::Unfit {
                line: *line,
                why: format!(
                    "{} may come through the merge key here, and would be replaced by one of its own",
                    named(self.steps)
                ),
                names: Vec::new(),
            },
            Some(parent) => List::Absent {
                at: match (self.steps.len(), parent.end) {
                    (1, _) | (_, None) => self.end,
                    (_, Some(end)) => end,
                },
                column: parent.column,
            },
            None if self.steps.is_empty() => List::Empty {
                value: self.end..self.end,
                column: 0,
            },
            None if self.steps.len() == 1 => List::Absent {
                at: self.end,
                column: 0,
            },
            None => List::Unfit {
                line: 1,
                why: format!("there is no {}", path(&self.steps[..=self.reached])),
                names: Vec::new(),
            },
        }
    }
}

fn range(span: Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

pub(super) fn end(span: Span) -> usize {
    range(span).end
}
