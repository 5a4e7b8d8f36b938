//! Taking back files that were made, and the folder that was made for them.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::draft::{self, is_draft};
use super::failure;
use super::place::{folder, resolve};
use crate::error::{Error, Result};

/// Removes the file `path`, for good once this returns, if it still holds `text`. A symbolic link stays: what it points
/// to goes.
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
    let target = resolve(path);
    fs::remove_file(&target)
        .and_then(|()| File::open(folder(&target))?.sync_all())
        .map_err(|error| failure("remove", path, &error))
}

/// What is in a folder, without what killed writers have left there; `None` where there is no such folder.
///
/// # Errors
/// A folder that cannot be read.
pub fn entries(folder: &Path) -> Result<Option<Vec<PathBuf>>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failure("read", folder, &error)),
    };
    let paths = listed.map(|entry| entry.map(|entry| entry.path()));
    let paths: std::io::Result<Vec<PathBuf>> = paths.collect();
    let mut paths = paths.map_err(|error| failure("read", folder, &error))?;
    paths.retain(|path| !path.file_name().is_some_and(is_draft));
    Ok(Some(paths))
}

/// Removes a folder, for good once this returns, if nothing is in it but what killed writers have left there.
///
/// # Errors
/// [`Error::Changed`] where something is in it by now, and any failure of the file system.
pub fn remove_folder(path: &Path) -> Result<()> {
    draft::clear(path, is_draft);
    match fs::remove_dir(path).and_then(|()| File::open(folder(path))?.sync_all()) {
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Err(Error::Changed {
            target: format!("folder {}", path.display()),
        }),
        done => done.map_err(|error| failure("remove", path, &error)),
    }
}
