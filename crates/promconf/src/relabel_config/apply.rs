//! Relabeling of one target's labels, as Prometheus does it (`relabel` in `model/relabel/relabel.go`).

use std::collections::BTreeMap;

use regex::Captures;

use super::{RelabelConfig, is_label_name};
use crate::regex::anchored;

/// A target's labels. A label with an empty value is one that is not there.
pub type TargetLabels = BTreeMap<String, String>;

/// What one step makes of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is scraped, unless a later step drops it.
    Kept,
    /// It is not scraped.
    Dropped,
}

/// Does every step in order, until one drops the target.
///
/// `hashmod` is not followed: it shares targets out among several instances of a consumer, and all of them are of
/// interest. What it would write is left out, and a `keep` or `drop` that reads that label keeps every target.
pub fn relabel(steps: &[RelabelConfig], labels: &mut TargetLabels) -> Fate {
    let mut shared: Vec<&str> = Vec::new();
    for step in steps {
        if step.action == "hashmod" {
            shared.extend(step.target_label.as_deref());
            continue;
        }
        let is_share = |label: &String| shared.contains(&label.as_str());
        if matches!(step.action.as_str(), "keep" | "drop")
            && step.source_labels.iter().any(is_share)
        {
            continue;
        }
        if step.apply(labels) == Fate::Dropped {
            return Fate::Dropped;
        }
    }
    Fate::Kept
}

impl RelabelConfig {
    fn apply(&self, labels: &mut TargetLabels) -> Fate {
        let source = self.source(labels);
        let matches =
            || anchored(self.regex.as_deref()).is_some_and(|regex| regex.is_match(&source));
        let target = self.target_label.as_deref().unwrap_or_default();
        match self.action.as_str() {
            "keep" => return kept_if(matches()),
            "drop" => return kept_if(!matches()),
            "keepequal" => return kept_if(get(labels, target) == source),
            "dropequal" => return kept_if(get(labels, target) != source),
            "" | "replace" => self.write(&source, labels),
            "lowercase" => set(labels, target, source.to_lowercase()),
            "uppercase" => set(labels, target, source.to_uppercase()),
            "labelmap" => self.map(labels),
            "labeldrop" => self.retain(labels, false),
            "labelkeep" => self.retain(labels, true),
            _ => {}
        }
        Fate::Kept
    }

    fn source(&self, labels: &TargetLabels) -> String {
        let values: Vec<&str> = self
            .source_labels
            .iter()
            .map(|label| get(labels, label))
            .collect();
        values.join(self.separator.as_deref().unwrap_or(";"))
    }

    fn replacement(&self) -> &str {
        self.replacement.as_deref().unwrap_or("$1")
    }

    fn write(&self, source: &str, labels: &mut TargetLabels) {
        let regex = anchored(self.regex.as_deref());
        let Some(groups) = regex.as_ref().and_then(|regex| regex.captures(source)) else {
            return;
        };
        let target = expand(&groups, self.target_label.as_deref().unwrap_or_default());
        if is_label_name(&target) {
            let value = expand(&groups, self.replacement());
            set(labels, &target, value);
        }
    }

    fn map(&self, labels: &mut TargetLabels) {
        let Some(regex) = anchored(self.regex.as_deref()) else {
            return;
        };
        let mapped: TargetLabels = labels
            .iter()
            .filter_map(|(label, value)| {
                let groups = regex.captures(label)?;
                Some((expand(&groups, self.replacement()), value.clone()))
            })
            .collect();
        labels.extend(mapped);
    }

    fn retain(&self, labels: &mut TargetLabels, matching: bool) {
        if let Some(regex) = anchored(self.regex.as_deref()) {
            labels.retain(|label, _| regex.is_match(label) == matching);
        }
    }
}

const fn kept_if(kept: bool) -> Fate {
    if kept { Fate::Kept } else { Fate::Dropped }
}

fn get<'a>(labels: &'a TargetLabels, label: &str) -> &'a str {
    labels.get(label).map_or("", String::as_str)
}

fn set(labels: &mut TargetLabels, label: &str, value: String) {
    if value.is_empty() {
        labels.remove(label);
    } else {
        labels.insert(label.to_owned(), value);
    }
}

fn expand(groups: &Captures<'_>, template: &str) -> String {
    let mut text = String::new();
    groups.expand(template, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> TargetLabels {
        let own = |&(label, value): &(&str, &str)| (label.to_owned(), value.to_owned());
        pairs.iter().map(own).collect()
    }

    fn step(action: &str, sources: &[&str], regex: &str, target: &str) -> RelabelConfig {
        RelabelConfig {
            action: action.to_owned(),
            source_labels: sources.iter().map(|&label| label.to_owned()).collect(),
            regex: Some(regex.to_owned()),
            target_label: Some(target.to_owned()),
            ..RelabelConfig::default()
        }
    }

    #[test]
    fn each_action_does_what_prometheus_does() {
        let before = labels(&[("a", "Foo"), ("b", "bar"), ("__meta_x_app", "shop")]);
        for (step, expected) in [
            (
                RelabelConfig::replace(&["a", "b"], "F(.*);(.*)", "c", "$2-$1"),
                Some(vec![("c", "bar-oo")]),
            ),
            // Anchored: a part of the value is not enough.
            (RelabelConfig::replace(&["a"], "o", "a", "x"), Some(vec![])),
            // An empty value takes the label away.
            (
                RelabelConfig::replace(&["a"], "(.*)", "b", ""),
                Some(vec![("b", "")]),
            ),
            (
                RelabelConfig::replace(&["b"], "(.*)", "to_$1", "1"),
                Some(vec![("to_bar", "1")]),
            ),
            (
                RelabelConfig::replace(&["a"], "(.*)", "no-name", "1"),
                Some(vec![]),
            ),
            (RelabelConfig::keep(&["a"], "Foo|x"), Some(vec![])),
            (RelabelConfig::keep(&["a"], "Fo"), None),
            (RelabelConfig::keep(&["missing"], ""), Some(vec![])),
            (RelabelConfig::drop(&["b"], "b.r"), None),
            (
                step("lowercase", &["a"], "(.*)", "c"),
                Some(vec![("c", "foo")]),
            ),
            (
                step("uppercase", &["b"], "(.*)", "b"),
                Some(vec![("b", "BAR")]),
            ),
            (step("keepequal", &["a"], "(.*)", "b"), None),
            (step("dropequal", &["a"], "(.*)", "b"), Some(vec![])),
            (
                RelabelConfig::labelmap("__meta_x_(.+)", "$1"),
                Some(vec![("app", "shop")]),
            ),
            (
                step("labeldrop", &[], "a|b", ""),
                Some(vec![("a", ""), ("b", "")]),
            ),
            (
                step("labelkeep", &[], "a|b", ""),
                Some(vec![("__meta_x_app", "")]),
            ),
        ] {
            let mut after = before.clone();
            let fate = relabel(std::slice::from_ref(&step), &mut after);
            let expected = expected.map(|changes| {
                let mut labels = before.clone();
                for (label, value) in changes {
                    set(&mut labels, label, value.to_owned());
                }
                labels
            });
            assert_eq!((fate == Fate::Kept).then_some(after), expected, "{step:?}");
        }
    }

    #[test]
    fn targets_of_every_shard_are_of_interest() {
        let steps = [
            step("hashmod", &["a"], "(.*)", "__tmp_hash"),
            RelabelConfig::keep(&["__tmp_hash"], "$(SHARD)"),
        ];
        assert_eq!(relabel(&steps, &mut labels(&[("a", "x")])), Fate::Kept);
    }
}
