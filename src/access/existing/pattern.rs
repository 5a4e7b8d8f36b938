//! Whether a regular expression matches a value that is known in part only, and what its groups hold then.

use regex::Regex;

use super::labels::ADDRESS;
use super::template::{Piece, Template};
use crate::job::Role;

/// Whether it matches.
pub(super) enum Outcome {
    /// Whatever is discovered.
    Always(Groups),
    /// It depends on what is discovered.
    Sometimes(Groups),
    /// Nothing that can be discovered.
    Never,
}

/// What the groups of a match hold.
pub(super) struct Groups {
    /// Each group's name, if it has one, and value; the first is the whole match.
    groups: Vec<(Option<String>, Template)>,
    /// What is used where no example matches: something made of the whole.
    otherwise: Template,
}

/// Tries `regex` on examples of what `value` can be.
pub(super) fn matched(regex: Option<&Regex>, value: &Template, role: Option<Role>) -> Outcome {
    let otherwise = Template::made_of(value.labels());
    let unknown = |otherwise| {
        Outcome::Sometimes(Groups {
            groups: Vec::new(),
            otherwise,
        })
    };
    let Some(regex) = regex else {
        return unknown(otherwise);
    };
    let examples = examples(value, role);
    let mut first = None;
    let mut matches = 0;
    for example in &examples {
        if let Some(captures) = regex.captures(&example.text) {
            matches += 1;
            if first.is_none() {
                first = Some(groups(regex, &captures, value, example));
            }
        }
    }
    let open = value
        .0
        .iter()
        .any(|piece| matches!(piece, Piece::Taken { labels, whole } if !*whole || !is_always_there(&labels[0], role)));
    match first {
        // Two examples that do not match prove nothing of a value that is not known.
        None if open || value.literal().is_none() => unknown(otherwise),
        None => Outcome::Never,
        Some(groups) => {
            let groups = Groups { groups, otherwise };
            if matches == examples.len() {
                Outcome::Always(groups)
            } else {
                Outcome::Sometimes(groups)
            }
        }
    }
}

/// One text that the value can be, and where in it each piece ends.
struct Example {
    text: String,
    ends: Vec<usize>,
}

fn examples(value: &Template, role: Option<Role>) -> Vec<Example> {
    let variants = if value.literal().is_some() { 1 } else { 2 };
    let example = |variant: usize| {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for piece in &value.0 {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Taken { labels, whole } => {
                    text.push_str(looks_like(labels, *whole, role)[variant]);
                }
            }
            ends.push(text.len());
        }
        Example { text, ends }
    };
    (0..variants).map(example).collect()
}

/// Two values that a label can have, as unlike as they get.
fn looks_like(labels: &[String], whole: bool, role: Option<Role>) -> [&'static str; 2] {
    let [label] = labels else {
        return ["a-b/c.d:1", ""];
    };
    match (label.as_str(), role) {
        (ADDRESS, _) if !whole => ["10.1.2.3", "host-1.example.com"],
        (ADDRESS, Some(Role::Pod)) => ["10.1.2.3:8080", "10.1.2.3"],
        (ADDRESS, Some(Role::Service)) => ["web.shop.svc:8080", "web-1.shop-2.svc:80"],
        (ADDRESS, Some(Role::Ingress)) => ["shop.example.com", "a.b.c"],
        (ADDRESS, _) => ["10.1.2.3:10250", "host-1.example.com:10250"],
        (name, _) if whole && is_always_there(name, role) => ["web-1", "a.b-2"],
        _ => ["a-b/c.d:1", ""],
    }
}

/// Whether discovery gives every target of that role the label, and never an empty one.
fn is_always_there(label: &str, role: Option<Role>) -> bool {
    let name = label.strip_prefix("__meta_kubernetes_");
    match (name, role) {
        (None, _) => label == ADDRESS,
        (Some("namespace"), Some(role)) => role.is_namespaced(),
        (Some("node_name"), Some(Role::Node))
        | (Some("pod_name" | "pod_uid" | "pod_ip" | "pod_phase"), Some(Role::Pod))
        | (
            Some("service_name" | "service_port_number" | "service_port_protocol" | "service_type"),
            Some(Role::Service),
        )
        | (Some("endpoints_name"), Some(Role::Endpoints))
        | (Some("endpointslice_name"), Some(Role::EndpointSlice))
        | (Some("ingress_name" | "ingress_scheme" | "ingress_path"), Some(Role::Ingress)) => true,
        _ => false,
    }
}

fn groups(
    regex: &Regex,
    captures: &regex::Captures<'_>,
    value: &Template,
    example: &Example,
) -> Vec<(Option<String>, Template)> {
    let names = regex.capture_names();
    names
        .zip(captures.iter())
        .map(|(name, group)| {
            let value = group.map_or_else(Template::default, |group| {
                part(value, example, group.start(), group.end())
            });
            (name.map(str::to_owned), value)
        })
        .collect()
}

/// What of `value` stands between two places of its example.
fn part(value: &Template, example: &Example, from: usize, to: usize) -> Template {
    let mut part = Template::default();
    let mut start = 0;
    for (piece, &end) in value.0.iter().zip(&example.ends) {
        let (first, last) = (from.max(start), to.min(end));
        let all = first == start && last == end;
        match piece {
            _ if first > last || (first == last && !(all && from < to)) => {}
            Piece::Text(_) => part.push(Piece::Text(example.text[first..last].to_owned())),
            piece if all => part.push(piece.clone()),
            Piece::Taken { labels, .. } => part.push(Piece::Taken {
                labels: labels.clone(),
                whole: false,
            }),
        }
        start = end;
    }
    // An example that is empty stands for values that are not.
    if part.0.is_empty() && from == to && example.text.is_empty() {
        return Template::clone(value);
    }
    part
}

impl Groups {
    /// `replacement` with its references filled in, as `Regexp.ExpandString` of Go does.
    pub(super) fn expand(&self, replacement: &str) -> Template {
        let mut out = Template::default();
        let mut rest = replacement;
        while let Some((before, after)) = rest.split_once('$') {
            out.push(Piece::Text(before.to_owned()));
            if let Some(after) = after.strip_prefix('$') {
                out.push(Piece::Text("$".to_owned()));
                rest = after;
                continue;
            }
            let word = |text: &str| {
                text.find(|character: char| !character.is_alphanumeric() && character != '_')
                    .unwrap_or(text.len())
            };
            let (name, after) = match after
                .strip_prefix('{')
                .and_then(|text| text.split_once('}'))
            {
                Some(braced) => braced,
                None => after.split_at(word(after)),
            };
            if name.is_empty() {
                out.push(Piece::Text("$".to_owned()));
            } else {
                out.extend(self.group(name));
            }
            rest = after;
        }
        out.push(Piece::Text(rest.to_owned()));
        out
    }

    fn group(&self, name: &str) -> Template {
        if self.groups.is_empty() {
            return self.otherwise.clone();
        }
        let group = match name.parse::<usize>() {
            Ok(index) => self.groups.get(index),
            Err(_) => self
                .groups
                .iter()
                .find(|(known, _)| known.as_deref() == Some(name)),
        };
        group.map_or_else(Template::default, |(_, value)| value.clone())
    }
}

/// The texts that `regex` matches, where it is nothing but a choice of texts: `default`, `(a|b)`, `a\.b`.
pub(super) fn literals(regex: &str) -> Option<Vec<String>> {
    let inner = ["(?:", "("]
        .iter()
        .find_map(|open| regex.strip_prefix(open)?.strip_suffix(')'))
        .unwrap_or(regex);
    inner.split('|').map(literal).collect()
}

fn literal(regex: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = regex.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next().filter(char::is_ascii_punctuation)?),
            _ if r".+*?()[]{}^$".contains(character) => return None,
            _ => text.push(character),
        }
    }
    (!text.is_empty()).then_some(text)
}
