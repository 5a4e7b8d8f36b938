//! A second opinion on two texts, by a reader of another family: libyaml's, as Prometheus' own is.

use serde::Deserialize;
use serde_yaml::Value;

use super::{Step, YamlError, located, without_mark};

/// Whether two documents mean the same, for this reader too, apart from what the lists at `steps` hold; of those, the
/// items of each pair of indices in `kept` must be equal.
///
/// # Errors
/// What this reader does not take.
pub fn agrees(
    old: &str,
    new: &str,
    steps: &[Step],
    kept: &[(usize, usize)],
    origin: &str,
) -> Result<bool, YamlError> {
    let (old_list, old_rest) = apart(first_document(old, origin)?, steps);
    let (new_list, new_rest) = apart(first_document(new, origin)?, steps);
    let items = kept
        .iter()
        .all(|(old, new)| old_list.get(*old).is_some() && old_list.get(*old) == new_list.get(*new));
    Ok(items && old_rest == new_rest)
}

fn first_document(text: &str, origin: &str) -> Result<Value, YamlError> {
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
