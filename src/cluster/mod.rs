//! The only code that talks to Kubernetes: connect, read in one wave, apply, issue tokens.

mod failure;

pub use failure::Failure;
