//! Reading a part of `monconf.yaml` field by field: everything that is wrong is collected, each with file and line.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use yaml::Lines;

/// A map of the file, and where it stands.
pub(super) struct Fields<'a> {
    at: String,
    pub(super) map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The map at a JSON pointer.
    pub(super) fn new(at: String, map: &'a Map<String, Value>) -> Self {
        Self { at, map }
    }

    /// The JSON pointer of a field; `key` may be a path of several.
    pub(super) fn pointer(&self, key: &str) -> String {
        match key {
            "" => self.at.clone(),
            _ => format!("{}/{key}", self.at),
        }
    }
}

/// Collects faults.
pub(super) struct Reader<'a> {
    origin: &'a str,
    lines: Lines,
    faults: Vec<(usize, String)>,
}

impl<'a> Reader<'a> {
    /// For the text of the file `origin`.
    ///
    /// # Errors
    /// No YAML.
    pub(super) fn new(text: &str, origin: &'a str) -> Result<Self> {
        let documents = yaml::parse_located(text, origin);
        let document = documents
            .map_err(|error| Error::usage(error.to_string()))?
            .into_iter()
            .next();
        Ok(Self {
            origin,
            lines: document.map(|document| document.lines).unwrap_or_default(),
            faults: Vec::new(),
        })
    }

    pub(super) const fn origin(&self) -> &'a str {
        self.origin
    }

    /// Notes what is wrong with a field, or with the whole map where `key` is empty.
    pub(super) fn fault(&mut self, fields: &Fields, key: &str, why: &str) {
        self.note(&fields.pointer(key), why);
    }

    /// Notes a value that is none of `known`.
    pub(super) fn unknown(&mut self, fields: &Fields, key: &str, value: &str, known: &[&str]) {
        self.fault(
            fields,
            key,
            &format!("{value:?} is unknown; known are {}", known.join(", ")),
        );
    }

    fn note(&mut self, pointer: &str, why: &str) {
        self.faults
            .push((self.lines.of(pointer), format!("{}: {why}", shown(pointer))));
    }

    /// `value`, if nothing was wrong.
    ///
    /// # Errors
    /// Everything that was, in the order of the file.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T> {
        if self.faults.is_empty() {
            return Ok(value);
        }
        self.faults.sort();
        let origin = self.origin;
        let faults: Vec<String> = self
            .faults
            .into_iter()
            .map(|(line, fault)| format!("{origin}:{line}: {fault}"))
            .collect();
        Err(Error::usage(faults.join("\n  ")))
    }

    /// The maps of a list, whose fields are among `known`.
    pub(super) fn maps<'v>(
        &mut self,
        list: &'v Value,
        at: &str,
        known: &[&str],
    ) -> Vec<Fields<'v>> {
        let Some(items) = list.as_array() else {
            self.note(at, "must be a list");
            return Vec::new();
        };
        let mut maps = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let at = format!("{at}/{index}");
            let Some(map) = item.as_object() else {
                self.note(&at, "must be a map");
                continue;
            };
            for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
                self.note(&format!("{at}/{key}"), &unknown_field(key, known));
            }
            maps.push(Fields::new(at, map));
        }
        maps
    }

    pub(super) fn text(&mut self, fields: &Fields, key: &str) -> Option<String> {
        let text = fields.map.get(key)?.as_str();
        if text.is_none() {
            let why = "must be a text; put it in quotes if it looks like something else";
            self.fault(fields, key, why);
        }
        text.map(str::to_owned)
    }

    pub(super) fn required_text(&mut self, fields: &Fields, key: &str) -> Option<String> {
        if !fields.map.contains_key(key) {
            self.fault(fields, "", &format!("{key} is missing"));
        }
        self.text(fields, key)
    }

    pub(super) fn flag(&mut self, fields: &Fields, key: &str) -> Option<bool> {
        let value = fields.map.get(key)?;
        if !value.is_boolean() {
            self.fault(fields, key, "must be true or false");
        }
        value.as_bool()
    }

    pub(super) fn number(&mut self, fields: &Fields, key: &str) -> Option<u64> {
        let value = fields.map.get(key)?;
        if !value.is_u64() {
            self.fault(fields, key, "must be a whole number");
        }
        value.as_u64()
    }

    pub(super) fn texts(&mut self, fields: &Fields, key: &str) -> Vec<String> {
        let Some(value) = fields.map.get(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.fault(fields, key, "must be a list");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.fault(fields, &format!("{key}/{index}"), "must be a text"),
            }
        }
        texts
    }
}

/// `/ownJobs/0/role` as `ownJobs[0].role`.
fn shown(pointer: &str) -> String {
    let mut shown = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.parse::<usize>().is_ok() {
            let _ = write!(shown, "[{part}]");
        } else {
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(&part);
        }
    }
    shown
}

/// With the field that was probably meant: Prometheus' own spelling, or another case.
fn unknown_field(key: &str, known: &[&str]) -> String {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    match known.iter().find(|name| plain(name) == plain(key)) {
        Some(meant) => format!("unknown field; here it is called {meant}"),
        None => format!("unknown field; known are {}", known.join(", ")),
    }
}
