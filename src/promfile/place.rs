//! Where a file is, and what keeps one there from being replaced.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, Stat, Statx, StatxAttributes, StatxFlags, fstat, openat,
    statat, statx,
};
use rustix::io::Errno;
use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, capabilities};

use super::walk::STICKY;

/// The name of a file, and its folder, held open: whatever becomes of the path that led there, this is one and the same
/// folder.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: File,
    /// The path of the folder, without links.
    pub(super) path: PathBuf,
    pub(super) name: OsString,
}

impl Place {
    pub(super) const fn new(folder: File, path: PathBuf, name: OsString) -> Self {
        Self { folder, path, name }
    }

    /// The path of the file, without links.
    pub(super) fn target(&self) -> PathBuf {
        self.path.join(&self.name)
    }

    /// What has this name, `None` where nothing has.
    pub(super) fn stat(&self) -> io::Result<Option<Stat>> {
        stat_in(&self.folder, &self.name)
    }

    /// The content of the file, `None` where there is none.
    pub(super) fn read(&self, largest: u64) -> io::Result<Option<Vec<u8>>> {
        // Neither waits for the other end of a pipe nor follows a link, whatever has the name by now.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.folder, &self.name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.take(largest).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Whether both are the same name in the same folder.
    pub(super) fn is(&self, other: &Self) -> io::Result<bool> {
        let (folder, others) = (fstat(&self.folder)?, fstat(&other.folder)?);
        Ok(self.name == other.name && is_same(&folder, &others))
    }

    /// Whether the file is a mount point: a rename onto it fails with EBUSY.
    pub(super) fn is_mounted(&self) -> bool {
        let of = |name: &OsStr, flags| {
            let found = statx(&self.folder, name, flags, StatxFlags::MNT_ID).ok()?;
            mount_of(&found)
        };
        let file = of(&self.name, AtFlags::SYMLINK_NOFOLLOW);
        let folder = of(OsStr::new(""), AtFlags::EMPTY_PATH);
        file.is_some() && folder.is_some() && file != folder
    }

    /// The file or its folder, where it is immutable or only ever grows (`chattr`).
    pub(super) fn frozen(&self) -> Option<PathBuf> {
        let frozen = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
        let is_frozen = |name: &OsStr, flags| {
            let found = statx(&self.folder, name, flags, StatxFlags::empty());
            found.is_ok_and(|found| found.stx_attributes.intersects(frozen))
        };
        if is_frozen(&self.name, AtFlags::SYMLINK_NOFOLLOW) {
            return Some(self.target());
        }
        is_frozen(OsStr::new(""), AtFlags::EMPTY_PATH).then(|| self.path.clone())
    }

    /// The user whose file this is, if only that user may replace it in this folder.
    pub(super) fn is_anothers(&self) -> Option<u32> {
        let file = self.stat().ok()??;
        let folder = fstat(&self.folder).ok()?;
        let me = geteuid().as_raw();
        let may = me == file.st_uid || me == folder.st_uid || is_over_owners();
        (folder.st_mode & STICKY != 0 && !may).then_some(file.st_uid)
    }
}

/// What has a name in a folder; a link is not followed.
pub(super) fn stat_in(folder: &File, name: &OsStr) -> io::Result<Option<Stat>> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether both are of one file or folder.
pub(super) const fn is_same(one: &Stat, other: &Stat) -> bool {
    one.st_dev == other.st_dev && one.st_ino == other.st_ino
}

pub(super) fn is_plain(found: &Stat) -> bool {
    FileType::from_raw_mode(found.st_mode) == FileType::RegularFile
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// What there is instead of a plain file.
pub(super) fn kind(mode: u32) -> &'static str {
    match FileType::from_raw_mode(mode) {
        FileType::Directory => "a folder",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::Symlink => "a symbolic link",
        _ => "a device",
    }
}

/// Whether a file is in a volume of a ConfigMap or Secret: in one, `..data` links to the folder of the current files,
/// and the kubelet changes them all by changing that link (`pkg/volume/util/atomic_writer.go` of Kubernetes).
pub(super) fn is_in_volume(target: &Path) -> bool {
    let mount = mount(&folder(target));
    target
        .ancestors()
        .skip(1)
        .take_while(|above| self::mount(above) == mount)
        .any(|above| fs::symlink_metadata(above.join("..data")).is_ok_and(|data| data.is_symlink()))
}

/// The mount that a path is in, where the kernel tells (since 5.8).
fn mount(path: &Path) -> Option<u64> {
    mount_of(&statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()?)
}

const fn mount_of(found: &Statx) -> Option<u64> {
    if found.stx_mask & StatxFlags::MNT_ID.bits() == 0 {
        return None;
    }
    Some(found.stx_mnt_id)
}

fn is_over_owners() -> bool {
    capabilities(None).is_ok_and(|held| held.effective.contains(CapabilitySet::FOWNER))
}
