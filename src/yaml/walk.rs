//! The events of a text's first document, each with its place relative to one list.
//!
//! Only the first document: Prometheus reads no other.

use std::borrow::Cow;
use std::collections::HashSet;

use granit_parser::{Event, Options, Parser, Span, StrInput};

use super::YamlError;

/// One step on the way from a document's root to a list in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into the value of this key.
    Key(String),
    /// Into the item of this index.
    Index(usize),
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Neither in the list nor its key.
    Around,
    /// The list's key.
    Key,
    /// The list itself: its start, its end, or what stands in its place.
    List,
    /// In the item of this index.
    Item(usize),
}

/// One event.
pub(super) struct Visit<'t> {
    pub(super) event: Event<'t>,
    pub(super) span: Span,
    pub(super) role: Role,
    /// How many lists and maps are open around it.
    pub(super) level: usize,
    /// Whether it is a key, or the beginning of one.
    pub(super) is_key: bool,
    /// How many steps have led here, if they did.
    pub(super) reached: Option<usize>,
}

/// Goes through the first document.
pub(super) struct Walk<'t> {
    parser: Parser<'t, StrInput<'t>>,
    steps: &'t [Step],
    origin: &'t str,
    open: Vec<Open<'t>>,
    over: bool,
}

struct Open<'t> {
    reached: Option<usize>,
    role: Role,
    kind: Kind<'t>,
}

enum Kind<'t> {
    List { items: usize },
    Map { next: Next, keys: Keys<'t> },
}

/// What comes next in a map.
#[derive(Clone, Copy)]
enum Next {
    Key,
    /// The value of a key that the steps name, or of another one.
    Value {
        on_the_way: bool,
    },
}

impl<'t> Walk<'t> {
    pub(super) fn new(text: &'t str, steps: &'t [Step], origin: &'t str) -> Self {
        let mut options = Options::default();
        options.set_emit_comments(false);
        // As Prometheus' own reader has it.
        options.block_scalar_eof_without_line_feed = true;
        options.emit_anchor_events = true;
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            steps,
            origin,
            open: Vec::new(),
            over: false,
        }
    }

    /// The next event of the document, from its start to its end.
    pub(super) fn next(&mut self) -> Result<Option<Visit<'t>>, YamlError> {
        if self.over {
            return Ok(None);
        }
        let Some(parsed) = self.parser.next() else {
            return Ok(None);
        };
        let (event, span) = parsed.map_err(|error| YamlError {
            origin: self.origin.to_owned(),
            line: error.marker().line(),
            column: error.marker().col() + 1,
            message: error.info(),
        })?;
        self.over = matches!(event, Event::DocumentEnd | Event::StreamEnd);
        self.visit(event, span).map(Some)
    }

    fn visit(&mut self, event: Event<'t>, span: Span) -> Result<Visit<'t>, YamlError> {
        let (role, is_key, reached) = match &event {
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::Scalar(..)
            | Event::Alias(_)
            | Event::MappingStart(..)
            | Event::SequenceStart(..) => self.begin(&event, span)?,
            _ => (Role::Around, false, None),
        };
        let level = self.open.len();
        let kind = match &event {
            Event::MappingStart(..) => Some(Kind::Map {
                next: Next::Key,
                keys: Keys::default(),
            }),
            Event::SequenceStart(..) => Some(Kind::List { items: 0 }),
            _ => None,
        };
        if let Some(kind) = kind {
            self.open.push(Open {
                reached,
                role,
                kind,
            });
        }
        Ok(Visit {
            event,
            span,
            role,
            level,
            is_key,
            reached,
        })
    }

    fn close(&mut self) -> (Role, bool, Option<usize>) {
        match self.open.pop() {
            Some(open) => (open.role, false, open.reached),
            None => (Role::Around, false, None),
        }
    }

    fn begin(
        &mut self,
        event: &Event<'t>,
        span: Span,
    ) -> Result<(Role, bool, Option<usize>), YamlError> {
        let all = self.steps.len();
        let Some(parent) = self.open.last_mut() else {
            let role = if all == 0 { Role::List } else { Role::Around };
            return Ok((role, false, Some(0)));
        };
        // The list's items have a role of their own; everything in an item has the item's.
        let inherited = match parent.role {
            Role::Item(index) => Role::Item(index),
            _ => Role::Around,
        };
        let step = parent.reached.and_then(|reached| self.steps.get(reached));
        match &mut parent.kind {
            Kind::List { items } => {
                let index = *items;
                *items += 1;
                if parent.role == Role::List {
                    return Ok((Role::Item(index), false, None));
                }
                let on_the_way = step == Some(&Step::Index(index));
                let reached = parent.reached.filter(|_| on_the_way).map(|steps| steps + 1);
                Ok((role_of(reached, all, inherited), false, reached))
            }
            Kind::Map { next, keys } => match *next {
                Next::Key => {
                    let name = match event {
                        Event::Scalar(name, ..) => Some(name),
                        _ => None,
                    };
                    if let Some(name) = name
                        && !keys.insert(name.clone())
                    {
                        return Err(YamlError {
                            origin: self.origin.to_owned(),
                            line: span.start.line(),
                            column: span.start.col() + 1,
                            message: format!("the key {name:?} is given twice"),
                        });
                    }
                    let on_the_way = match (step, name) {
                        (Some(Step::Key(key)), Some(name)) => key == name,
                        _ => false,
                    };
                    *next = Next::Value { on_the_way };
                    let is_last = parent.reached.map(|reached| reached + 1) == Some(all);
                    let role = if on_the_way && is_last {
                        Role::Key
                    } else {
                        inherited
                    };
                    Ok((role, true, None))
                }
                Next::Value { on_the_way } => {
                    *next = Next::Key;
                    let reached = parent.reached.filter(|_| on_the_way).map(|steps| steps + 1);
                    Ok((role_of(reached, all, inherited), false, reached))
                }
            },
        }
    }
}

fn role_of(reached: Option<usize>, all: usize, inherited: Role) -> Role {
    if reached == Some(all) {
        Role::List
    } else {
        inherited
    }
}

/// The keys of a map so far. Most maps have few.
#[derive(Default)]
struct Keys<'t> {
    few: Vec<Cow<'t, str>>,
    many: HashSet<Cow<'t, str>>,
}

impl<'t> Keys<'t> {
    const FEW: usize = 16;

    /// Whether the key is new. Several `<<` are not told apart from one: what they bring is no key of this map.
    fn insert(&mut self, key: Cow<'t, str>) -> bool {
        if key == "<<" {
            return true;
        }
        if !self.many.is_empty() {
            return self.many.insert(key);
        }
        if self.few.contains(&key) {
            return false;
        }
        self.few.push(key);
        if self.few.len() > Self::FEW {
            self.many.extend(self.few.drain(..));
        }
        true
    }
}
