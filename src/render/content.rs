//! What is written.

use serde_json::Value;

use crate::mask::Text;

/// What an object or file holds, before or after.
///
/// Values may hold secrets: they are shown only through [`crate::mask`].
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// An object as the API server has it or would have it, without what only the server sets
    /// (`managedFields`, `uid`, `resourceVersion`, `creationTimestamp`, `generation`, `status`).
    Object(Value),
    /// A text file, or the text of a key.
    Text(Text),
    /// A file that holds nothing but a token; [`crate::mask::PENDING_TOKEN`] stands for one yet to be issued.
    Token(String),
    /// A file of another owner, whose content is never shown.
    Foreign(String),
}

/// Stands, in a planned annotation, for a time that is known only once the token is issued.
pub const PENDING_TIME: &str = "(when issued)";
