//! Writing a file so that a reader sees the old one or the new one, whole.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::draft::Draft;
use super::place::Place;
use super::read::LARGEST;
use super::walk::Walk;
use super::{FileOwner, Home, failure};
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
    /// Whose its folder is.
    pub home: Home,
}

/// The folders of a file that was checked, held open until it is written.
#[derive(Debug)]
pub struct Checked {
    pub(super) place: Place,
    /// Where the old content is kept.
    pub(super) backup: Option<Place>,
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
            home: Home::Existing,
        }
    }

    /// [`Write::check`] and [`Write::write_at`].
    ///
    /// # Errors
    /// Those of both.
    pub fn write(&self) -> Result<()> {
        self.write_at(&self.check()?)
    }

    /// Replaces or creates the file in the folder that was checked. The new one is complete and on disk before it takes
    /// the old one's name; it keeps the old one's owner, and its mode too unless it is secret. Of a configuration file
    /// that is a symbolic link, what it points to is replaced.
    ///
    /// # Errors
    /// [`Error::Changed`] where the file is no longer what it was when it was read, or no longer where it was checked,
    /// and any failure of the file system; then the old file is as it was and nothing is left beside it. Only where the
    /// last step fails, which makes sure that the new name is on disk, is the new file there already.
    pub fn write_at(&self, checked: &Checked) -> Result<()> {
        let failed = |error: std::io::Error| failure("write", self.path, &error);
        let place = &checked.place;
        let old = place.stat().map_err(failed)?;
        let keeps_owner = self.mode == Mode::Secret && self.owner.is_none();
        if keeps_owner && old.is_some_and(|old| !self.trusted().contains(&old.st_uid)) {
            return Err(self.changed());
        }
        let mut draft = Draft::new(place, old.as_ref(), self.owner).map_err(failed)?;
        draft
            .dress(old.as_ref(), self.mode, self.owner)
            .map_err(failed)?;
        draft.fill(self.text).map_err(failed)?;
        let kept = self.kept(checked)?;
        // As late as possible: what somebody wrote in between is not lost.
        if !self.is_as_read(place)? {
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
            done => done.map_err(failed),
        }
    }

    /// The old content as it will be kept, with owner and mode of the file that it was in.
    fn kept<'p>(&self, checked: &'p Checked) -> Result<Option<(PathBuf, Draft<'p>)>> {
        let (Some(place), Some(before)) = (&checked.backup, self.before) else {
            return Ok(None);
        };
        let path = backup_of(self.path);
        let made = || {
            let old = checked.place.stat()?;
            let mut draft = Draft::new(place, old.as_ref(), None)?;
            draft.dress(old.as_ref(), self.mode, None)?;
            draft.fill(before)?;
            Ok(draft)
        };
        match made() {
            Ok(draft) => Ok(Some((path, draft))),
            Err(error) => Err(failure("write", &path, &error)),
        }
    }

    fn is_as_read(&self, place: &Place) -> Result<bool> {
        let read = |error: std::io::Error| failure("read", self.path, &error);
        let now = place.read(LARGEST).map_err(read)?;
        if now.as_deref() != self.before.map(str::as_bytes) {
            return Ok(false);
        }
        // The path may lead elsewhere by now: the folder was moved away, a link points to another file.
        let Ok(again) = self.walk(&self.trusted()).to(self.path) else {
            return Ok(false);
        };
        again.is(place).map_err(read)
    }

    /// The users who may be able to change the way to token and CA.
    pub(super) fn trusted(&self) -> Vec<u32> {
        trusted(match self.home {
            Home::Own { reader } => reader,
            Home::Existing => None,
        })
    }

    pub(super) fn walk<'t>(&self, trusted: &'t [u32]) -> Walk<'t> {
        let is_own = self.home != Home::Existing;
        Walk {
            trusted: is_own.then_some(trusted),
            create: None,
            keeps_link: is_own,
        }
    }

    fn changed(&self) -> Error {
        Error::Changed {
            target: format!("file {}", self.path.display()),
        }
    }
}

/// Root, this user, and the one who reads the token.
pub(super) fn trusted(reader: Option<u32>) -> Vec<u32> {
    [0, geteuid().as_raw()].into_iter().chain(reader).collect()
}
