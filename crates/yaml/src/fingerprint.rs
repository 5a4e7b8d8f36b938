//! What a document means, in a few numbers: two of them can be compared without holding either.

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

use granit_parser::{Event, ScalarStyle};

use super::anchors::Anchors;
use super::content::is_null;
use super::error::YamlError;
use super::walk::{Role, Visit};

/// Two documents of which these are equal mean the same, but for what is compared separately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of everything but the list and its key.
    pub around: u64,
    /// Of each item of the list.
    pub items: Vec<u64>,
}

/// One seed for all, so that documents can be compared; another in every process, so that none can be made to match.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Takes in the events of a document.
pub(super) struct Fingerprinter {
    around: DefaultHasher,
    /// Of the item under way.
    item: Option<DefaultHasher>,
    items: Vec<u64>,
    anchors: Anchors,
}

impl Fingerprinter {
    pub(super) fn new() -> Self {
        Self {
            around: SEED.build_hasher(),
            item: None,
            items: Vec::new(),
            anchors: Anchors::default(),
        }
    }

    pub(super) fn event(&mut self, visit: &Visit<'_, '_>, origin: &str) -> Result<(), YamlError> {
        self.anchors.event(visit, origin)?;
        match visit.role {
            Role::Key | Role::List => {}
            // A document of nothing and an empty map are the same to whoever looks for keys.
            Role::Around if visit.level == 0 && is_nothing(visit.event) => {}
            Role::Around => hash(visit.event, &self.anchors, &mut self.around),
            Role::Item(index) => {
                if index > self.items.len() || self.item.is_none() {
                    self.items
                        .extend(self.item.take().map(|item| item.finish()));
                    self.item = Some(SEED.build_hasher());
                }
                if let Some(item) = &mut self.item {
                    hash(visit.event, &self.anchors, item);
                }
            }
        }
        Ok(())
    }

    /// How many items there were.
    pub(super) fn items(&self) -> usize {
        self.items.len() + usize::from(self.item.is_some())
    }

    pub(super) fn finish(mut self) -> Fingerprint {
        self.items
            .extend(self.item.take().map(|item| item.finish()));
        Fingerprint {
            around: self.around.finish(),
            items: self.items,
        }
    }
}

fn is_nothing(event: &Event<'_>) -> bool {
    let plain_map = matches!(event, Event::MappingStart(_, _, None) | Event::MappingEnd);
    plain_map || is_null(event)
}

fn hash(event: &Event<'_>, anchors: &Anchors, hasher: &mut DefaultHasher) {
    match event {
        // `"1"` is a text, `1` is none.
        Event::Scalar(text, style, _, tag) => {
            (0_u8, &**text, *style == ScalarStyle::Plain, tag).hash(hasher);
        }
        Event::Alias(anchor) => (1_u8, anchors.name(*anchor)).hash(hasher),
        Event::SequenceStart(_, _, tag) => (2_u8, tag).hash(hasher),
        Event::MappingStart(_, _, tag) => (3_u8, tag).hash(hasher),
        Event::SequenceEnd => 4_u8.hash(hasher),
        Event::MappingEnd => 5_u8.hash(hasher),
        _ => {}
    }
}
