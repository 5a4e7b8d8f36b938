//! Writing into a file where it stands: what a kubelet mounts for a termination message cannot be replaced by another.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::failure;
use super::read::read;
use crate::error::{Error, Result};

/// Writes `line`, which is a JSON object, into `path`, in the place of an earlier one. A file that holds anything else is
/// somebody's, and is left as it is.
///
/// # Errors
/// A file of somebody else, or one that cannot be written.
pub fn put(path: &Path, line: &str) -> Result<()> {
    // A pipe or a terminal holds nothing, and has to be written without reading.
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
        && let Some(before) = read(path)?
        && !is_ours(before.text.trim())
    {
        return Err(Error::File {
            action: "write",
            path: path.to_owned(),
            reason: "it holds something else".to_owned(),
        });
    }
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .map_err(|error| failure("write", path, &error))
}

/// Nothing, or what an earlier run wrote.
fn is_ours(text: &str) -> bool {
    let value: Option<Value> = serde_json::from_str(text).ok();
    text.is_empty() || value.is_some_and(|value| value.get("exitCode").is_some())
}
