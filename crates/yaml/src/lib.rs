//! YAML in and out: the one reader that gives values with their places, a second opinion for proofs, and the one emitter.
//! The only crate that names another one for YAML.

mod anchors;
mod content;
mod deep;
mod document;
mod emit;
mod error;
mod fingerprint;
mod items;
mod lines;
mod list;
mod locate;
mod loose;
mod merge;
mod read;
mod second;
mod text;
mod under;
mod walk;
mod wanted;

pub use document::{Document, parse_located};
pub use emit::{comment, emit, emit_lines, flow, is_plain_character};
pub use error::YamlError;
pub use fingerprint::Fingerprint;
pub use lines::Lines;
pub use list::{Item, List, Located};
pub use locate::locate;
pub use loose::{embedded, loosely};
pub use read::{from_str, parse};
pub use second::{Expected, agrees};
pub use text::{content_end, line_break, line_end, line_start, next_line};
pub use under::{merged, values_under};
pub use walk::Step;
pub use wanted::{Extent, NOTHING, Wanted};

#[cfg(test)]
mod tests;
