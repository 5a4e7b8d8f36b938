//! A value of a configuration.

use serde_json::Number;

use super::literal;

/// What stands behind `=`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true`.
    Bool(bool),
    /// `10`, `-1`, `0.5`.
    Number(Number),
    /// `"text"`, without quotes and escapes.
    String(String),
    /// `[…]`.
    Array(Vec<Value>),
    /// `{…}`, in its order.
    Object(Vec<(String, Value)>),
    /// What is known only while it runs, such as `prometheus.remote_write.main.receiver`: its text, on one line.
    Expression(String),
}

impl Value {
    /// The value that JSON has for it.
    ///
    /// # Errors
    /// A key that Alloy cannot be given: in the name of an object's field its parser strips the quotes and does not
    /// undo the escapes (`parseField` in its `syntax/parser/internal.go`).
    pub fn from_json(json: &serde_json::Value) -> Result<Self, String> {
        use serde_json::Value as Json;
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::String(text.clone()),
            Json::Array(items) => Self::Array(
                items
                    .iter()
                    .map(Self::from_json)
                    .collect::<Result<_, _>>()?,
            ),
            Json::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| {
                    if !literal::is_writable_key(key) {
                        return Err(key.clone());
                    }
                    Ok((key.clone(), Self::from_json(value)?))
                });
                Self::Object(fields.collect::<Result<_, _>>()?)
            }
        })
    }

    /// The value as JSON has it; an expression is its text.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(truth) => Json::Bool(*truth),
            Self::Number(number) => Json::Number(number.clone()),
            Self::String(text) | Self::Expression(text) => Json::String(text.clone()),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(key, value)| (key.clone(), value.to_json()));
                Json::Object(fields.collect())
            }
        }
    }
}
