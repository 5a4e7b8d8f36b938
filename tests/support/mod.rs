//! Running the built program, and looking at what it did.

mod monconf;
pub(crate) mod rights;
pub(crate) mod state;
pub(crate) mod token;

pub(crate) use monconf::{Monconf, Run};
