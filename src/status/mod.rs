//! What there is: every instance, its token, and when that has to be replaced.
//!
//! [`rows`] makes one [`Row`] of each instance and each token file; [`report`] and [`exposition`] say the same to
//! programs and to Prometheus.

mod exposition;
mod fault;
mod file;
pub mod output;
mod report;
mod row;
mod state;

pub use exposition::{documented, exposition};
pub use file::TokenFile;
pub use report::report;
pub use row::{Drift, Legacy, Place, Row, rows};
pub use state::{Life, State, Status};

use jiff::Timestamp;

/// Whose status it is, and when.
pub struct Overview {
    /// The kubeconfig's context.
    pub context: String,
    /// The API server.
    pub server: String,
    /// Who asked.
    pub identity: String,
    /// The API server's clock.
    pub now: Timestamp,
    /// The only namespace that was looked at, where the caller may not look into all.
    pub only: Option<String>,
    /// One for each instance, and for each file with another token.
    pub rows: Vec<Row>,
}

impl Overview {
    /// Whether anything has to be done about any of it.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.rows.iter().any(Row::is_due)
    }
}
