//! monconf

pub mod cluster;
pub mod error;
pub mod object;
pub mod plan;
pub mod yaml;
