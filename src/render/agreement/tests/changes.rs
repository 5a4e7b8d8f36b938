//! No field of a rendered job can change unseen.

use serde_json::{Value, json};

use super::cases::CASES;

/// A field with a value that Prometheus fills in where the field is left out, or that selects everything.
fn is_default(key: &str, value: &Value) -> bool {
    [
        ("scheme", json!("http")),
        ("scheme", json!("HTTP")),
        ("path", json!("/metrics")),
        ("metrics_path", json!("/metrics")),
        ("metricsPath", json!("/metrics")),
        ("honor_labels", json!(false)),
        ("honorLabels", json!(false)),
        ("honor_timestamps", json!(true)),
        ("honorTimestamps", json!(true)),
        ("type", json!("Bearer")),
        ("action", json!("replace")),
        ("regex", json!("(.*)")),
        ("replacement", json!("$1")),
        ("selector", json!({})),
        ("serviceDiscoveryRole", json!("Endpoints")),
    ]
    .contains(&(key, value.clone()))
}

/// Copies of `value`, each with one change, and what was changed.
fn changed(value: &Value, at: &str) -> Vec<(String, Value)> {
    let mut changes = Vec::new();
    match value {
        Value::Object(map) => {
            let mut more = value.clone();
            more["unheardOf"] = json!("x");
            changes.push((format!("{at}: a field more"), more));
            for (key, inner) in map {
                let here = format!("{at}/{key}");
                if !is_default(key, inner) {
                    let mut less = map.clone();
                    less.remove(key);
                    changes.push((format!("{here}: left out"), less.into()));
                }
                for (what, inner) in changed(inner, &here) {
                    let mut other = value.clone();
                    other[key] = inner;
                    changes.push((what, other));
                }
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                let here = format!("{at}/{index}");
                let (mut less, mut twice) = (items.clone(), items.clone());
                less.remove(index);
                twice.insert(index, inner.clone());
                changes.push((format!("{here}: left out"), less.into()));
                changes.push((format!("{here}: twice"), twice.into()));
                for (what, inner) in changed(inner, &here) {
                    let mut other = items.clone();
                    other[index] = inner;
                    changes.push((what, other.into()));
                }
            }
        }
        Value::String(text) => {
            changes.push((format!("{at}: more text"), json!(format!("{text}x"))));
        }
        Value::Bool(flag) => changes.push((format!("{at}: the other"), json!(!flag))),
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or_default() + 1;
            changes.push((format!("{at}: one more"), json!(number)));
        }
        Value::Null => {}
    }
    changes
}

#[test]
fn whatever_is_changed_in_a_rendered_job_is_told() {
    let mut tried = 0;
    for case in &*CASES {
        let changes = if case.is_object() {
            // What an object is called is checked elsewhere.
            let spec = |(what, spec): (String, Value)| {
                let mut object = case.rendered.clone();
                object["spec"] = spec;
                (what, object)
            };
            let changes = changed(&case.rendered["spec"], "spec").into_iter();
            changes.map(spec).collect()
        } else {
            changed(&case.rendered, "")
        };
        tried += changes.len();
        for (what, rendered) in changes {
            let told = case.told(&rendered);
            assert!(
                !told.is_empty(),
                "{} of {}: {what}",
                case.template,
                case.job.name
            );
        }
    }
    assert!(tried > 2_000, "{tried}");
}
