//! The model of a Prometheus configuration: what its fields mean, as Prometheus reads them.

mod duration;
mod version;

pub use duration::Duration;
pub use version::Version;
