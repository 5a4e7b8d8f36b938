//! What can happen to a request on its way.

use std::time::Duration;

/// What the relay does with one request.
#[derive(Clone, Debug, Default)]
pub enum Fault {
    /// Passes the request and its answer on.
    #[default]
    Pass,
    /// Waits before the request is passed on.
    Delay(Duration),
    /// Answers in the server's place; the server does not see the request.
    Respond {
        /// The HTTP status.
        status: u16,
        /// Headers, such as `Retry-After`.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// Closes the connection; the server does not see the request.
    DropBefore,
    /// Closes the connection when the server has answered, and thus committed.
    DropAfter,
    /// Passes half of the answer's body on, then closes the connection.
    Truncate,
    /// Never answers; the server does not see the request.
    Hold,
}

impl Fault {
    /// An answer with a `Status` object, as the API server itself would give it.
    pub fn status(code: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        Self::Respond {
            status: code,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.to_string(),
        }
    }
}
