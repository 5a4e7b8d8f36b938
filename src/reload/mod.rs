//! The running Prometheus: asked what it runs, made to read its files again, and held to it.
//!
//! That a reload was answered proves little: Prometheus may read another file, or have refused this one and gone on with
//! what it ran before. So what it runs afterwards is compared with what was written, and where it does not run that, the
//! old files are put back.

mod client;
mod metrics;
mod process;
mod restore;
mod seen;
mod server;
mod take;
mod targets;
mod trigger;
mod wanted;

pub use client::Options;
pub use seen::Seen;
pub use server::{Look, Server};
pub use take::{Step, Taken, take};
pub use targets::Scraped;
pub use trigger::Trigger;
pub use wanted::Wanted;
