//! The least access that jobs need, derived from the jobs themselves.

mod compare;
pub mod existing;
mod grants;
mod need;
mod observer;

pub use compare::{Comparison, Surplus, compare};
pub use grants::Grants;
pub use need::{
    Need, add, both, discovering, discovery, kubelet_resource, looked_at, scopes, scrape, scraping,
};
pub use observer::observer;
