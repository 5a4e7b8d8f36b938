//! A request as the relay sees it.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

/// A request that arrived at a relay.
#[derive(Clone, Debug)]
pub struct Request {
    /// The first request of the relay has 1.
    pub number: usize,
    /// `GET`, `PATCH`, …
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without the question mark; empty when there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The user of the client certificate; nothing for bearer tokens.
    pub user: Option<String>,
    /// When it had arrived.
    pub at: Timestamp,
}

impl Request {
    /// The body as JSON; null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it asks the server only to try.
    pub fn is_dry_run(&self) -> bool {
        self.query.contains("dryRun=")
    }
}
