//! A step of relabelling, with what Prometheus fills in left out.

use serde_json::{Value, json};

/// What a step has unless it says otherwise (`DefaultRelabelConfig` in `model/relabel/relabel.go` of Prometheus).
const DEFAULTS: [(&str, &str); 3] = [("separator", ";"), ("regex", "(.*)"), ("replacement", "$1")];

/// The step with its action, and otherwise with what is no default; anything but a map as it is.
pub(super) fn canonical(mut step: Value) -> Value {
    let Some(fields) = step.as_object_mut() else {
        return step;
    };
    for (field, default) in DEFAULTS {
        if fields.get(field).is_some_and(|value| value == default) {
            fields.remove(field);
        }
    }
    if fields.get("source_labels") == Some(&json!([])) {
        fields.remove("source_labels");
    }
    // Both match the empty text and nothing else; an operator takes the shorter one for none.
    if fields.get("regex").is_some_and(|regex| regex == "") {
        fields.insert("regex".to_owned(), json!("()"));
    }
    let action = fields.entry("action").or_insert_with(|| json!("replace"));
    if let Value::String(action) = action {
        *action = action.to_lowercase();
    }
    step
}
