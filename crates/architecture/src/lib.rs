//! Draws the modules of every crate of the workspace from the sources, and checks them against `layers.toml`.
//!
//! ```text
//! workspace (crates) ──► source (files) ──► mention (paths) ──► graph ──┬─► check ──► finding
//!                                                      layers.toml ─────┴─► mermaid
//! ```
//!
//! The nodes of a graph are the modules at the top of a crate, a file or a folder each. Code that is compiled for tests
//! only is left out.

pub mod check;
pub mod finding;
pub mod graph;
pub mod layers;
pub mod mention;
pub mod mermaid;
pub mod purity;
pub mod source;
pub mod test_only;
pub mod workspace;

#[cfg(test)]
mod document;
#[cfg(test)]
mod made_up;
