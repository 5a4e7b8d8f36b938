//! Whether a file can be written, found out before anything else is.

use std::path::Path;

use rustix::process::geteuid;

use super::draft::Draft;
use super::obstacle::Obstacle;
use super::place::{Place, is_in_volume, is_plain, kind};
use super::walk::Walk;
use super::write::trusted;
use super::{Checked, Write, backup_of};
use crate::error::{Error, Result};

/// Whose the folder of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Others': it must exist, because Prometheus looks for the file where its own configuration says.
    Existing,
    /// monconf's own, for token and CA: it is made where it is missing. No other user than root, this one and `reader`,
    /// the user whose the token is, may be able to change anything on the way there, and no link is followed in the end.
    Own {
        /// The user whose the token is, where that is another one.
        reader: Option<u32>,
    },
}

impl Home {
    /// The mode of a folder that is made: others may look nothing up in it, but that the reader comes through.
    fn mode(self) -> Option<u32> {
        match self {
            Self::Existing => None,
            Self::Own { reader } => {
                let is_anothers = reader.is_some_and(|reader| reader != geteuid().as_raw());
                Some(if is_anothers { 0o711 } else { 0o700 })
            }
        }
    }
}

impl Write<'_> {
    /// Whether [`Write::write_at`] can work: tried, as far as that goes, with an empty file that is gone at once. What is
    /// returned holds the folder open, so that it is this one that is written to.
    ///
    /// # Errors
    /// [`Error::Unwritable`]: a folder that is missing or cannot be written to, a file that cannot be replaced because it
    /// is mounted by itself, immutable or in a volume of Kubernetes, an owner that it may not be given; for token and CA
    /// also a folder that others can change, and a link.
    pub fn check(&self) -> Result<Checked> {
        let place = self
            .try_out(self.path)
            .map_err(|obstacle| obstacle.at(self.path, self.home))?;
        let backup = if self.backup && self.before.is_some() {
            let path = backup_of(self.path);
            let tried = self.try_out(&path);
            Some(tried.map_err(|obstacle| obstacle.at(&path, self.home))?)
        } else {
            None
        };
        Ok(Checked { place, backup })
    }

    fn try_out(&self, path: &Path) -> Result<Place, Obstacle> {
        let trusted = self.trusted();
        let walk = Walk {
            create: self.home.mode(),
            ..self.walk(&trusted)
        };
        let place = walk.to(path)?;
        fit(&place)?;
        let old = stat(&place)?;
        let draft = Draft::new(&place, old.as_ref(), self.owner)
            .map_err(|error| Obstacle::folder(&place.path, &error))?;
        let dressed = draft.dress(old.as_ref(), self.mode, self.owner);
        dressed.map_err(|error| match self.owner {
            Some(asked) => Obstacle::NotToGive(asked.user, error.to_string()),
            None => Obstacle::NotToLeave(old.map_or(0, |old| old.st_uid), error.to_string()),
        })?;
        drop(draft);
        owned(&place)?;
        Ok(place)
    }
}

/// Whether the file `path` can be removed, tried like [`Write::check`]. A link to token or CA is not followed.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn check_removal(path: &Path, keeps_link: bool) -> Result<Checked> {
    let walk = Walk {
        keeps_link,
        ..Walk::default()
    };
    let fit = || {
        let place = walk.to(path)?;
        fit(&place)?;
        Draft::new(&place, None, None).map_err(|error| Obstacle::folder(&place.path, &error))?;
        owned(&place)?;
        Ok(place)
    };
    match fit() {
        Ok(place) => Ok(Checked {
            place,
            backup: None,
        }),
        Err(obstacle) => Err(Obstacle::at(&obstacle, path, Home::Existing)),
    }
}

/// Makes a folder, and those above it, where they are missing: `0755`, whatever the umask.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn make_folder(folder: &Path) -> Result<()> {
    let walk = Walk {
        create: Some(0o755),
        ..Walk::default()
    };
    // On the way to what would be in it.
    match walk.to(&folder.join("-")) {
        Ok(_) => Ok(()),
        Err(obstacle) => Err(obstacle.at(folder, Home::Existing)),
    }
}

/// What keeps token and CA from being written to `path`, and what to do about it, as far as it can be seen without
/// changing anything: a folder on the way that other users than `reader` can change, or a link.
#[must_use]
pub fn exposure(path: &Path, reader: Option<u32>) -> Option<(String, String)> {
    let trusted = trusted(reader);
    let walk = Walk {
        trusted: Some(&trusted),
        create: None,
        keeps_link: true,
    };
    let obstacle = match walk.to(path) {
        Ok(place) => match place.stat() {
            Ok(Some(found)) if !is_plain(&found) => not_plain(&place, found.st_mode),
            _ => return None,
        },
        Err(obstacle) if obstacle.is_exposure() => obstacle,
        // Whatever else is wrong is known once it is tried.
        Err(_) => return None,
    };
    let home = Home::Own { reader };
    Some((obstacle.to_string(), obstacle.way_out(path, home)))
}

/// Whether what has this name, if anything has, can be replaced at all.
fn fit(place: &Place) -> Result<(), Obstacle> {
    if is_in_volume(&place.target()) {
        return Err(Obstacle::InVolume);
    }
    if let Some(old) = stat(place)?.filter(|old| !is_plain(old)) {
        return Err(not_plain(place, old.st_mode));
    }
    if place.is_mounted() {
        return Err(Obstacle::Mounted);
    }
    place
        .frozen()
        .map_or(Ok(()), |frozen| Err(Obstacle::Frozen(frozen)))
}

fn not_plain(place: &Place, mode: u32) -> Obstacle {
    match std::fs::read_link(place.target()) {
        Ok(link) => Obstacle::Link(place.path.join(link)),
        Err(_) => Obstacle::NotPlain(kind(mode)),
    }
}

fn stat(place: &Place) -> Result<Option<rustix::fs::Stat>, Obstacle> {
    place
        .stat()
        .map_err(|error| Obstacle::folder(&place.path, &error))
}

fn owned(place: &Place) -> Result<(), Obstacle> {
    place.is_anothers().map_or(Ok(()), |owner| {
        Err(Obstacle::Sticky(owner, place.path.clone()))
    })
}

impl Obstacle {
    fn at(&self, path: &Path, home: Home) -> Error {
        Error::Unwritable {
            path: path.to_owned(),
            reason: self.to_string(),
            hint: self.way_out(path, home),
        }
    }
}
