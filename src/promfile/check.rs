//! Whether a file can be written, found out before anything else is.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::draft::Draft;
use super::obstacle::Obstacle;
use super::place::{folder, is_anothers, is_frozen, is_in_volume, is_mounted, kind, make, resolve};
use super::{Write, backup_of};
use crate::error::{Error, Result};

/// Whose the folder of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Others': it must exist, because Prometheus looks for the file where its own configuration says.
    Existing,
    /// monconf's own: it is made where it is missing.
    Own,
}

impl Write<'_> {
    /// Whether [`Write::write`] can work: tried, as far as that goes, with an empty file that is gone at once.
    ///
    /// # Errors
    /// [`Error::Unwritable`]: a folder that is missing or cannot be written to, a file that cannot be replaced because it
    /// is mounted by itself, immutable or in a volume of Kubernetes, an owner that it may not be given.
    pub fn check(&self, home: Home) -> Result<()> {
        self.try_out(home).map_err(|obstacle| Error::Unwritable {
            path: self.path.to_owned(),
            reason: obstacle.to_string(),
            hint: obstacle.way_out(home),
        })?;
        if self.backup && self.before.is_some() {
            let path = backup_of(self.path);
            let kept = Write {
                path: &path,
                backup: false,
                ..*self
            };
            return kept.check(home);
        }
        Ok(())
    }

    fn try_out(&self, home: Home) -> Result<(), Obstacle> {
        let target = resolve(self.path);
        let folder = folder(&target);
        let draft = beside(&target, home)?;
        let old = fs::metadata(&target).ok();
        draft
            .dress(old.as_ref(), self.mode, self.owner)
            .map_err(|error| match self.owner {
                Some(asked) => Obstacle::NotToGive(asked.user, error.to_string()),
                None => Obstacle::NotToLeave(old.map_or(0, |old| old.uid()), error.to_string()),
            })?;
        is_anothers(&target).map_or(Ok(()), |owner| Err(Obstacle::Sticky(owner, folder)))
    }
}

/// Whether the file `path` can be removed, tried like [`Write::check`].
///
/// # Errors
/// [`Error::Unwritable`].
pub fn check_removal(path: &Path) -> Result<()> {
    let target = resolve(path);
    let fit = beside(&target, Home::Existing).and_then(|_| {
        let folder = folder(&target);
        is_anothers(&target).map_or(Ok(()), |owner| Err(Obstacle::Sticky(owner, folder)))
    });
    fit.map_err(|obstacle| Error::Unwritable {
        path: path.to_owned(),
        reason: obstacle.to_string(),
        hint: obstacle.way_out(Home::Existing),
    })
}

/// An empty file beside `target`, where that can be replaced.
fn beside(target: &Path, home: Home) -> Result<Draft, Obstacle> {
    let folder = folder(target);
    if is_in_volume(target) {
        return Err(Obstacle::InVolume);
    }
    if home == Home::Own {
        make(&folder).map_err(|error| Obstacle::folder(&folder, &error))?;
    }
    if !folder.is_dir() {
        return Err(Obstacle::NoFolder(folder));
    }
    let old = fs::metadata(target).ok();
    if let Some(old) = old.filter(|old| !old.is_file()) {
        return Err(Obstacle::NotPlain(kind(old.file_type())));
    }
    if is_mounted(target) {
        return Err(Obstacle::Mounted);
    }
    if let Some(frozen) = [target, &folder].into_iter().find(|path| is_frozen(path)) {
        return Err(Obstacle::Frozen(frozen.to_owned()));
    }
    Draft::beside(target).map_err(|error| Obstacle::folder(&folder, &error))
}
