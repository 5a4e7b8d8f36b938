//! Writing a file so that a reader sees the old one or the new one, whole.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::place::resolve;
use super::{FileOwner, failure, read};
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
    /// system; then the old file is as it was and nothing is left beside it. Only where the last step fails, which makes
    /// sure that the new name is on disk, is the new file there already.
    pub fn write(&self) -> Result<()> {
        let target = resolve(self.path);
        let draft =
            draft(&target, &target, self).map_err(|error| failure("write", self.path, &error))?;
        let kept = self.kept(&target)?;
        // As late as possible: what somebody wrote in between is not lost.
        if !self.is_as_read(&target)? {
            return Err(self.changed());
        }
        if let Some((path, kept)) = kept {
            kept.replace()
                .map_err(|error| failure("write", &path, &error))?;
        }
        let done = match self.before {
            Some(_) => draft.replace(),
            None => draft.create(),
        };
        match done {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(self.changed()),
            done => done.map_err(|error| failure("write", self.path, &error)),
        }
    }

    /// The old content as it will be kept, with owner and mode of the file that it was in.
    fn kept(&self, target: &Path) -> Result<Option<(PathBuf, Draft)>> {
        let Some(before) = self.before.filter(|_| self.backup) else {
            return Ok(None);
        };
        let path = backup_of(self.path);
        let as_before = Self {
            text: before,
            owner: None,
            ..*self
        };
        match draft(&resolve(&path), target, &as_before) {
            Ok(draft) => Ok(Some((path, draft))),
            Err(error) => Err(failure("write", &path, &error)),
        }
    }

    fn is_as_read(&self, target: &Path) -> Result<bool> {
        let now = read(self.path)?;
        let now = now.as_ref().map(|file| &*file.text);
        Ok(now == self.before && resolve(self.path) == target)
    }

    fn changed(&self) -> Error {
        Error::Changed {
            target: format!("file {}", self.path.display()),
        }
    }
}

/// A draft for `target`, complete and on disk, that looks like the file `old`.
fn draft(target: &Path, old: &Path, write: &Write) -> std::io::Result<Draft> {
    let mut draft = Draft::beside(target)?;
    draft.dress(fs::metadata(old).ok().as_ref(), write.mode, write.owner)?;
    draft.fill(write.text)?;
    Ok(draft)
}
