//! Which rights a command takes of whoever runs it, worked out from the same lists and plans that the command itself uses.

mod command;
mod demand;
mod granting;
mod manifests;
mod pod_security;
mod reading;
mod report;
mod roles;
mod tool;
mod verb;
mod writing;

pub use command::{Known, demands};
pub use demand::{Demand, Demands, Weight, scope_of};
pub use granting::Granting;
pub use manifests::{Manifest, Served, Workload, parse, workloads};
pub use pod_security::Level;
pub use report::{Admission, Caller, Preflight, report};
pub use roles::roles;
pub use tool::{Tool, of_manifests, tool_of};
pub use verb::Verb;
pub use writing::rights;
