//! Where two jobs of the same vocabulary differ, field by field.

use serde_json::Value;

use crate::mask::scrub;

/// More of a value would hide the rest of the sentence.
const SHOWN: usize = 160;

/// Each difference, with the field's path: `scheme is http, the job has https`.
pub(super) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", Some(expected), Some(found), &mut differences);
    differences
}

fn compare(path: &str, expected: Option<&Value>, found: Option<&Value>, into: &mut Vec<String>) {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let missing = expected.keys();
            let more = found.keys().filter(|key| !expected.contains_key(*key));
            for key in missing.chain(more) {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                compare(&path, expected.get(key), found.get(key), into);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(found))) => {
            lists(path, expected, found, into);
        }
        (expected, found) if expected == found => {}
        (expected, found) => {
            let is = found.map_or_else(|| "missing".to_owned(), shown);
            let has = expected.map_or_else(|| "none".to_owned(), shown);
            into.push(format!("{path} is {is}, the job has {has}"));
        }
    }
}

/// Items that are equal at both ends are none of the difference: where one is missing, the others are not told.
fn lists(path: &str, expected: &[Value], found: &[Value], into: &mut Vec<String>) {
    let same = |pairs: &mut dyn Iterator<Item = (&Value, &Value)>| {
        pairs
            .take_while(|(expected, found)| expected == found)
            .count()
    };
    let begin = same(&mut expected.iter().zip(found));
    let (expected, found) = (&expected[begin..], &found[begin..]);
    let end = same(&mut expected.iter().rev().zip(found.iter().rev()));
    let (expected, found) = (
        &expected[..expected.len() - end],
        &found[..found.len() - end],
    );
    for index in 0..expected.len().max(found.len()) {
        let path = format!("{path}[{}]", begin + index);
        compare(&path, expected.get(index), found.get(index), into);
    }
}

fn shown(value: &Value) -> String {
    // Before it is cut: what is left of a password would not be known as one.
    let text = scrub(&yaml::flow(value));
    if text.chars().count() <= SHOWN {
        return text;
    }
    let beginning: String = text.chars().take(SHOWN).collect();
    format!("{beginning}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_names_its_field_and_both_values() {
        let expected =
            json!({"scheme": "https", "tls_config": {"ca": "cluster"}, "steps": [1, 2, 3, 4]});
        for (found, told) in [
            (
                json!({"scheme": "http", "tls_config": {"ca": "cluster"}, "steps": [1, 2, 3, 4]}),
                vec!["scheme is http, the job has https"],
            ),
            (
                json!({"scheme": "https", "tls_config": {"server_name": "x"}, "steps": [1, 2, 4]}),
                vec![
                    "tls_config.ca is missing, the job has cluster",
                    "tls_config.server_name is x, the job has none",
                    "steps[2] is missing, the job has 3",
                ],
            ),
            (
                json!({"scheme": "https", "tls_config": {"ca": "cluster"}, "steps": [1, 2, 9, 3, 4], "proxy": {"a": "b"}}),
                vec![
                    "steps[2] is 9, the job has none",
                    "proxy is {a: b}, the job has none",
                ],
            ),
            (
                json!([]),
                vec![
                    " is [], the job has {scheme: https, tls_config: {ca: cluster}, steps: [1, 2, 3, 4]}",
                ],
            ),
        ] {
            assert_eq!(differences(&expected, &found), told);
        }
        assert!(differences(&expected, &expected).is_empty());
    }

    #[test]
    fn a_long_value_is_cut_and_what_is_left_holds_no_password() {
        let url = format!(
            "http://u:{}@elsewhere/{}",
            "5eCrEt".repeat(40),
            "a".repeat(200)
        );
        let told = differences(&json!({}), &json!({"proxy_url": url}));
        let told = told.join("\n");
        assert!(told.contains("u:<password>@elsewhere/aaa"), "{told}");
        assert!(told.ends_with("aaa…, the job has none"), "{told}");
        assert!(!told.contains("5eCrEt"), "{told}");
    }
}
