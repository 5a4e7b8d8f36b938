//! Writing into a file where it stands: what a kubelet mounts for a termination message cannot be replaced by another.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde_json::Value;

use super::failure;
use super::read::LARGEST;
use crate::error::{Error, Result};

/// Writes `line`, which is a JSON object, into `path`, in the place of an earlier one. A file that holds anything else is
/// somebody's, and is left as it is. A new one is 0644, whatever the umask.
///
/// # Errors
/// A file of somebody else, or one that cannot be written.
pub fn put(path: &Path, line: &str) -> Result<()> {
    let failed = |error: std::io::Error| failure("write", path, &error);
    let (mut file, is_new) = open(path).map_err(failed)?;
    // A pipe or a terminal holds nothing, and has to be written without reading.
    if file.metadata().map_err(failed)?.is_file() {
        if is_new {
            let mode = PermissionsExt::from_mode(0o644);
            file.set_permissions(mode).map_err(failed)?;
        } else if !is_ours(&mut file).map_err(failed)? {
            return Err(Error::File {
                action: "write",
                path: path.to_owned(),
                reason: "it holds something else".to_owned(),
            });
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .map_err(failed)?;
    } else {
        // The other end of a pipe reads as fast as it can.
        fcntl_getfl(&file)
            .and_then(|flags| fcntl_setfl(&file, flags.difference(OFlags::NONBLOCK)))
            .map_err(|error| failed(error.into()))?;
    }
    file.write_all(line.as_bytes()).map_err(failed)
}

/// The file, opened once for looking at it and for writing it; and whether it was made.
fn open(path: &Path) -> std::io::Result<(File, bool)> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let options = |reads: bool| {
        let mut options = OpenOptions::new();
        options
            .read(reads)
            .write(true)
            .mode(0o600)
            .custom_flags(flags.bits().cast_signed());
        options
    };
    let is_pipe = path.metadata().is_ok_and(|found| !found.is_file());
    match options(!is_pipe).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = options(true).create_new(true).open(path)?;
            Ok((made, true))
        }
        opened => Ok((opened?, false)),
    }
}

/// Nothing, or what an earlier run wrote.
fn is_ours(file: &mut File) -> std::io::Result<bool> {
    let mut text = String::new();
    if let Err(error) = file.take(LARGEST).read_to_string(&mut text) {
        return match error.kind() {
            ErrorKind::InvalidData => Ok(false),
            _ => Err(error),
        };
    }
    let text = text.trim();
    let value: Option<Value> = serde_json::from_str(text).ok();
    let has = |key: &str| value.as_ref().is_some_and(|value| value.get(key).is_some());
    Ok(text.is_empty() || ["exitCode", "result", "retryable"].into_iter().all(has))
}
