//! The least access that jobs need, derived from the jobs themselves.

pub mod audit;
pub mod bindings;
mod compare;
mod denied;
mod escalation;
pub mod existing;
mod grants;
mod need;
mod observer;
mod right;
mod rule;

pub use compare::{Comparison, Surplus, compare};
pub use denied::Denied;
pub use escalation::Escalation;
pub use grants::Grants;
pub use need::{
    Need, add, both, discovering, discovery, kubelet_resource, looked_at, scopes, scrape, scraping,
};
pub use observer::observer;
pub use right::{Right, Scope};
pub use rule::{Rule, missing};
