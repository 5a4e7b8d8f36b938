//! A value of a configuration, with its place and in either of two spellings.

use serde_json::Value;

use super::Place;
use yaml::{Lines, YamlError};

/// One document.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) lines: &'a Lines,
    pub(super) spelling: Spelling,
}

/// How keys are written. Asked for is always the spelling of Prometheus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `source_labels`, as Prometheus' configuration has it.
    Prometheus,
    /// `sourceLabels`, as prometheus-operator's objects have it.
    Operator,
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) source: Source<'a>,
    pointer: String,
    pub(super) value: &'a Value,
}

impl<'a> Node<'a> {
    pub(super) fn root(source: Source<'a>, value: &'a Value) -> Self {
        Self {
            source,
            pointer: String::new(),
            value,
        }
    }

    /// The same value, its keys in another spelling.
    pub(super) fn spelled(mut self, spelling: Spelling) -> Self {
        self.source.spelling = spelling;
        self
    }

    /// What stands under `key`; nothing for null.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let key = match self.source.spelling {
            Spelling::Prometheus => key.to_owned(),
            Spelling::Operator => camel(key),
        };
        let value = self.value.get(&key).filter(|value| !value.is_null())?;
        Some(Self {
            source: self.source,
            pointer: format!("{}/{key}", self.pointer),
            value,
        })
    }

    /// What stands under keys within keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<Self> {
        keys.iter()
            .try_fold(self.clone(), |node, key| node.get(key))
    }

    /// A text, or another scalar as a text: `regex: true` is one.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, YamlError> {
        self.get(key).map(|node| node.as_text()).transpose()
    }

    pub(super) fn as_text(&self) -> Result<String, YamlError> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.fault("a text is expected here")),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, YamlError> {
        self.flag_or(key, false)
    }

    /// The flag under `key`, or `default` where there is none.
    pub(super) fn flag_or(&self, key: &str, default: bool) -> Result<bool, YamlError> {
        match self.get(key) {
            None => Ok(default),
            Some(node) => node
                .value
                .as_bool()
                .ok_or_else(|| node.fault("true or false is expected here")),
        }
    }

    /// The items of the list under `key`; none where there is no such key.
    pub(super) fn list(&self, key: &str) -> Result<Vec<Self>, YamlError> {
        self.get(key).map_or(Ok(Vec::new()), |node| node.items())
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, YamlError> {
        let Value::Array(items) = self.value else {
            return Err(self.fault("a list is expected here"));
        };
        let items = items.iter().enumerate().map(|(index, value)| Self {
            source: self.source,
            pointer: format!("{}/{index}", self.pointer),
            value,
        });
        Ok(items.collect())
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, YamlError> {
        self.list(key)?.iter().map(Self::as_text).collect()
    }

    /// Its entries, each value with its key as it is written.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Self)>, YamlError> {
        let Value::Object(map) = self.value else {
            return Err(self.fault("keys with values are expected here"));
        };
        let entries = map.iter().map(|(key, value)| {
            let pointer = format!(
                "{}/{}",
                self.pointer,
                key.replace('~', "~0").replace('/', "~1")
            );
            let node = Self {
                source: self.source,
                pointer,
                value,
            };
            (key.as_str(), node)
        });
        Ok(entries.collect())
    }

    pub(super) fn place(&self) -> Place {
        Place {
            file: self.source.file.to_owned(),
            line: self.source.lines.of(&self.pointer),
        }
    }

    pub(super) fn fault(&self, message: impl Into<String>) -> YamlError {
        YamlError {
            origin: self.source.file.to_owned(),
            line: self.source.lines.of(&self.pointer),
            column: 0,
            message: message.into(),
        }
    }
}

fn camel(key: &str) -> String {
    if key == "kubernetes_sd_configs" {
        return "kubernetesSDConfigs".to_owned();
    }
    let mut camel = String::with_capacity(key.len());
    let mut parts = key.split('_');
    camel.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let mut characters = part.chars();
        camel.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(characters.as_str());
    }
    camel
}
