//! What a configuration is made of.

use super::value::Value;

/// The statements of a file or a block, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body(pub Vec<Statement>);

/// A line, or a block of lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `name = value`.
    Attribute {
        /// The name.
        name: String,
        /// The value.
        value: Value,
    },
    /// `name "label" { … }`.
    Block(Block),
    /// A comment on lines of its own.
    Comment {
        /// With its `//` or `/* */`.
        text: String,
        /// Whether a blank line parts it from what follows.
        detached: bool,
    },
}

/// `name "label" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// `prometheus.scrape`.
    pub name: String,
    /// `monconf_alloy_kubelet`; empty where there is none.
    pub label: String,
    /// What stands between the braces.
    pub body: Body,
    /// Where its name begins, from 1.
    pub line: usize,
    /// The character of that line, from 1.
    pub column: usize,
}

impl Body {
    /// The value of the first attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes()
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Every attribute.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter_map(|statement| match statement {
            Statement::Attribute { name, value } => Some((name.as_str(), value)),
            _ => None,
        })
    }

    /// Every block directly in it.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.0.iter().filter_map(|statement| match statement {
            Statement::Block(block) => Some(block),
            _ => None,
        })
    }
}
