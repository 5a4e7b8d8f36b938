//! Where a file really is, and what keeps one there from being replaced.

use std::fs::{self, File, FileType};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Statx, StatxAttributes, StatxFlags, statx};
use rustix::process::geteuid;
use rustix::thread::{CapabilitySet, capabilities};

/// How many links the kernel follows (`path_resolution(7)`).
const LINKS: usize = 40;

/// `S_ISVTX`: in such a folder, as `/tmp` is one, nobody replaces a file of another user.
const STICKY: u32 = 0o1000;

/// What a path leads to through symbolic links, also where nothing is there yet.
#[must_use]
pub fn resolve(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if let Ok(found) = fs::canonicalize(&path) {
            return found;
        }
        let Ok(link) = fs::read_link(&path) else {
            break;
        };
        path = folder(&path).join(link);
    }
    match (fs::canonicalize(folder(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// The folder that a file is in.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// What is there instead of a plain file.
pub(super) fn kind(kind: FileType) -> &'static str {
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

/// Makes a folder, and those above it, where they are missing; down to the disk.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = self::folder(folder);
    make(&above)?;
    match fs::create_dir(folder) {
        // Another run was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => made,
    }?;
    File::open(above)?.sync_all()
}

/// Whether a file is in a volume of a ConfigMap or Secret: in one, `..data` links to the folder of the current files,
/// and the kubelet changes them all by changing that link (`pkg/volume/util/atomic_writer.go` of Kubernetes).
pub(super) fn is_in_volume(target: &Path) -> bool {
    let mount = mount(&folder(target));
    target
        .ancestors()
        .skip(1)
        .take_while(|above| self::mount(above) == mount)
        .any(|above| above.join("..data").is_symlink())
}

/// Whether a file is a mount point: a rename onto it fails with EBUSY.
pub(super) fn is_mounted(target: &Path) -> bool {
    let (file, folder) = (mount(target), mount(&folder(target)));
    file.is_some() && folder.is_some() && file != folder
}

/// The mount that a path is in, where the kernel tells (since 5.8).
fn mount(path: &Path) -> Option<u64> {
    let found = stat(path)?;
    let known = found.stx_mask & StatxFlags::MNT_ID.bits() != 0;
    known.then_some(found.stx_mnt_id)
}

/// Whether a file or folder is immutable or only ever grows (`chattr`).
pub(super) fn is_frozen(path: &Path) -> bool {
    let frozen = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    stat(path).is_some_and(|found| found.stx_attributes.intersects(frozen))
}

fn stat(path: &Path) -> Option<Statx> {
    statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()
}

/// The user whose file this is, if only that user may replace it in this folder.
pub(super) fn is_anothers(target: &Path) -> Option<u32> {
    let file = fs::symlink_metadata(target).ok()?;
    let folder = fs::metadata(folder(target)).ok()?;
    let me = geteuid().as_raw();
    let may = me == file.uid() || me == folder.uid() || is_over_owners();
    (folder.mode() & STICKY != 0 && !may).then_some(file.uid())
}

fn is_over_owners() -> bool {
    capabilities(None).is_ok_and(|held| held.effective.contains(CapabilitySet::FOWNER))
}
