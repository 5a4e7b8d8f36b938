pub mod exposition;
pub mod targets;
