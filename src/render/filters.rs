//! How values get into what a template renders, and the filters that templates have.

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State};

use crate::alloy;

/// The syntax of templates whose names end so.
const ALLOY: &str = "alloy";

/// Every value is written as a scalar or flow collection of YAML, or as a literal of Alloy's language, quoted where
/// anything could be read into it, so no value can add a key or a block.
pub(super) fn register(environment: &mut Environment) {
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, ALLOY)) => AutoEscape::Custom(ALLOY.into()),
        _ => AutoEscape::Json,
    });
    environment.set_formatter(write_value);
    environment.add_filter("comment", comment);
    environment.add_filter("entries", entries);
    environment.add_filter("promql", promql);
    environment.add_filter("attributes", attributes);
    environment.add_filter("expression", expression);
}

fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    let written = if value.is_safe() {
        out.write_str(value.as_str().unwrap_or_default())
    } else if *state.auto_escape() == AutoEscape::Custom(ALLOY.into()) {
        out.write_str(&alloy_literal(&json(value)?)?)
    } else {
        out.write_str(&yaml::flow(&json(value)?))
    };
    written.map_err(minijinja::Error::from)
}

fn json(value: &Value) -> Result<serde_json::Value, minijinja::Error> {
    serde_json::to_value(value).map_err(|error| {
        minijinja::Error::new(ErrorKind::BadSerialization, "a value that is not YAML")
            .with_source(error)
    })
}

fn alloy_literal(json: &serde_json::Value) -> Result<String, minijinja::Error> {
    let value = alloy::Value::from_json(json)
        .map_err(|key| invalid(format!("{key:?} cannot be a key in Alloy's language")))?;
    Ok(alloy::literal::literal(&value))
}

fn invalid(message: impl Into<String>) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, message.into())
}

/// `{{ text | comment }}`: for use after `#` or `//`. Lists are joined with commas; nothing in it can end the line.
fn comment(value: &Value) -> Value {
    let text = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value
            .try_iter()
            .map(|items| {
                items
                    .map(|item| item.to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            })
            .unwrap_or_default(),
        _ => value.to_string(),
    };
    Value::from_safe_string(yaml::comment(&text))
}

/// `{{ map | entries(4) }}`: the entries of a map, one a line, from the second on indented by that many spaces.
fn entries(value: &Value, indent: usize) -> Result<Value, minijinja::Error> {
    let lines: Vec<String> = fields(value, "entries")?
        .iter()
        .map(|(key, value)| {
            let key = yaml::flow(&serde_json::Value::String(key.clone()));
            format!("{key}: {}", yaml::flow(value))
        })
        .collect();
    Ok(Value::from_safe_string(
        lines.join(&format!("\n{}", " ".repeat(indent.min(64)))),
    ))
}

/// `{{ text | promql }}`: the text as a string of PromQL, in quotes; the escapes of JSON are Go's too.
fn promql(value: &Value) -> Value {
    Value::from_safe_string(serde_json::Value::String(value.to_string()).to_string())
}

/// `{{ map | attributes(2) }}`: the entries of a map as attributes of Alloy's language, one a line, from the second on
/// indented by that many tabs.
fn attributes(value: &Value, indent: usize) -> Result<Value, minijinja::Error> {
    let fields = fields(value, "attributes")?;
    let mut group = Vec::new();
    for (key, value) in &fields {
        if !alloy::identifier::is_identifier(key) {
            return Err(invalid(format!("{key:?} cannot be an attribute's name")));
        }
        group.push((key.as_str(), alloy_literal(value)?));
    }
    let lines = alloy::attributes::attributes(&group, indent.min(16));
    Ok(Value::from_safe_string(lines.trim().to_owned()))
}

/// `{{ text | expression }}`: an expression of Alloy's language that a text holds, such as a component's name; of a
/// list all of them, with commas between.
fn expression(value: &Value) -> Result<Value, minijinja::Error> {
    let texts = match json(value)? {
        serde_json::Value::Array(texts) => texts,
        text => vec![text],
    };
    let expressions = texts.iter().map(|text| {
        let text = text
            .as_str()
            .ok_or_else(|| invalid("`expression` takes a text or a list of texts"))?;
        let value = alloy::expression(text)
            .map_err(|fault| invalid(format!("{text:?} is no expression: {}", fault.message)))?;
        Ok(alloy::literal::literal(&value))
    });
    let expressions: Vec<String> = expressions.collect::<Result<_, minijinja::Error>>()?;
    Ok(Value::from_safe_string(expressions.join(", ")))
}

fn fields(
    value: &Value,
    filter: &str,
) -> Result<serde_json::Map<String, serde_json::Value>, minijinja::Error> {
    match json(value)? {
        serde_json::Value::Object(map) if map.is_empty() => Err(invalid(format!(
            "`{filter}` takes a map with at least one entry"
        ))),
        serde_json::Value::Object(map) => Ok(map),
        _ => Err(invalid(format!("`{filter}` takes a map"))),
    }
}
