//! What the tests of this folder change, and how they look at what came of it.

use std::ops::Range;

use monconf::splice::{self, Entry, Refusal, Splice, Spliced};
use serde_json::{Map, Value, json};
use yaml::Step;

pub(super) const INSTANCE: &str = "monitoring";
/// Begins the comment before the word for nothing that a list was.
pub(super) const WAS: &str = "# by monconf, was: ";

/// A job with what jobs have: lists in lists, and texts that need quotes.
pub(super) fn job(name: &str, scheme: &str) -> Entry {
    Entry {
        name: name.to_owned(),
        value: json!({
            "job_name": name,
            "scheme": scheme,
            "authorization": {"credentials_file": "/etc/prometheus/monconf/token"},
            "kubernetes_sd_configs": [{"role": "node", "api_server": "https://kubernetes.example.com:6443"}],
            "relabel_configs": [
                {"action": "labelmap", "regex": "__meta_kubernetes_node_label_(.+)"},
                {"target_label": "__address__", "replacement": "a: b # \"c\""},
            ],
        }),
    }
}

pub(super) fn splice(text: &str, steps: &[Step], entries: &[Entry]) -> Result<Spliced, Refusal> {
    let mark = monconf::mark::Mark::new(INSTANCE, monconf::mark::ClusterIdentity::default());
    let wanted = Splice {
        steps,
        name_key: "job_name",
        mark: &mark,
        fresh: &mark,
        entries,
        told: None,
    };
    splice::splice(text, "prometheus.yml", &wanted)
}

/// The text after the change, which is the same when it is made again.
#[track_caller]
pub(super) fn changed(text: &str, steps: &[Step], entries: &[Entry]) -> String {
    let change = |text: &str| {
        let spliced = splice(text, steps, entries);
        spliced
            .unwrap_or_else(|refusal| panic!("{refusal}\n{text}"))
            .text
    };
    let new = change(text).unwrap_or_else(|| text.to_owned());
    assert_eq!(change(&new), None, "a second time:\n{new}");
    new
}

/// The list in a document, made where there is none.
pub(super) fn list<'v>(document: &'v mut Value, steps: &[Step]) -> &'v mut Vec<Value> {
    let mut place = document;
    for step in steps {
        place = match step {
            Step::Key(key) => {
                if place.is_null() {
                    *place = Value::Object(Map::new());
                }
                place
                    .as_object_mut()
                    .unwrap()
                    .entry(key)
                    .or_insert(Value::Null)
            }
            Step::Index(index) => &mut place[index],
        };
    }
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    place.as_array_mut().unwrap()
}

/// Where `new` has something that `old` has not, if that is all they differ in. Of several such places the last one,
/// or the last one that begins a line.
pub(super) fn insertion(old: &str, new: &str) -> Option<Range<usize>> {
    let length = new.len().checked_sub(old.len())?;
    let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b);
    let furthest = same.count();
    let is_one = |start: usize| new.as_bytes()[start + length..] == old.as_bytes()[start..];
    let begins_line = |start: usize| start == 0 || new.as_bytes()[start - 1] == b'\n';
    let mut starts = (0..=furthest).rev().take_while(|start| is_one(*start));
    let last = starts.next()?;
    let start = std::iter::once(last)
        .chain(starts)
        .find(|start| begins_line(*start));
    let start = start.unwrap_or(last);
    Some(start..start + length)
}

#[test]
fn an_insertion_is_found() {
    assert_eq!(insertion("a\nb\n", "a\nc\nb\n"), Some(2..4));
    assert_eq!(insertion("- a\n", "- a\n- b\n"), Some(4..8));
    assert_eq!(insertion("- a", "- a\n- b"), Some(3..7));
    assert_eq!(insertion("ab", "ac"), None);
    assert_eq!(insertion("ab", "xaby"), None);
}
