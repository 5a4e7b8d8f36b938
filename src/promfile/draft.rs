//! Files under way: beside their target, and gone when nobody writes them any more.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::write::folder;

/// A new file beside `target`, 0600 from its first moment, that takes its name when it is complete. It is locked for
/// as long as its writer lives: by that the next writer tells what a killed one left behind, and removes it.
pub(super) fn draft(target: &Path) -> io::Result<NamedTempFile> {
    let folder = folder(target);
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".monconf-");
    clear(&folder, &prefix);
    loop {
        let draft = Builder::new().prefix(&prefix).tempfile_in(&folder)?;
        // Where there are no locks, nothing counts as left behind.
        let _ = draft.as_file().lock();
        // Before it was locked another writer may have taken it for left behind.
        if draft.path().exists() {
            return Ok(draft);
        }
    }
}

/// Removes drafts that nobody writes any more. Best effort: none of them is in anybody's way.
fn clear(folder: &Path, prefix: &OsStr) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_draft = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(prefix.as_encoded_bytes());
        if is_draft && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            // Some file systems lock only what is open for writing.
            let draft = OpenOptions::new().write(true).open(&path);
            if draft.as_ref().is_ok_and(|draft| draft.try_lock().is_ok()) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}
