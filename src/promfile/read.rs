//! Reading a file that may not exist yet.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::failure;
use super::place::kind;
use crate::error::{Error, Result};
use crate::plan::ExistingFile;

/// No file that monconf writes comes near this; one that does is not ours to load into memory.
const LARGEST: u64 = 64 << 20;

/// `None` where there is no such file.
///
/// # Errors
/// A file that exists and cannot be read, is larger than 64 MiB, is not a plain file or not UTF-8.
pub fn read(path: &Path) -> Result<Option<ExistingFile>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failure("read", path, &error)),
    };
    let refused = |reason: &str| Error::File {
        action: "read",
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    if !metadata.is_file() {
        return Err(refused(&format!("it is {}", kind(metadata.file_type()))));
    }
    if metadata.len() > LARGEST {
        return Err(refused("it is larger than 64 MiB"));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|error| failure("read", path, &error))?;
    Ok(Some(ExistingFile {
        text: String::from_utf8(bytes)
            .map_err(|_| refused("it is not UTF-8"))?
            .into(),
        open_to_others: metadata.mode() & 0o077 != 0,
        owner: (metadata.uid(), metadata.gid()),
    }))
}
