//! Documents as values.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::YamlError;
use super::{deep, merge};

/// Every document of `text` that is not empty. A key that is given twice is an error, as are tags and keys that
/// are no text.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse(text: &str, origin: &str) -> Result<Vec<Value>, YamlError> {
    deep::refuse(text, origin)?;
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(without_mark(text)) {
        // The first error ends it: the reader would give the same one again and again.
        let mut value =
            serde_yaml::Value::deserialize(document).map_err(|error| located(&error, origin))?;
        merge::merge(&mut value).map_err(|message| YamlError {
            origin: origin.to_owned(),
            line: 0,
            column: 0,
            message: message.to_owned(),
        })?;
        if !value.is_null() {
            documents.push(json(value, origin)?);
        }
    }
    Ok(documents)
}

/// One document, as a type.
///
/// # Errors
/// No YAML, or a key or value that the type does not know; with its line.
pub fn from_str<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, YamlError> {
    deep::refuse(text, origin)?;
    serde_yaml::from_str(without_mark(text)).map_err(|error| located(&error, origin))
}

/// `text` without the byte order mark that some editors put before it, which this reader takes for a part of the first
/// word.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

pub(crate) fn located(error: &serde_yaml::Error, origin: &str) -> YamlError {
    let place = error.location();
    let message = error.to_string();
    // The place is told apart from the sentence.
    let message = match message.split_once(" at line ") {
        Some((sentence, _)) => sentence.to_owned(),
        None => message,
    };
    YamlError {
        origin: origin.to_owned(),
        line: place.as_ref().map_or(0, serde_yaml::Location::line),
        column: place.as_ref().map_or(0, serde_yaml::Location::column),
        message,
    }
}

pub(crate) fn json(value: serde_yaml::Value, origin: &str) -> Result<Value, YamlError> {
    let refused = |message: &str| YamlError {
        origin: origin.to_owned(),
        line: 0,
        column: 0,
        message: message.to_owned(),
    };
    Ok(match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(value) => Value::Bool(value),
        serde_yaml::Value::String(text) => Value::String(text),
        serde_yaml::Value::Number(number) => serde_json::to_value(&number)
            .map_err(|_| refused("a number that JSON does not have"))?,
        serde_yaml::Value::Sequence(items) => {
            let items: Result<_, _> = items.into_iter().map(|item| json(item, origin)).collect();
            Value::Array(items?)
        }
        serde_yaml::Value::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let serde_yaml::Value::String(key) = key else {
                    return Err(refused("a key that is not a text"));
                };
                map.insert(key, json(value, origin)?);
            }
            Value::Object(map)
        }
        serde_yaml::Value::Tagged(tagged) => {
            return Err(refused(&format!(
                "the tag {} is not understood",
                tagged.tag
            )));
        }
    })
}
