//! `monconf verify`: that all is well where it is, and the right cause with a fix that works where it is not.

mod configuration;
mod content_types;
mod not_scraped;
mod redirects;
mod rights;
mod scale;
mod scrapes;
mod support;
mod targets;
mod token;
