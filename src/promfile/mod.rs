//! The local files: Prometheus' configuration, the token and the CA beside it.

mod check;
mod draft;
mod glob;
mod obstacle;
mod owner;
mod place;
mod put;
mod read;
mod remove;
#[cfg(test)]
mod tests;
mod write;

pub use check::{Home, check_removal};
pub use glob::{covers, glob};
pub use owner::{FileOwner, owner};
pub use place::resolve;
pub use put::put;
pub use read::read;
pub use remove::{entries, remove, remove_folder};
pub use write::{Mode, Write, backup_of};

use std::path::Path;

use crate::error::Error;

fn failure(action: &'static str, path: &Path, error: &std::io::Error) -> Error {
    Error::File {
        action,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
