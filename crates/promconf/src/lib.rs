//! The model of a Prometheus configuration: what its fields mean, as Prometheus reads them.

mod duration;
pub mod regex;
mod relabel_config;
mod version;

pub use duration::Duration;
pub use relabel_config::{
    ACTIONS, Fate, Fault, RelabelConfig, TargetLabels, at_port, is_label_name, relabel, sanitized,
};
pub use version::Version;
