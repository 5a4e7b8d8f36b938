//! Taking back a file that was made.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use super::failure;
use super::place::folder;
use crate::error::{Error, Result};

/// Removes the file `path`, for good once this returns, if it still holds `text`.
///
/// # Errors
/// [`Error::Changed`] where it holds something else or is gone, and any failure of the file system.
pub fn remove(path: &Path, text: &str) -> Result<()> {
    match fs::read(path) {
        Ok(now) if now == text.as_bytes() => {}
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(failure("read", path, &error));
        }
        _ => {
            return Err(Error::Changed {
                target: format!("file {}", path.display()),
            });
        }
    }
    fs::remove_file(path)
        .and_then(|()| File::open(folder(path))?.sync_all())
        .map_err(|error| failure("remove", path, &error))
}
