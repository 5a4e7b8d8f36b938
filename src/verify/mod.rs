//! Whether what was set up works: asked with the issued token, by the very URLs that the consumer scrapes.

pub mod exposition;
pub mod scraping;
pub mod targets;
