//! Configurations within ConfigMaps and Secrets, as a cluster keeps them.

use serde_json::Value;

use super::Input;
use crate::object::{decoded, listed};

/// `inputs`, and after each what its ConfigMaps and Secrets hold, named `FILE[KEY]`. Their other keys, such as rules
/// and scripts, are passed over.
pub(super) fn unwrapped(inputs: &[Input]) -> Vec<Input> {
    let mut all = Vec::new();
    for input in inputs {
        all.push(input.clone());
        // What is wrong with a file is said when it is read.
        for document in yaml::parse(&input.text, &input.file).unwrap_or_default() {
            held(&document, &input.file, &mut all);
        }
    }
    all
}

fn held(object: &Value, file: &str, all: &mut Vec<Input>) {
    for item in listed(object).into_iter().flatten() {
        held(item, file, all);
    }
    if object["apiVersion"] != "v1" {
        return;
    }
    let fields: &[&str] = match object["kind"].as_str() {
        Some("ConfigMap") => &["data"],
        Some("Secret") => &["data", "stringData"],
        _ => return,
    };
    for field in fields {
        for (key, value) in object[*field].as_object().into_iter().flatten() {
            let text = value.as_str().unwrap_or_default();
            let text = if object["kind"] == "Secret" && *field == "data" {
                decoded(text).unwrap_or_default()
            } else {
                text.to_owned()
            };
            let file = format!("{file}[{key}]");
            if is_configuration(&text, &file) {
                all.push(Input { file, text });
            }
        }
    }
}

fn is_configuration(text: &str, file: &str) -> bool {
    let documents = yaml::parse(text, file).unwrap_or_default();
    documents.iter().any(|document| {
        document.get("scrape_configs").is_some()
            || document.pointer("/metrics/configs").is_some()
            || document.pointer("/0/job_name").is_some()
    })
}
