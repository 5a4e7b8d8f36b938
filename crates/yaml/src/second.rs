//! A second opinion on two texts, by a reader of another family: libyaml's, as Prometheus' own is.

use serde::Deserialize;
use serde_yaml::Value;

use super::deep;
use super::error::YamlError;
use super::read::{json, located, without_mark};
use super::walk::Step;

/// An item of a list after a change.
#[derive(Clone, Copy, Debug)]
pub enum Expected<'a> {
    /// The one of this index before.
    Old(usize),
    /// One of this value.
    New(&'a serde_json::Value),
}

/// Whether two documents mean the same, for this reader too, apart from the lists at `steps`; of those the old one must
/// have `count` items, and the new one what is `expected`.
///
/// # Errors
/// What this reader does not take.
pub fn agrees(
    [old, new]: [&str; 2],
    steps: &[Step],
    count: usize,
    expected: &[Expected<'_>],
    origin: &str,
) -> Result<bool, YamlError> {
    let (old_list, old_rest) = apart(first_document(old, origin)?, steps);
    let (new_list, new_rest) = apart(first_document(new, origin)?, steps);
    let is_expected = |(item, expected): (&Value, &Expected<'_>)| match expected {
        Expected::Old(index) => old_list.get(*index) == Some(item),
        Expected::New(value) => json(item.clone(), origin).as_ref() == Ok(*value),
    };
    let counts = [old_list.len(), new_list.len()];
    Ok(old_rest == new_rest
        && counts == [count, expected.len()]
        && new_list.iter().zip(expected).all(is_expected))
}

fn first_document(text: &str, origin: &str) -> Result<Value, YamlError> {
    deep::refuse(text, origin)?;
    let document = serde_yaml::Deserializer::from_str(without_mark(text)).next();
    let value = document.map_or(Ok(Value::Null), Value::deserialize);
    value.map_err(|error| located(&error, origin))
}

/// The items of the list at `steps`, and the document without it.
fn apart(mut document: Value, steps: &[Step]) -> (Vec<Value>, Value) {
    let items = |list: Value| match list {
        Value::Sequence(items) => items,
        _ => Vec::new(),
    };
    let Some((last, above)) = steps.split_last() else {
        return (items(document), Value::Null);
    };
    if document.is_null() {
        document = Value::Mapping(serde_yaml::Mapping::new());
    }
    let mut parent = &mut document;
    for step in above {
        let below = match step {
            Step::Key(key) => parent.get_mut(key.as_str()),
            Step::Index(index) => parent.get_mut(*index),
        };
        match below {
            Some(below) => parent = below,
            None => return (Vec::new(), document),
        }
    }
    let removed = match (last, parent) {
        (Step::Key(key), Value::Mapping(map)) => map.shift_remove(key.as_str()),
        _ => None,
    };
    (items(removed.unwrap_or(Value::Null)), document)
}
