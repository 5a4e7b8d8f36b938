//! Writing a file so that a reader sees the old one or the new one, whole.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::failure;
use crate::error::{Error, Result};

/// Who may read the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Its owner only, `0600`.
    Secret,
    /// Everybody, `0644`, unless the file exists and says otherwise.
    Public,
}

/// Replaces or creates `path`. The new file is complete and on disk before it takes the old one's
/// name; it keeps the old one's owner, and its mode too unless it is secret. A symbolic link stays
/// one: what it points to is replaced.
///
/// # Errors
/// Any failure of the file system; then the old file is as it was and nothing is left beside it.
pub fn write(path: &Path, text: &str, mode: Mode) -> Result<()> {
    let target = resolve(path);
    let folder = folder(&target);
    replace(&target, &folder, text, mode).map_err(|error| failure("write", path, &error))
}

/// Whether [`write`] can work: tried with an empty file that is gone at once, before the cluster is changed.
///
/// The folder of a secret file is made where it is missing; that of a configuration file must exist,
/// because Prometheus looks for it where its own configuration says.
///
/// # Errors
/// A folder that is missing or cannot be written to.
pub fn check_writable(path: &Path, mode: Mode) -> Result<()> {
    let target = resolve(path);
    let folder = folder(&target);
    if mode == Mode::Secret {
        fs::create_dir_all(&folder).map_err(|error| failure("write", path, &error))?;
    }
    if !folder.is_dir() {
        return Err(Error::File {
            action: "write",
            path: path.to_owned(),
            reason: format!("there is no folder {}", folder.display()),
        });
    }
    draft(&target, &folder)
        .map(drop)
        .map_err(|error| failure("write", path, &error))
}

fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn replace(target: &Path, folder: &Path, text: &str, mode: Mode) -> std::io::Result<()> {
    let mut file = draft(target, folder)?;
    if let Ok(old) = fs::metadata(target) {
        let new = file.as_file().metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        if mode == Mode::Public {
            file.as_file()
                .set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
        }
    } else if mode == Mode::Public {
        file.as_file()
            .set_permissions(Permissions::from_mode(0o644))?;
    }
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// A new file beside `target`, 0600 from its first moment, that takes its name when it is complete. It is locked for
/// as long as its writer lives: by that the next writer tells what a killed one left behind, and removes it.
fn draft(target: &Path, folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".monconf-");
    clear(folder, &prefix);
    loop {
        let draft = Builder::new().prefix(&prefix).tempfile_in(folder)?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("exists").mode() & 0o777
    }

    #[test]
    fn a_secret_is_its_owners_alone_even_where_the_old_file_was_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("token");
        fs::write(&path, "old").expect("writes");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("sets");
        write(&path, "new", Mode::Secret).expect("writes");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_to_string(&path).expect("reads"), "new");
    }

    #[test]
    fn a_public_file_keeps_its_mode_and_a_link_stays_a_link() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, link) = (dir.path().join("real.yml"), dir.path().join("link.yml"));
        write(&path, "1", Mode::Public).expect("writes");
        assert_eq!(mode(&path), 0o644);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("sets");
        symlink(&path, &link).expect("links");
        write(&link, "2", Mode::Public).expect("writes");
        assert_eq!(mode(&path), 0o640);
        assert_eq!(fs::read_to_string(&path).expect("reads"), "2");
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 2);
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_what_somebody_still_writes_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("token");
        let left = dir.path().join(".token.monconf-abc123");
        let others = dir.path().join(".ca.crt.monconf-abc123");
        for path in [&left, &others] {
            fs::write(path, "half").expect("writes");
        }
        let under_way = draft(&path, dir.path()).expect("a draft");
        assert!(!left.exists());
        write(&path, "new", Mode::Secret).expect("writes");
        assert!(under_way.path().exists() && others.exists());
        drop(under_way);
        assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 2);
    }

    #[test]
    fn a_missing_folder_is_made_for_secrets_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("missing/file");
        assert!(check_writable(&path, Mode::Public).is_err());
        check_writable(&path, Mode::Secret).expect("makes the folder");
        assert!(path.parent().expect("a folder").is_dir());
    }
}
