//! The events of a text's first document, each with its place relative to one list.
//!
//! Only the first document: Prometheus reads no other.

use std::borrow::Cow;
use std::collections::HashSet;

use granit_parser::{Event, Marker, Options, Parser, Span, StrInput};

use super::error::YamlError;

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
#[derive(Clone, Copy)]
pub(super) struct Visit<'a, 't> {
    pub(super) event: &'a Event<'t>,
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
pub(super) struct Walk<'t, 'k> {
    parser: Parser<'t, StrInput<'t>>,
    steps: &'k [Step],
    origin: &'k str,
    open: Vec<Open<'t>>,
    current: Option<(Event<'t>, Span)>,
    only_first: bool,
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

impl<'t, 'k> Walk<'t, 'k> {
    pub(super) fn new(text: &'t str, steps: &'k [Step], origin: &'k str) -> Self {
        let mut options = Options::default();
        options.set_emit_comments(false);
        // As Prometheus' own reader has it.
        options.block_scalar_eof_without_line_feed = true;
        // Saying nothing of anchors takes less time.
        options.emit_anchor_events = text.contains('&');
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            steps,
            origin,
            open: Vec::new(),
            current: None,
            only_first: true,
            over: false,
        }
    }

    /// Goes through every document, to no list.
    pub(super) fn of_all(text: &'t str) -> Self {
        // No document is a list that nothing leads to.
        const NOWHERE: &[Step] = &[Step::Index(usize::MAX)];
        Self {
            only_first: false,
            ..Self::new(text, NOWHERE, "")
        }
    }

    /// The next event of the document, from its start to its end.
    pub(super) fn next(&mut self) -> Result<Option<Visit<'_, 't>>, YamlError> {
        if self.over {
            return Ok(None);
        }
        self.current = match self.parser.next() {
            Some(Ok(current)) => Some(current),
            Some(Err(error)) => return Err(self.fault(error.marker(), error.info())),
            None => None,
        };
        // Events are large, and stay where they are.
        let Some((event, span)) = &self.current else {
            return Ok(None);
        };
        self.over = match event {
            Event::DocumentEnd => self.only_first,
            Event::StreamEnd => true,
            _ => false,
        };
        let (role, is_key, reached) = match event {
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop().map_or((Role::Around, false, None), |open| {
                    (open.role, false, open.reached)
                })
            }
            Event::Scalar(..)
            | Event::Alias(_)
            | Event::MappingStart(..)
            | Event::SequenceStart(..) => {
                begin(&mut self.open, self.steps, event).map_err(|twice| YamlError {
                    origin: self.origin.to_owned(),
                    line: span.start.line(),
                    column: span.start.col() + 1,
                    message: format!("the key {twice:?} is given twice"),
                })?
            }
            _ => (Role::Around, false, None),
        };
        let level = self.open.len();
        let kind = match event {
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
        Ok(Some(Visit {
            event,
            span: *span,
            role,
            level,
            is_key,
            reached,
        }))
    }

    fn fault(&self, place: &Marker, message: String) -> YamlError {
        YamlError {
            origin: self.origin.to_owned(),
            line: place.line(),
            column: place.col() + 1,
            message,
        }
    }
}

/// What a node is, that begins within what is open; the error is a key that is given twice.
fn begin<'t>(
    open: &mut [Open<'t>],
    steps: &[Step],
    event: &Event<'t>,
) -> Result<(Role, bool, Option<usize>), String> {
    let all = steps.len();
    let Some(parent) = open.last_mut() else {
        let role = if all == 0 { Role::List } else { Role::Around };
        return Ok((role, false, Some(0)));
    };
    // The list's items have a role of their own; everything in an item has the item's.
    let inherited = match parent.role {
        Role::Item(index) => Role::Item(index),
        _ => Role::Around,
    };
    let step = parent.reached.and_then(|reached| steps.get(reached));
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
                    && !keys.insert(name)
                {
                    return Err(name.to_string());
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
    #[allow(
        clippy::ptr_arg,
        reason = "it is cloned, which costs nothing where it is borrowed"
    )]
    fn insert(&mut self, key: &Cow<'t, str>) -> bool {
        if key == "<<" {
            return true;
        }
        if !self.many.is_empty() {
            return self.many.insert(key.clone());
        }
        if self.few.contains(key) {
            return false;
        }
        self.few.push(key.clone());
        if self.few.len() > Self::FEW {
            self.many.extend(self.few.drain(..));
        }
        true
    }
}
