//! Drafts that killed runs have left behind.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags, flock, fstat, openat, unlinkat};
use rustix::process::geteuid;

use super::place::{is_plain, is_same, stat_in};
use super::walk::Walk;

/// What the name of every draft has between that of its target and its random digits.
const MARK: &str = ".monconf-";

/// How many random hexadecimal digits the name of a draft ends with.
pub(super) const RANDOM: usize = 12;

/// How the names of the drafts of `target` begin.
pub(super) fn prefix(target: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(target);
    prefix.push(MARK);
    prefix
}

/// Whether `name` is that of a draft of `target`.
pub(super) fn is_draft_of(name: &OsStr, target: &OsStr) -> bool {
    let random = name.as_bytes().strip_prefix(prefix(target).as_bytes());
    random.is_some_and(is_random)
}

/// Whether a name is that of a draft.
pub(super) fn is_draft(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let Some((target, random)) = name.split_at_checked(name.len().saturating_sub(RANDOM)) else {
        return false;
    };
    name.starts_with(b".") && target.ends_with(MARK.as_bytes()) && is_random(random)
}

fn is_random(digits: &[u8]) -> bool {
    let is_digit = |digit: &u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(digit);
    digits.len() == RANDOM && digits.iter().all(is_digit)
}

/// Removes those drafts of `owners` that nobody writes any more. Best effort: a draft is in nobody's way.
pub(super) fn clear(folder: &File, owners: &[u32], is_wanted: impl Fn(&OsStr) -> bool) {
    for name in names(folder, is_wanted) {
        // Some file systems lock only what is open for writing.
        let exclusive = FlockOperation::NonBlockingLockExclusive;
        // The lock is held until the name is gone: a writer that has just created it waits, and takes another name.
        if let Some(_lock) = locked(folder, &name, owners, OFlags::RDWR, exclusive) {
            let _ = unlinkat(folder, &name, AtFlags::empty());
        }
    }
}

/// Removes a draft, if nobody writes it; one that is gone by now is gone.
pub(super) fn clear_one(path: &Path, owners: &[u32]) {
    let walk = Walk {
        keeps_link: true,
        ..Walk::default()
    };
    if let Ok(place) = walk.to(path) {
        clear(&place.folder, owners, |name| {
            name == place.name && is_draft(name)
        });
    }
}

/// The drafts of `target` that killed runs of this user, or of `owner`, have left beside it. Nothing is changed.
#[must_use]
pub fn left_drafts(target: &Path, owner: Option<u32>) -> Vec<PathBuf> {
    let Ok(place) = Walk::default().to(target) else {
        return Vec::new();
    };
    let owners: Vec<u32> = owner.into_iter().chain([geteuid().as_raw()]).collect();
    let drafts = names(&place.folder, |name| is_draft_of(name, &place.name));
    let shared = FlockOperation::NonBlockingLockShared;
    let mut left: Vec<PathBuf> = drafts
        .into_iter()
        .filter(|name| locked(&place.folder, name, &owners, OFlags::RDONLY, shared).is_some())
        .map(|name| place.path.join(name))
        .collect();
    left.sort_unstable();
    left
}

fn names(folder: &File, is_wanted: impl Fn(&OsStr) -> bool) -> Vec<OsString> {
    let Ok(entries) = Dir::read_from(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| OsStr::from_bytes(entry.file_name().to_bytes()).to_owned())
        .filter(|name| is_wanted(name))
        .collect()
}

/// A draft, with its lock, if it is a plain file of one of `owners` and nobody writes it.
fn locked(
    folder: &File,
    name: &OsStr,
    owners: &[u32],
    access: OFlags,
    lock: FlockOperation,
) -> Option<OwnedFd> {
    let named = stat_in(folder, name).ok()??;
    if !is_plain(&named) || !owners.contains(&named.st_uid) {
        return None;
    }
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let draft = openat(folder, name, flags, Mode::empty()).ok()?;
    flock(&draft, lock).ok()?;
    // Its writer may have come to its end meanwhile, and have given it its target's name.
    let now = stat_in(folder, name).ok()??;
    let is_it = is_same(&fstat(&draft).ok()?, &now) && is_same(&named, &now);
    is_it.then_some(draft)
}
