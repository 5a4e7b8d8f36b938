//! Label selectors: whether they match labels, and which labels satisfy several of them together.

use std::collections::BTreeMap;

use serde_json::Value;

/// Labels that satisfy a label selector; `None` where it selects nothing or no label can satisfy it.
pub(super) fn wanted_labels(selector: &Value) -> Option<BTreeMap<String, String>> {
    labels_for(&[selector], &BTreeMap::new()).ok()
}

/// Labels beside `own` that satisfy every one of the selectors. The error is the key of a label that none can satisfy;
/// empty where a selector selects nothing.
pub(super) fn labels_for<'a>(
    selectors: &[&'a Value],
    own: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, &'a str> {
    let mut labels = BTreeMap::new();
    for (key, demand) in demands(selectors).ok_or("")? {
        match demand.met_by(own.get(key)) {
            Met::Already => {}
            Met::By(value) => {
                labels.insert(key.to_owned(), value.to_owned());
            }
            Met::Never => return Err(key),
        }
    }
    Ok(labels)
}

/// What label selectors ask of one label.
#[derive(Default)]
pub(super) struct Demand<'a> {
    /// The values that it may have.
    among: Option<Vec<&'a str>>,
    /// The values that it must not have.
    excluded: Vec<&'a str>,
    exists: bool,
    absent: bool,
}

/// What meets a demand.
enum Met<'a> {
    /// The labels as they are.
    Already,
    /// The label with this value.
    By(&'a str),
    Never,
}

impl<'a> Demand<'a> {
    fn restrict(&mut self, values: Vec<&'a str>) {
        self.among = Some(match self.among.take() {
            Some(before) => before
                .into_iter()
                .filter(|value| values.contains(value))
                .collect(),
            None => values,
        });
    }

    /// What meets it. A label that is `fixed` keeps its value.
    fn met_by(&self, fixed: Option<&String>) -> Met<'a> {
        let is_allowed = |value: &str| {
            let among = self.among.as_ref();
            !self.absent
                && !self.excluded.contains(&value)
                && among.is_none_or(|among| among.contains(&value))
        };
        if let Some(fixed) = fixed {
            return if is_allowed(fixed) {
                Met::Already
            } else {
                Met::Never
            };
        }
        let possible = match &self.among {
            Some(among) => among.clone(),
            None if self.exists => vec!["true", "monconf"],
            None => return Met::Already,
        };
        let found = possible.into_iter().find(|value| is_allowed(value));
        found.map_or(Met::Never, Met::By)
    }

    /// `label release=main`, `label team in (a, b)`, `no label team`.
    pub(super) fn words(&self, key: &str) -> String {
        let mut words = Vec::new();
        match self.among.as_deref() {
            Some([value]) => words.push(format!("label {key}={value}")),
            Some(values) => words.push(format!("label {key} in ({})", values.join(", "))),
            None if self.exists => words.push(format!("label {key}")),
            None => {}
        }
        if !self.excluded.is_empty() {
            words.push(format!("label {key} not in ({})", self.excluded.join(", ")));
        }
        if self.absent {
            words.push(format!("no label {key}"));
        }
        words.join(" and ")
    }
}

/// What the selectors ask together, by the key of the label; `None` where one of them selects nothing.
pub(super) fn demands<'a>(selectors: &[&'a Value]) -> Option<BTreeMap<&'a str, Demand<'a>>> {
    let mut demands: BTreeMap<&str, Demand<'_>> = BTreeMap::new();
    for selector in selectors {
        let equal = selector.as_object()?.get("matchLabels");
        let equal = equal.and_then(Value::as_object).into_iter().flatten();
        for (key, value) in equal {
            let demand = demands.entry(key).or_default();
            demand.restrict(vec![value.as_str()?]);
        }
        for expression in expressions(selector) {
            let demand = demands.entry(expression.key).or_default();
            match expression.operator {
                "In" => demand.restrict(expression.values),
                "NotIn" => demand.excluded.extend(expression.values),
                "Exists" => demand.exists = true,
                "DoesNotExist" => demand.absent = true,
                _ => return None,
            }
        }
    }
    Some(demands)
}

struct Expression<'a> {
    key: &'a str,
    operator: &'a str,
    values: Vec<&'a str>,
}

fn expressions(selector: &Value) -> Vec<Expression<'_>> {
    selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|expression| {
            Some(Expression {
                key: expression["key"].as_str()?,
                operator: expression["operator"].as_str()?,
                values: expression["values"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect(),
            })
        })
        .collect()
}

/// Whether a label selector matches `labels`.
#[must_use]
pub fn matches(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let equal = selector["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    equal
        && expressions(selector).iter().all(|expression| {
            let value = labels.get(expression.key).map(String::as_str);
            match expression.operator {
                "In" => value.is_some_and(|value| expression.values.contains(&value)),
                "NotIn" => value.is_none_or(|value| !expression.values.contains(&value)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
