//! RBAC: rights and the rules that grant them, who holds what, and what is dangerous about it. It knows nothing of what
//! monconf does with it.

pub mod audit;
pub mod bindings;
mod denied;
mod escalation;
mod right;
mod rule;

pub use denied::Denied;
pub use escalation::Escalation;
pub use right::{Right, Scope};
pub use rule::{Rule, missing};
