//! The local files: Prometheus' configuration, the token and the CA beside it.

mod glob;
mod read;
mod write;

pub use glob::{covers, glob};
pub use read::read;
pub use write::{Mode, check_writable, write};

use std::path::Path;

use crate::error::Error;

fn failure(action: &'static str, path: &Path, error: &std::io::Error) -> Error {
    Error::File {
        action,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
