//! Sources that are only read.

use std::fs;

use serde_json::{Value, json};
use testbed::Component;

#[test]
fn the_schema_of_sarif_can_be_read() {
    let text = fs::read_to_string(Component::sarif_schema()).expect("it is readable");
    let schema: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(schema["properties"]["version"]["enum"], json!(["2.1.0"]));
    assert_eq!(schema["required"], json!(["version", "runs"]));
    assert!(schema["definitions"]["result"]["properties"]["ruleId"].is_object());
}
