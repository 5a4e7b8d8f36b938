//! Whether what was set up works: asked with the issued token, by the very URLs that the consumer scrapes.

pub mod diagnosis;
mod discovery;
mod exposition;
mod format;
mod no_answer;
mod pickup;
mod report;
mod running;
mod scrape;
mod scraping;
mod targets;
mod token_cause;
mod verifier;

pub use format::Format;
pub use pickup::{Carrier, Pickup, changed, picked_up};
pub use report::{Diagnosis, Outcome, Report, Row};
pub use running::{Pools, running};
pub use scraping::{Scraping, Shown, Target};
pub use verifier::{Asking, verify};
