//! The items of a list by their names.

use serde_json::Value;

use super::Refusal;
use super::entry::{items, mark, value};
use crate::mark::Mark;
use yaml::{List, Step, locate};

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its line, counted from 1; in a list in brackets that of the list.
    pub line: usize,
    /// Its mark. An item of a list in brackets has none.
    pub mark: Option<Mark>,
    /// The value of an item with a mark, where that needs nothing from outside it.
    pub value: Option<Value>,
}

/// The items of a list that have a name.
///
/// # Errors
/// As for [`locate`].
pub fn names(
    text: &str,
    origin: &str,
    steps: &[Step],
    name_key: &str,
) -> Result<Vec<Named>, Refusal> {
    let located = locate(text, steps, name_key, yaml::NOTHING, origin)?;
    Ok(match &located.list {
        List::Unfit { line, names, .. } => names
            .iter()
            .map(|name| Named {
                name: name.to_string(),
                line: *line,
                mark: None,
                value: None,
            })
            .collect(),
        _ => items(&located.list)
            .iter()
            .filter_map(|item| {
                let mark = mark(text, item);
                Some(Named {
                    name: item.name.clone()?.into_owned(),
                    line: item.line,
                    value: mark.as_ref().and_then(|_| value(text, item)),
                    mark,
                })
            })
            .collect(),
    })
}
