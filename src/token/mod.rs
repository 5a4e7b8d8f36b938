//! The token: its claims, whether it still serves, and when it is replaced.

mod bound;
mod claims;
mod decide;
mod grant;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

pub use bound::{BoundSecret, utc};
pub use claims::{Claims, KeySet};
pub use decide::{
    Decision, OVERLAP, Occupied, Overlap, Renewal, Situation, Verdict, decide, due_at, rounded,
};
pub use grant::Grant;

/// A bearer token. It is neither `Display` nor readable through `Debug`; [`Token::expose`] is called
/// only where it is written to where the consumer reads it.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Takes the token over.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(token.into())
    }

    /// The token itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(not shown)")
    }
}
