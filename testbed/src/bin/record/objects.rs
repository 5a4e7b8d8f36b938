//! The objects that a run wrote, as the cluster holds them.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value};
use testbed::{Client, Event};

/// What the server adds to every object, and what differs from run to run by itself.
const OF_THE_SERVER: [&str; 6] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
];

/// Each object that was written, once, with who manages its fields; `deleted` where it is gone.
pub(crate) fn text(client: &Client, events: &[Event]) -> String {
    let written =
        |event: &&Event| event.is_write() && event.code < 300 && event.subresource.is_empty();
    let paths: BTreeSet<String> = events.iter().filter(written).map(path).collect();
    let mut text = String::new();
    for path in paths {
        let _ = writeln!(text, "--- {path}");
        match client.get(&path) {
            Ok(object) => text.push_str(&shown(object)),
            Err(failure) if failure.code == 404 => text.push_str("deleted\n"),
            Err(failure) => panic!("{failure}"),
        }
    }
    text
}

/// The path of an object; that of the request where a collection was posted to lacks the name.
fn path(event: &Event) -> String {
    let path = event.uri.split('?').next().unwrap_or_default();
    if path.ends_with(&format!("/{}", event.name)) {
        path.to_owned()
    } else {
        format!("{path}/{}", event.name)
    }
}

fn shown(mut object: Value) -> String {
    let managers = managers(&object);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in OF_THE_SERVER {
            metadata.remove(key);
        }
    }
    let is_secret = object["kind"] == "Secret";
    let data = object
        .as_object_mut()
        .and_then(|object| object.remove("data"));
    let mut text = format!("{object:#}\n");
    for (key, value) in data
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let _ = writeln!(text, "key {key}:");
        for line in decoded(value, is_secret).lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    let _ = writeln!(text, "managed by {managers}");
    text
}

/// The text of a key.
fn decoded(value: &Value, is_secret: bool) -> String {
    let text = value.as_str().unwrap_or_default();
    let bytes = is_secret
        .then(|| BASE64_STANDARD.decode(text).ok())
        .flatten();
    let bytes = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.unwrap_or_else(|| text.to_owned())
}

/// `NAME OPERATION` of each, with the top-level fields.
fn managers(object: &Value) -> String {
    let entries = object["metadata"]["managedFields"].as_array();
    let mut managers: Vec<String> = entries
        .into_iter()
        .flatten()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            let none = Map::new();
            let fields = entry["fieldsV1"].as_object().unwrap_or(&none).keys();
            let fields: Vec<&str> = fields.map(|field| field.trim_start_matches("f:")).collect();
            format!(
                "{} {} ({})",
                text("manager"),
                text("operation"),
                fields.join(", ")
            )
        })
        .collect();
    managers.sort();
    managers.join("; ")
}
