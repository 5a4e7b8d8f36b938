//! Files under way: beside their target, and gone when nobody writes them any more.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt;

use ring::rand::{SecureRandom, SystemRandom};
use rustix::fs::{
    AtFlags, Gid, Mode as Bits, OFlags, RenameFlags, Stat, Uid, fchmod, fchown, fstat, linkat,
    openat, renameat, renameat_with, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::place::{Place, is_same, stat_in};
use super::{FileOwner, Mode, left};

/// A new file beside its target, 0600 from its first moment, that takes its target's name when it is complete. It is
/// locked for as long as its writer lives: by that a later writer knows what a killed one has left, and removes it.
pub(super) struct Draft<'p> {
    place: &'p Place,
    name: OsString,
    file: File,
    /// Whether the name of the draft is still in the folder.
    is_named: bool,
}

impl<'p> Draft<'p> {
    /// Creates one in `place`; those that killed runs have left there are removed.
    pub(super) fn new(
        place: &'p Place,
        old: Option<&Stat>,
        owner: Option<FileOwner>,
    ) -> io::Result<Self> {
        let me = geteuid().as_raw();
        let owners = [
            Some(me),
            old.map(|old| old.st_uid),
            owner.map(|owner| owner.user),
        ];
        let owners: Vec<u32> = owners.into_iter().flatten().collect();
        left::clear(&place.folder, &owners, |name| {
            left::is_draft_of(name, &place.name)
        });
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let name = name(&place.name)?;
            let file = match openat(&place.folder, &name, flags, Bits::from_raw_mode(0o600)) {
                Ok(file) => File::from(file),
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(error.into()),
            };
            let draft = Self {
                place,
                name,
                file,
                is_named: true,
            };
            // Where there are no locks, nothing counts as left behind.
            let _ = draft.file.lock();
            // Before it was locked another writer may have taken it for left behind.
            let own = fstat(&draft.file)?;
            if stat_in(&place.folder, &draft.name)?.is_some_and(|named| is_same(&named, &own)) {
                return Ok(draft);
            }
        }
    }

    /// Gives it to `owner`, else to the owner of the file that it replaces; and unless it is secret, that file's mode.
    pub(super) fn dress(
        &self,
        old: Option<&Stat>,
        mode: Mode,
        owner: Option<FileOwner>,
    ) -> io::Result<()> {
        let new = fstat(&self.file)?;
        let (user, group) = old.map_or((new.st_uid, new.st_gid), |old| (old.st_uid, old.st_gid));
        let (user, group) = owner.map_or((user, group), |owner| {
            (owner.user, owner.group.unwrap_or(group))
        });
        // In this order, because only its owner may change the mode of a file; it is empty yet. Set in any case, because
        // the umask may have taken bits of the mode that it was created with.
        let bits = match mode {
            Mode::Secret => 0o600,
            Mode::Public => old.map_or(0o644, |old| old.st_mode & 0o7777),
        };
        fchmod(&self.file, Bits::from_raw_mode(bits))?;
        if (user, group) != (new.st_uid, new.st_gid) {
            fchown(
                &self.file,
                Some(Uid::from_raw(user)),
                Some(Gid::from_raw(group)),
            )?;
        }
        Ok(())
    }

    /// Writes its content, down to the disk.
    pub(super) fn fill(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.sync_all()
    }

    /// Takes the place of the target.
    pub(super) fn replace(mut self) -> io::Result<()> {
        let folder = &self.place.folder;
        renameat(folder, &self.name, folder, &self.place.name)?;
        self.is_named = false;
        folder.sync_all()
    }

    /// Takes the target's name unless there is a file of that name by now ([`ErrorKind::AlreadyExists`]).
    pub(super) fn create(mut self) -> io::Result<()> {
        let (folder, target) = (&self.place.folder, &self.place.name);
        match renameat_with(folder, &self.name, folder, target, RenameFlags::NOREPLACE) {
            Ok(()) => self.is_named = false,
            Err(Errno::INVAL | Errno::NOSYS) => {
                let linked = linkat(folder, &self.name, folder, target, AtFlags::empty());
                match linked.map_err(io::Error::from) {
                    // The draft's own name goes when this is dropped.
                    Ok(()) => {}
                    // Some file systems can neither rename so nor link: there a plain rename has to do.
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::PermissionDenied | ErrorKind::Unsupported
                        ) =>
                    {
                        return self.replace();
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(error) => return Err(error.into()),
        }
        folder.sync_all()
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if self.is_named {
            let _ = unlinkat(&self.place.folder, &self.name, AtFlags::empty());
        }
    }
}

/// A name that nobody can foresee.
fn name(target: &OsStr) -> io::Result<OsString> {
    let mut random = [0; left::RANDOM / 2];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| io::Error::other("the system has no random numbers"))?;
    let mut name = left::prefix(target);
    for byte in random {
        name.push(format!("{byte:02x}"));
    }
    debug_assert!(left::is_draft_of(
        OsStr::from_bytes(name.as_bytes()),
        target
    ));
    Ok(name)
}
