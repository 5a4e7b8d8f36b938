//! Relabeling without targets: what it makes of labels whose values are not known yet.

use promconf::RelabelConfig;
use promconf::regex::anchored;
use std::collections::BTreeMap;

use super::pattern::{Outcome, literals, matched};
use super::template::Template;
use crate::job::Role;

/// The labels that decide where a scrape goes.
pub(super) const ADDRESS: &str = "__address__";
pub(super) const PATH: &str = "__metrics_path__";
pub(super) const SCHEME: &str = "__scheme__";

/// More possible values than anybody means to have: beyond, only their sources are told.
const MOST: usize = 8;

/// Every label's possible values, and what targets have to have to be kept.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    /// What made the targets; it says what their labels look like.
    pub(super) role: Option<Role>,
    values: BTreeMap<String, Vec<Template>>,
    /// Discovered labels with the only values that are kept.
    kept: BTreeMap<String, Vec<String>>,
}

impl Labels {
    pub(super) fn new(role: Option<Role>, scheme: &str, path: &str) -> Self {
        let mut labels = Self {
            role,
            values: BTreeMap::new(),
            kept: BTreeMap::new(),
        };
        labels.set(SCHEME, Template::text(scheme));
        labels.set(PATH, Template::text(path));
        labels
    }

    pub(super) fn set(&mut self, label: &str, value: Template) {
        self.values.insert(label.to_owned(), vec![value]);
    }

    /// Only targets whose `label` has one of `values` count.
    pub(super) fn keep(&mut self, label: &str, values: Vec<String>) {
        let both = match self.kept.get(label) {
            Some(before) => before
                .iter()
                .filter(|value| values.contains(value))
                .cloned()
                .collect(),
            None => values,
        };
        self.kept.insert(label.to_owned(), both);
    }

    /// The only values of a discovered label that are kept; empty where any value is.
    pub(super) fn kept(&self, label: &str) -> &[String] {
        self.kept.get(label).map_or(&[], Vec::as_slice)
    }

    /// What `label` may hold.
    pub(super) fn get(&self, label: &str) -> Vec<Template> {
        self.values
            .get(label)
            .cloned()
            .unwrap_or_else(|| vec![Template::of_label(label)])
    }

    /// Does what Prometheus does with one step of relabelling (`relabel` in `model/relabel/relabel.go`).
    pub(super) fn apply(&mut self, step: &RelabelConfig) {
        match step.action.as_str() {
            "" | "replace" => self.replace(step),
            "keep" => self.keep_matching(step),
            "labelmap" => self.map(step),
            "lowercase" | "uppercase" | "hashmod" => {
                let sources = step.source_labels.iter().flat_map(|label| self.get(label));
                let mut made_of: Vec<String> = sources.flat_map(|value| value.labels()).collect();
                made_of.dedup();
                if let Some(target) = &step.target_label {
                    self.set(target, Template::made_of(made_of));
                }
            }
            // What drops targets makes no other of those that stay.
            _ => {}
        }
    }

    fn replace(&mut self, step: &RelabelConfig) {
        let Some(target) = step.target_label.as_deref() else {
            return;
        };
        let regex = anchored(step.regex.as_deref());
        let replacement = step.replacement.as_deref().unwrap_or("$1");
        let mut values = Vec::new();
        for source in self.joined(step) {
            let outcome = matched(regex.as_ref(), &source, self.role);
            if let Outcome::Always(_) = &outcome {
            } else {
                values.extend(self.get(target));
            }
            match outcome {
                Outcome::Always(groups) | Outcome::Sometimes(groups) => {
                    values.push(groups.expand(replacement));
                }
                Outcome::Never => {}
            }
        }
        if target.contains('$') {
            // Which label is written depends on what is discovered.
            let made_of = self
                .joined(step)
                .iter()
                .flat_map(Template::labels)
                .collect();
            self.maybe_write(target, &Template::made_of(made_of));
            return;
        }
        self.values.insert(target.to_owned(), few(values));
    }

    fn keep_matching(&mut self, step: &RelabelConfig) {
        let separator = step.separator.as_deref().unwrap_or(";");
        let Some(regex) = step.regex.as_deref() else {
            return;
        };
        // `(a;b;c)` is `a;b;c`.
        let inner = regex
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'));
        let regex = inner
            .filter(|inner| !inner.contains(['(', ')', '|']))
            .unwrap_or(regex);
        let parts: Vec<&str> = match step.source_labels.len() {
            1 => vec![regex],
            _ if separator.is_empty() => return,
            _ => regex.split(separator).collect(),
        };
        if parts.len() != step.source_labels.len() {
            return;
        }
        for (label, part) in step.source_labels.iter().zip(parts) {
            let values = self.get(label);
            let ([value], Some(literals)) = (values.as_slice(), literals(part)) else {
                continue;
            };
            if let Some(discovered) = value.label().map(str::to_owned) {
                self.keep(&discovered, literals);
            }
        }
    }

    fn map(&mut self, step: &RelabelConfig) {
        let Some(replacement) = step.replacement.as_deref() else {
            return; // The new name is a part of the old one: no label of discovery ends in one of the three.
        };
        let regex = step.regex.as_deref().unwrap_or("(.*)");
        self.maybe_write(replacement, &Template::made_of(vec![regex.to_owned()]));
    }

    /// Every label that the pattern `name` may stand for may hold `value` beside what it holds.
    fn maybe_write(&mut self, name: &str, value: &Template) {
        let beginning = name.split('$').next().unwrap_or_default();
        if !beginning.starts_with("__") {
            return; // A discovered name within it begins with a letter: such a name is none of the three.
        }
        for label in [ADDRESS, PATH, SCHEME] {
            let may_be = if name.contains('$') {
                label.starts_with(beginning)
            } else {
                label == name
            };
            if may_be {
                let mut values = self.get(label);
                values.push(value.clone());
                self.values.insert(label.to_owned(), few(values));
            }
        }
    }

    /// What the source labels may be, joined.
    fn joined(&self, step: &RelabelConfig) -> Vec<Template> {
        let separator = step.separator.as_deref().unwrap_or(";");
        let mut joined = vec![Template::default()];
        for (index, label) in step.source_labels.iter().enumerate() {
            let values = self.get(label);
            let mut longer = Vec::new();
            for before in &joined {
                for value in &values {
                    let mut template = before.clone();
                    if index > 0 {
                        template.extend(Template::text(separator));
                    }
                    template.extend(value.clone());
                    longer.push(template);
                }
            }
            joined = few(longer);
        }
        joined
    }
}

fn few(values: Vec<Template>) -> Vec<Template> {
    let mut few: Vec<Template> = Vec::new();
    for value in values {
        if !few.contains(&value) {
            few.push(value);
        }
    }
    if few.len() > MOST {
        let labels = few.iter().flat_map(Template::labels).collect();
        return vec![Template::made_of(labels)];
    }
    few
}
