//! Reading a file that may not exist yet.

use std::fs;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::geteuid;

use super::place::kind;
use super::{ExistingFile, failure};
use crate::error::{Error, Result};

/// No file that monconf writes comes near this; one that does is not ours to load into memory.
pub(super) const LARGEST: u64 = 64 << 20;

/// `None` where there is no such file.
///
/// # Errors
/// A file that exists and cannot be read, is larger than 64 MiB, is not a plain file or not UTF-8.
pub fn read(path: &Path) -> Result<Option<ExistingFile>> {
    let refused = |reason: &str| Error::File {
        action: "read",
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let failed = |error: &std::io::Error| failure("read", path, error);
    match fs::metadata(path) {
        // To open a device may do something.
        Ok(metadata) if !metadata.is_file() => {
            return Err(refused(&format!("it is {}", kind(metadata.mode()))));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
        Ok(_) => {}
    }
    // Another file may have the name by now, such as a pipe that nobody ever writes to.
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
        .open(path);
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(&error))?,
    };
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(refused(&format!("it is {}", kind(metadata.mode()))));
    }
    if metadata.len() > LARGEST {
        return Err(refused("it is larger than 64 MiB"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    Ok(Some(ExistingFile {
        text: String::from_utf8(bytes)
            .map_err(|_| refused("it is not UTF-8"))?
            .into(),
        mode: metadata.mode() & 0o7777,
        links: metadata.nlink(),
        owner: (metadata.uid(), metadata.gid()),
        is_own: metadata.uid() == geteuid().as_raw(),
    }))
}

/// The path that a file has without links, where that is not the one by which it is called.
#[must_use]
pub fn resolved(path: &Path) -> Option<std::path::PathBuf> {
    let place = super::walk::Walk::default().to(path).ok()?;
    let target = place.target();
    (std::path::absolute(path).ok()? != target).then_some(target)
}
