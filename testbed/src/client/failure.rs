//! A request that did not succeed.

use std::error::Error;
use std::fmt::{self, Display};

use serde_json::Value;

use super::Response;

/// Why a request did not succeed.
#[derive(Clone, Debug)]
pub struct ApiFailure {
    /// The HTTP status; 0 when no answer came.
    pub code: u16,
    /// The server's `message`, else the body, else what broke the connection.
    pub message: String,
    /// The body as JSON: a `Status` object as a rule.
    pub body: Box<Value>,
    request: String,
}

impl ApiFailure {
    pub(super) fn unanswered(method: &str, path: &str, error: &dyn Error) -> Self {
        Self {
            code: 0,
            message: error.to_string(),
            body: Box::default(),
            request: format!("{method} {path}"),
        }
    }

    pub(super) fn refused(method: &str, path: &str, answer: Response) -> Self {
        let message = answer.json["message"].as_str().map(str::to_owned);
        Self {
            code: answer.code,
            message: message.unwrap_or(answer.text),
            body: Box::new(answer.json),
            request: format!("{method} {path}"),
        }
    }
}

impl Display for ApiFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            0 => write!(f, "{} got no answer: {}", self.request, self.message),
            code => write!(f, "{} got {code}: {}", self.request, self.message),
        }
    }
}

impl Error for ApiFailure {}
