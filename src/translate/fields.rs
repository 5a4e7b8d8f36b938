//! An object that is read field by field, so that no field is passed over in silence.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::build::Build;
use super::context::Context;
use super::duration;
use crate::alloy::Value;
use crate::mask::scrub;

/// An object, and which of its fields were read.
pub(super) struct Fields<'a> {
    object: &'a Json,
    path: String,
    taken: BTreeSet<&'a str>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a Json, path: impl Into<String>) -> Self {
        Self {
            object,
            path: path.into(),
            taken: BTreeSet::new(),
        }
    }

    /// The path of a field: `spec.remoteWrite[0].url`.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<&'a Json> {
        let (name, value) = self.object.as_object()?.get_key_value(name)?;
        self.taken.insert(name);
        (!value.is_null()).then_some(value)
    }

    pub(super) fn inner(&mut self, name: &str) -> Option<Self> {
        let path = self.at(name);
        self.take(name).map(|value| Self::of(value, path))
    }

    pub(super) fn list(&mut self, name: &str) -> Vec<Self> {
        let path = self.at(name);
        let items = self.take(name).and_then(Json::as_array);
        let items = items.into_iter().flatten().enumerate();
        items
            .map(|(index, item)| Self::of(item, format!("{path}[{index}]")))
            .collect()
    }

    /// A scalar as text; one that looks like a secret is a finding.
    pub(super) fn text(&mut self, name: &str, context: &mut Context) -> Option<String> {
        let text = scalar(self.take(name)?)?;
        context.plain(&self.at(name), text)
    }

    pub(super) fn texts(&mut self, name: &str, context: &mut Context) -> Vec<String> {
        let path = self.at(name);
        let items = self.take(name).and_then(Json::as_array);
        let texts = items.into_iter().flatten().filter_map(scalar);
        texts
            .filter_map(|text| context.plain(&path, text))
            .collect()
    }

    /// Copies texts.
    pub(super) fn copy(&mut self, names: &[(&str, &str)], context: &mut Context, out: &mut Build) {
        for (from, to) in names {
            if let Some(text) = self.text(from, context) {
                out.text(to, text);
            }
        }
    }

    /// Copies booleans and numbers.
    pub(super) fn copy_plain(
        &mut self,
        names: &[(&str, &str)],
        context: &mut Context,
        out: &mut Build,
    ) {
        for (from, to) in names {
            match self.take(from) {
                None => {}
                Some(Json::Bool(truth)) => out.set(to, Value::Bool(*truth)),
                Some(Json::Number(number)) => out.set(to, Value::Number(number.clone())),
                Some(_) => context.findings.error(
                    self.at(from),
                    "is neither a number nor true or false, correct it",
                ),
            }
        }
    }

    /// Copies durations, in units that Alloy knows.
    pub(super) fn copy_durations(
        &mut self,
        names: &[(&str, &str)],
        context: &mut Context,
        out: &mut Build,
    ) {
        for (from, to) in names {
            if let Some(text) = self.duration(from, context) {
                out.text(to, text);
            }
        }
    }

    pub(super) fn duration(&mut self, name: &str, context: &mut Context) -> Option<String> {
        let text = self.text(name, context).filter(|text| !text.is_empty())?;
        let duration = duration::for_alloy(&text);
        if duration.is_none() {
            context
                .findings
                .error(self.at(name), "is no duration, write it as 1m30s");
        }
        duration
    }

    /// Every field that nobody read is a finding.
    pub(super) fn rest(self, context: &mut Context) {
        for (name, value) in self.object.as_object().into_iter().flatten() {
            if !value.is_null() && !self.taken.contains(name.as_str()) {
                context.findings.error(
                    self.at(name),
                    "Alloy's component has no such argument, do without it or find another way",
                );
            }
        }
    }
}

/// A scalar's text, as YAML's readers of text take it.
pub(super) fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Whether a text holds what looks like a token or a password.
pub(super) fn looks_secret(text: &str) -> bool {
    let scrubbed = scrub(text);
    ["<token>", ":<password>@"]
        .iter()
        .any(|mark| scrubbed.matches(mark).count() > text.matches(mark).count())
}
