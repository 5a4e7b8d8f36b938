//! Files under way: beside their target, and gone when nobody writes them any more.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::place::folder;
use super::{FileOwner, Mode};

/// A new file beside its target, 0600 from its first moment, that takes its target's name when it is complete. It is
/// locked for as long as its writer lives: by that the next writer tells what a killed one left behind, and removes it.
pub(super) struct Draft {
    file: NamedTempFile,
    folder: File,
    target: PathBuf,
}

impl Draft {
    /// Makes one for `target`, in the same folder.
    pub(super) fn beside(target: &Path) -> io::Result<Self> {
        let path = folder(target);
        // Before anything is replaced: without it nobody could make sure that the new name is on disk.
        let folder = File::open(&path)?;
        let mut prefix = OsString::from(".");
        prefix.push(target.file_name().unwrap_or_default());
        prefix.push(MARK);
        let of_target = |name: &OsStr| {
            name.as_encoded_bytes()
                .starts_with(prefix.as_encoded_bytes())
        };
        clear(&path, of_target);
        loop {
            let file = Builder::new().prefix(&prefix).tempfile_in(&path)?;
            // Where there are no locks, nothing counts as left behind.
            let _ = file.as_file().lock();
            // Before it was locked another writer may have taken it for left behind.
            if file.path().exists() {
                return Ok(Self {
                    file,
                    folder,
                    target: target.to_owned(),
                });
            }
        }
    }

    /// Gives it to `owner`, else to whom the file it replaces belongs; and unless it is secret, that file's mode.
    pub(super) fn dress(
        &self,
        old: Option<&Metadata>,
        mode: Mode,
        owner: Option<FileOwner>,
    ) -> io::Result<()> {
        let file = self.file.as_file();
        let new = file.metadata()?;
        let (user, group) = old.map_or((new.uid(), new.gid()), |old| (old.uid(), old.gid()));
        let (user, group) = owner.map_or((user, group), |owner| {
            (owner.user, owner.group.unwrap_or(group))
        });
        // In this order, because only its owner may change the mode of a file; it is empty yet.
        if mode == Mode::Public {
            let mode = old.map_or(0o644, |old| old.mode() & 0o7777);
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        if (user, group) != (new.uid(), new.gid()) {
            fchown(file, Some(user), Some(group))?;
        }
        Ok(())
    }

    /// Writes its content, down to the disk.
    pub(super) fn fill(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.as_file().sync_all()
    }

    /// Takes the place of the target.
    pub(super) fn replace(self) -> io::Result<()> {
        self.file
            .persist(&self.target)
            .map_err(|error| error.error)?;
        self.folder.sync_all()
    }

    /// Takes the target's name unless there is a file of that name by now ([`ErrorKind::AlreadyExists`]).
    pub(super) fn create(self) -> io::Result<()> {
        let Err(refused) = self.file.persist_noclobber(&self.target) else {
            return self.folder.sync_all();
        };
        let file = match refused.error.kind() {
            // Some file systems can neither rename so nor link: there a plain rename has to do.
            ErrorKind::PermissionDenied | ErrorKind::Unsupported => refused.file,
            _ => return Err(refused.error),
        };
        Self { file, ..self }.replace()
    }
}

/// What the name of every draft has behind that of its target.
const MARK: &str = ".monconf-";

/// Whether a file is a draft, by its name.
pub(super) fn is_draft(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') && name.contains(MARK)
}

/// Removes those drafts that nobody writes any more. Best effort: none of them is in anybody's way.
pub(super) fn clear(folder: &Path, is_wanted: impl Fn(&OsStr) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_wanted(&entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            // Some file systems lock only what is open for writing.
            let draft = OpenOptions::new().write(true).open(&path);
            if draft.as_ref().is_ok_and(|draft| draft.try_lock().is_ok()) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}
