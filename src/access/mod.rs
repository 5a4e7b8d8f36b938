//! The least access that jobs need, derived from the jobs themselves.

mod derive;
mod observer;
mod right;
mod rule;

pub use derive::{Discoverer, derive};
pub use observer::observer;
pub use right::{Right, Scope};
pub use rule::{Rule, missing};
