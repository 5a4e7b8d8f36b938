//! Bodies of blocks, statement by statement.

use crate::alloy::{Block, Body, Statement, Value};

/// A body that grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Build(Vec<Statement>);

impl Build {
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.0.push(Statement::Attribute {
            name: name.to_owned(),
            value,
        });
    }

    pub(super) fn text(&mut self, name: &str, text: impl Into<String>) {
        self.set(name, Value::String(text.into()));
    }

    pub(super) fn expression(&mut self, name: &str, expression: impl Into<String>) {
        self.set(name, Value::Expression(expression.into()));
    }

    pub(super) fn texts(&mut self, name: &str, texts: impl IntoIterator<Item = String>) {
        let texts = texts.into_iter().map(Value::String).collect();
        self.set(name, Value::Array(texts));
    }

    pub(super) fn receivers(&mut self, receiver: &str) {
        let receiver = Value::Expression(receiver.to_owned());
        self.set("forward_to", Value::Array(vec![receiver]));
    }

    pub(super) fn comment(&mut self, text: &str, detached: bool) {
        self.0.push(Statement::Comment {
            text: format!("// {text}"),
            detached,
        });
    }

    pub(super) fn block(&mut self, name: &str, body: Self) {
        self.component(name, "", body);
    }

    /// A block, unless nothing is in it.
    pub(super) fn filled(&mut self, name: &str, body: Self) {
        if !body.0.is_empty() {
            self.block(name, body);
        }
    }

    pub(super) fn component(&mut self, name: &str, label: &str, body: Self) {
        self.0.push(Statement::Block(Block {
            name: name.to_owned(),
            label: label.to_owned(),
            body: body.into_body(),
            line: 0,
            column: 0,
        }));
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn into_body(self) -> Body {
        Body(self.0)
    }
}
