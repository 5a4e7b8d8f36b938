//! Documents with the lines of their values.

use serde_json::Value;

use super::error::YamlError;
use super::lines::{self, Lines};
use super::read::parse;

/// A document with the lines that its values stand on.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it holds.
    pub value: Value,
    /// Where.
    pub lines: Lines,
}

/// As [`parse`], with the lines of every value.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse_located(text: &str, origin: &str) -> Result<Vec<Document>, YamlError> {
    let values = parse(text, origin)?;
    // The parser that knows lines is the stricter one: what it does not take has no lines, but is there.
    let lines = lines::of_documents(text).into_iter();
    let lines = lines.chain(std::iter::repeat_with(Lines::default));
    let documents = values.into_iter().zip(lines);
    Ok(documents
        .map(|(value, lines)| Document { value, lines })
        .collect())
}
