//! From a path to its folder, held open: every component is opened relative to the one before it, so that nothing is
//! looked up twice.

use std::ffi::{CStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Stat, fchmod, fstat, fsync, mkdirat, openat, readlinkat,
    statat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::obstacle::Obstacle;
use super::place::{Place, is_in_volume};

/// How many links the kernel follows (`path_resolution(7)`).
const LINKS: usize = 40;

/// Who may write in a folder beside its owner.
const WRITABLE: u32 = 0o022;

/// `S_ISVTX`: in such a folder, as `/tmp` is one, nobody replaces a file of another user.
pub(super) const STICKY: u32 = 0o1000;

/// What is demanded on the way to a file.
#[derive(Clone, Copy, Default)]
pub(super) struct Walk<'a> {
    /// The users who may be able to change the way: root, this user, and the reader of a token. `None` where it does not
    /// matter.
    pub(super) trusted: Option<&'a [u32]>,
    /// The mode of folders that are created where they are missing; `None` to create none.
    pub(super) create: Option<u32>,
    /// Whether a link in the last place stays unresolved.
    pub(super) keeps_link: bool,
}

impl Walk<'_> {
    /// The folder of `path`, and its name there.
    pub(super) fn to(&self, path: &Path) -> Result<Place, Obstacle> {
        let path = std::path::absolute(path).map_err(|error| Obstacle::folder(path, &error))?;
        let mut rest = parts(&path);
        let mut here = Here::root()?;
        let mut links = 0;
        while let Some(part) = rest.pop() {
            match part {
                Part::Root => here = Here::root()?,
                Part::Above => here.enter("..".as_ref())?,
                Part::Name(name) => {
                    let is_last = rest.is_empty();
                    let found = match statat(&here.folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(found) => Some(found),
                        Err(Errno::NOENT) => None,
                        Err(error) => return Err(Obstacle::folder(&here.path, &error.into())),
                    };
                    let kind = found.map(|found| FileType::from_raw_mode(found.st_mode));
                    match (kind, found) {
                        (Some(FileType::Symlink), Some(link)) if !(is_last && self.keeps_link) => {
                            links += 1;
                            if links > LINKS {
                                return Err(Obstacle::Other(Errno::LOOP.to_string()));
                            }
                            self.check_link(&here, &name, &link)?;
                            rest.extend(parts(&here.link(&name)?));
                        }
                        _ if is_last => {
                            self.check(&here, true)?;
                            return here.place(name);
                        }
                        (None, _) => self.create(&mut here, &name)?,
                        _ => here.enter(&name)?,
                    }
                }
            }
            self.check(&here, false)?;
        }
        Err(Obstacle::NotPlain("a folder"))
    }

    /// Whether others can change what is in this folder; in the last one not even new files of theirs are wanted.
    fn check(&self, here: &Here, is_last: bool) -> Result<(), Obstacle> {
        let Some(trusted) = self.trusted else {
            return Ok(());
        };
        let found = here.stat()?;
        let mode = found.st_mode & 0o7777;
        let (path, user) = (here.path.clone(), found.st_uid);
        if !trusted.contains(&user) {
            return Err(Obstacle::OthersFolder { path, mode, user });
        }
        let is_open = mode & WRITABLE != 0 && (is_last || mode & STICKY == 0);
        if is_open {
            return Err(Obstacle::OpenFolder { path, mode, user });
        }
        Ok(())
    }

    /// As the kernel does with `fs.protected_symlinks`: in a folder like `/tmp`, links of other users are not followed. On
    /// the way to token and CA no link is that anybody but root and this user could have made: it would lead into any
    /// folder, even that of the token's reader.
    fn check_link(&self, here: &Here, name: &OsString, link: &Stat) -> Result<(), Obstacle> {
        let folder = here.stat()?;
        let me = geteuid().as_raw();
        let is_followed = if self.trusted.is_some() {
            [link.st_uid, folder.st_uid]
                .iter()
                .all(|user| [0, me].contains(user))
        } else {
            let is_shared = folder.st_mode & STICKY != 0 && folder.st_mode & WRITABLE != 0;
            !is_shared || [me, folder.st_uid].contains(&link.st_uid)
        };
        if is_followed {
            return Ok(());
        }
        let mut users = [folder.st_uid, link.st_uid].into_iter();
        let user = users.rfind(|user| ![0, me].contains(user));
        let user = user.unwrap_or(link.st_uid);
        Err(Obstacle::OthersLink(here.path.join(name), user))
    }

    /// Creates a folder, down to the disk, and enters it. Its mode does not depend on the umask.
    fn create(&self, here: &mut Here, name: &OsString) -> Result<(), Obstacle> {
        let path = here.path.join(name);
        let Some(mode) = self.create else {
            return Err(Obstacle::NoFolder(path));
        };
        if is_in_volume(&path) {
            return Err(Obstacle::InVolume);
        }
        let above = here.folder()?;
        let refused = |error: Errno| Obstacle::folder(&path, &error.into());
        match mkdirat(&above, name, Mode::from_raw_mode(0o700)) {
            // Another run was first.
            Err(Errno::EXIST) => return here.enter(name),
            done => done.map_err(refused)?,
        }
        here.enter(name)?;
        fchmod(here.folder()?, Mode::from_raw_mode(mode)).map_err(refused)?;
        fsync(above).map_err(refused)
    }
}

/// A folder on the way.
struct Here {
    folder: OwnedFd,
    path: PathBuf,
}

impl Here {
    const FLAGS: OFlags = OFlags::PATH
        .union(OFlags::DIRECTORY)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);

    fn root() -> Result<Self, Obstacle> {
        let path = PathBuf::from("/");
        match openat(CWD, "/", Self::FLAGS, Mode::empty()) {
            Ok(folder) => Ok(Self { folder, path }),
            Err(error) => Err(Obstacle::folder(&path, &error.into())),
        }
    }

    fn enter(&mut self, name: &std::ffi::OsStr) -> Result<(), Obstacle> {
        let path = match name.to_str() {
            Some("..") => self.path.parent().unwrap_or(&self.path).to_owned(),
            _ => self.path.join(name),
        };
        let entered = openat(&self.folder, name, Self::FLAGS, Mode::empty());
        self.folder = entered.map_err(|error| match error {
            Errno::NOTDIR | Errno::NOENT => Obstacle::NoFolder(path.clone()),
            error => Obstacle::folder(&path, &error.into()),
        })?;
        self.path = path;
        Ok(())
    }

    fn stat(&self) -> Result<Stat, Obstacle> {
        fstat(&self.folder).map_err(|error| Obstacle::folder(&self.path, &error.into()))
    }

    fn link(&self, name: &OsString) -> Result<PathBuf, Obstacle> {
        let link = readlinkat(&self.folder, name, Vec::new());
        let link = link.map_err(|error| Obstacle::folder(&self.path, &error.into()))?;
        Ok(OsString::from_vec(CStr::to_bytes(&link).to_vec()).into())
    }

    /// The same folder, open for more than the way through it.
    fn folder(&self) -> Result<File, Obstacle> {
        reopen(&self.folder)
            .map(File::from)
            .map_err(|error| Obstacle::folder(&self.path, &error))
    }

    fn place(self, name: OsString) -> Result<Place, Obstacle> {
        let folder = self.folder()?;
        Ok(Place::new(folder, self.path, name))
    }
}

fn reopen(folder: impl AsFd) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(folder, ".", flags, Mode::empty())?)
}

enum Part {
    Root,
    Above,
    Name(OsString),
}

/// The components of a path, the last one first.
fn parts(path: &Path) -> Vec<Part> {
    let parts = path.components().rev();
    parts
        .filter_map(|part| match part {
            Component::RootDir => Some(Part::Root),
            Component::ParentDir => Some(Part::Above),
            Component::Normal(name) => Some(Part::Name(name.to_owned())),
            Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}
