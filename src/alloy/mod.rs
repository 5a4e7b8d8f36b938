//! Grafana Alloy's configuration language: read, written as Alloy's own formatter writes it, and what scrape jobs are
//! in it. Flow mode of Grafana Agent calls the same language River.

mod adapt;
pub mod attributes;
mod expression;
mod fault;
pub mod identifier;
mod jobs;
pub mod literal;
mod parse;
mod print;
mod settings;
mod token;
mod tree;
mod unquote;
mod value;

pub use adapt::adapted;
pub(crate) use adapt::reads;
pub use expression::expression;
pub use fault::Fault;
pub use jobs::jobs;
pub use parse::parse;
pub use print::print;
pub use settings::{Credentials, Destination, Endpoint, Login, Receiver, SecretRef};
pub use settings::{SERVICE_ACCOUNT_DIR, Settings};
pub use tree::{Block, Body, Statement};
pub use value::Value;
