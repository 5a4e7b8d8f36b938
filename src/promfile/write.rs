//! Writing a file so that a reader sees the old one or the new one, whole.

use std::fs::{self, File, Permissions};
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use super::draft::draft;
use super::{FileOwner, failure};
use crate::error::{Error, Result};

/// Who may read the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Its owner only, `0600`.
    Secret,
    /// Everybody, `0644`, unless the file exists and says otherwise.
    Public,
}

/// One file to be written.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// Where.
    pub path: &'a Path,
    /// What it is to hold.
    pub text: &'a str,
    /// What it held when it was read, `None` where it was not there.
    pub before: Option<&'a str>,
    /// Who may read it.
    pub mode: Mode,
    /// Whose it is to be, `None` to leave it to whom it belongs.
    pub owner: Option<FileOwner>,
    /// Whether what it held is kept beside it ([`backup_of`]).
    pub backup: bool,
}

/// Where the old content of a file is kept: `prometheus.yml.bak`.
#[must_use]
pub fn backup_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".bak");
    name.into()
}

impl<'a> Write<'a> {
    /// A file for everybody that is not there yet.
    #[must_use]
    pub const fn new_file(path: &'a Path, text: &'a str) -> Self {
        Self {
            path,
            text,
            before: None,
            mode: Mode::Public,
            owner: None,
            backup: false,
        }
    }

    /// Replaces or creates the file. The new one is complete and on disk before it takes the old one's
    /// name; it keeps the old one's owner, and its mode too unless it is secret. A symbolic link stays
    /// one: what it points to is replaced.
    ///
    /// # Errors
    /// [`Error::Changed`] where the file is no longer what it was when it was read, and any failure of the file
    /// system; then the old file is as it was and nothing is left beside it.
    pub fn write(&self) -> Result<()> {
        let target = resolve(self.path);
        if self.backup
            && let Some(before) = self.before
        {
            let backup = backup_of(&target);
            self.replace(&target, &backup, before)
                .map_err(|error| failure("write", &backup, &error))?;
        }
        let draft = self
            .replaced(&target, &target, self.text)
            .map_err(|error| failure("write", self.path, &error))?;
        // As late as possible: what somebody wrote in between is not lost.
        if !self.is_as_read(&target)? {
            return Err(Error::Changed {
                target: format!("file {}", self.path.display()),
            });
        }
        persist(draft, &target).map_err(|error| failure("write", self.path, &error))
    }

    fn is_as_read(&self, target: &Path) -> Result<bool> {
        match (fs::read(target), self.before) {
            (Ok(now), Some(before)) => Ok(now == before.as_bytes()),
            (Ok(_), None) => Ok(false),
            (Err(error), before) if error.kind() == io::ErrorKind::NotFound => Ok(before.is_none()),
            (Err(error), _) => Err(failure("read", self.path, &error)),
        }
    }

    fn replace(&self, model: &Path, target: &Path, text: &str) -> io::Result<()> {
        persist(self.replaced(model, target, text)?, target)
    }

    /// A draft for `target`, complete and on disk, with owner and mode of `model` where that exists.
    fn replaced(
        &self,
        model: &Path,
        target: &Path,
        text: &str,
    ) -> io::Result<tempfile::NamedTempFile> {
        let mut draft = draft(target)?;
        let file = draft.as_file();
        let old = fs::metadata(model).ok();
        let new = file.metadata()?;
        let old_owner = old.as_ref().map(|old| (old.uid(), old.gid()));
        let owner = self.owner.map_or(old_owner, |owner| {
            let group = old_owner.map_or(new.gid(), |(_, group)| group);
            Some((owner.user, owner.group.unwrap_or(group)))
        });
        if let Some((user, group)) = owner
            && (user, group) != (new.uid(), new.gid())
        {
            fchown(file, Some(user), Some(group))?;
        }
        if self.mode == Mode::Public {
            let mode = old.map_or(0o644, |old| old.mode() & 0o7777);
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        draft.write_all(text.as_bytes())?;
        draft.as_file().sync_all()?;
        Ok(draft)
    }
}

fn persist(draft: tempfile::NamedTempFile, target: &Path) -> io::Result<()> {
    draft.persist(target).map_err(|error| error.error)?;
    File::open(folder(target))?.sync_all()
}

/// What a path leads to through symbolic links.
pub(super) fn resolve(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
