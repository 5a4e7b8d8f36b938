//! The local files: Prometheus' configuration, the token and the CA beside it.

mod check;
mod draft;
mod existing;
mod glob;
mod left;
mod obstacle;
mod owner;
mod place;
mod put;
mod read;
mod remove;
#[cfg(test)]
mod tests;
mod walk;
mod write;

pub use check::{Home, check_removal, exposure, make_folder};
pub use existing::ExistingFile;
pub use glob::{covers, glob};
pub use left::left_drafts;
pub use owner::{FileOwner, owner};
pub use put::put;
pub use read::{read, resolved};
pub use remove::{entries, remove, remove_draft, remove_folder};
pub use write::{Checked, Mode, Write, backup_of};

use std::path::Path;

use crate::error::Error;

fn failure(action: &'static str, path: &Path, error: &std::io::Error) -> Error {
    Error::File {
        action,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
