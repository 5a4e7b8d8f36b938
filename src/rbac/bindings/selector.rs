//! Label selectors, as an aggregated ClusterRole has them.

use serde_json::{Map, Value};

use super::Malformed;
use super::parse::strings;

/// A label selector: everything in it has to hold. One without anything selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Reads `matchLabels` and `matchExpressions`.
    ///
    /// # Errors
    /// An operator that the API does not have, or something that is no selector.
    pub(super) fn read(value: &Value, pointer: &str) -> Result<Self, Malformed> {
        let mut requirements = Vec::new();
        for (key, value) in value["matchLabels"].as_object().into_iter().flatten() {
            let Some(value) = value.as_str() else {
                let pointer = format!("{pointer}/matchLabels");
                return Err(Malformed::new(pointer, "the value of a label is a text"));
            };
            requirements.push(Requirement {
                key: key.clone(),
                operator: Operator::In,
                values: vec![value.to_owned()],
            });
        }
        let expressions = value["matchExpressions"].as_array();
        for (index, expression) in expressions.into_iter().flatten().enumerate() {
            let pointer = format!("{pointer}/matchExpressions/{index}");
            let operator = match expression["operator"].as_str() {
                Some("In") => Operator::In,
                Some("NotIn") => Operator::NotIn,
                Some("Exists") => Operator::Exists,
                Some("DoesNotExist") => Operator::DoesNotExist,
                _ => {
                    let reason = "the operator is In, NotIn, Exists or DoesNotExist";
                    return Err(Malformed::new(pointer, reason));
                }
            };
            let Some(key) = expression["key"].as_str() else {
                return Err(Malformed::new(pointer, "the key is missing"));
            };
            requirements.push(Requirement {
                key: key.to_owned(),
                operator,
                values: strings(&expression["values"], &format!("{pointer}/values"))?,
            });
        }
        Ok(Self(requirements))
    }

    /// Whether an object with these labels is selected.
    pub(super) fn selects(&self, labels: &Map<String, Value>) -> bool {
        self.0.iter().all(|requirement| {
            let label = labels.get(&requirement.key).and_then(Value::as_str);
            let is_one = label.is_some_and(|label| requirement.values.iter().any(|of| of == label));
            match requirement.operator {
                Operator::In => is_one,
                Operator::NotIn => !is_one,
                Operator::Exists => label.is_some(),
                Operator::DoesNotExist => label.is_none(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_in_a_selector_has_to_hold() {
        let labels = json!({"app": "web", "tier": "front"});
        let labels = labels.as_object().expect("a map");
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"key": key, "operator": operator, "values": values});
        for (selector, selected) in [
            (json!({}), true),
            (json!({"matchLabels": {"app": "web"}}), true),
            (
                json!({"matchLabels": {"app": "web", "tier": "back"}}),
                false,
            ),
            (
                json!({"matchExpressions": [expression("app", "In", &["db", "web"])]}),
                true,
            ),
            (
                json!({"matchExpressions": [expression("app", "In", &[])]}),
                false,
            ),
            (
                json!({"matchExpressions": [expression("app", "NotIn", &["web"])]}),
                false,
            ),
            // As the API server has it: without the label there is no value that could be one of them.
            (
                json!({"matchExpressions": [expression("zone", "NotIn", &["a"])]}),
                true,
            ),
            (
                json!({"matchExpressions": [expression("app", "Exists", &[])]}),
                true,
            ),
            (
                json!({"matchExpressions": [expression("zone", "DoesNotExist", &[])]}),
                true,
            ),
            (
                json!({"matchLabels": {"app": "web"}, "matchExpressions": [expression("tier", "DoesNotExist", &[])]}),
                false,
            ),
        ] {
            let read = Selector::read(&selector, "").expect("a selector");
            assert_eq!(read.selects(labels), selected, "{selector}");
        }
        let unknown = json!({"matchExpressions": [expression("app", "Near", &[])]});
        let wrong = Selector::read(&unknown, "/s").expect_err("no such operator");
        assert_eq!(wrong.pointer, "/s/matchExpressions/0");
    }
}
