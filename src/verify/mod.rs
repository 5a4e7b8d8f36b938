//! Whether what was set up works: asked with the issued token, by the very URLs that the consumer scrapes.

mod check;
pub mod diagnosis;
mod exposition;
mod no_answer;
mod report;
mod scraping;
mod targets;
mod token_cause;

pub use check::Verifier;
pub use report::{Diagnosis, Outcome, Report, Row};
pub use scraping::{Scraping, Target};
