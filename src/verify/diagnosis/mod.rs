//! From what a server said to why it said so and how to mend it. Nothing here asks anybody anything.

mod answer;
mod answerer;
mod cause;
mod connection;
mod fix;
mod forbidden;
mod json;
mod kin;
mod pickup;
mod report;
mod sentence;
mod text;
mod unauthorized;

pub use answerer::Answerer;
pub use cause::Cause;
pub use report::report;
pub use text::{Finding, explain};
