//! Writing a file so that a reader sees the old one or the new one, whole.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

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
    let folder = folder(&resolve(path));
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
    NamedTempFile::new_in(&folder)
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
    // 0600 from its first moment.
    let mut file = NamedTempFile::new_in(folder)?;
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
    fn a_missing_folder_is_made_for_secrets_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("missing/file");
        assert!(check_writable(&path, Mode::Public).is_err());
        check_writable(&path, Mode::Secret).expect("makes the folder");
        assert!(path.parent().expect("a folder").is_dir());
    }
}
