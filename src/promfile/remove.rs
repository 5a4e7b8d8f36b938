//! Taking back files that were made, and the folder that was made for them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::process::geteuid;

use super::left::{self, is_draft};
use super::read::LARGEST;
use super::walk::Walk;
use super::{Checked, check_removal, failure};
use crate::error::{Error, Result};

/// [`check_removal`] and [`Checked::remove`] of a configuration file.
///
/// # Errors
/// Those of both.
pub fn remove(path: &Path, text: &str) -> Result<()> {
    check_removal(path, false)?.remove(path, text)
}

/// Removes a draft that a killed run has left.
pub fn remove_draft(path: &Path, owner: Option<u32>) {
    let owners: Vec<u32> = owner.into_iter().chain([geteuid().as_raw()]).collect();
    left::clear_one(path, &owners);
}

impl Checked {
    /// Removes the file, called `path`, from the folder that was checked, for good once this returns, if it still holds
    /// `text`. Of a configuration file that is a symbolic link, what it points to goes.
    ///
    /// # Errors
    /// [`Error::Changed`] where it holds something else or is gone, and any failure of the file system.
    pub fn remove(&self, path: &Path, text: &str) -> Result<()> {
        let place = &self.place;
        let now = place.read(LARGEST);
        let now = now.map_err(|error| failure("read", path, &error))?;
        if now.as_deref() != Some(text.as_bytes()) {
            return Err(Error::Changed {
                target: format!("file {}", path.display()),
            });
        }
        unlinkat(&place.folder, &place.name, AtFlags::empty())
            .map_err(std::io::Error::from)
            .and_then(|()| place.folder.sync_all())
            .map_err(|error| failure("remove", path, &error))
    }
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

/// Removes a folder, for good once this returns, if nothing is in it but what killed writers of this user, or of `owner`,
/// have left there.
///
/// # Errors
/// [`Error::Changed`] where something is in it by now, and any failure of the file system.
pub fn remove_folder(path: &Path, owner: Option<u32>) -> Result<()> {
    let walk = Walk {
        keeps_link: true,
        ..Walk::default()
    };
    let failed = |error: &std::io::Error| failure("remove", path, error);
    let place = walk
        .to(path)
        .map_err(|obstacle| failed(&std::io::Error::other(obstacle.to_string())))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(&place.folder, &place.name, flags, Mode::empty());
    let folder = opened.map_err(|error| failed(&error.into()))?;
    let owners: Vec<u32> = owner.into_iter().chain([geteuid().as_raw()]).collect();
    left::clear(&folder.into(), &owners, is_draft);
    let removed = unlinkat(&place.folder, &place.name, AtFlags::REMOVEDIR);
    match removed
        .map_err(std::io::Error::from)
        .and_then(|()| place.folder.sync_all())
    {
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Err(Error::Changed {
            target: format!("folder {}", path.display()),
        }),
        done => done.map_err(|error| failed(&error)),
    }
}
