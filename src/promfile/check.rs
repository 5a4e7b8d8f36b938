//! Whether a file can be written, found out before anything else is.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, fchown};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

use super::draft::draft;
use super::write::{folder, resolve};
use super::{FileOwner, Mode};
use crate::error::{Error, Result};

/// Whether [`super::Write`] can work: tried with an empty file that is gone at once, before the cluster is changed.
///
/// The folder of a secret file is made where it is missing; that of a configuration file must exist,
/// because Prometheus looks for it where its own configuration says.
///
/// # Errors
/// [`Error::Unwritable`]: a folder that is missing or cannot be written to, a file that cannot be replaced because it is
/// mounted by itself or comes from a volume of Kubernetes, an owner that it may not be given.
pub fn check_writable(path: &Path, mode: Mode, owner: Option<FileOwner>) -> Result<()> {
    let target = resolve(path);
    let folder = folder(&target);
    let refused = |reason: String, hint: &str| Error::Unwritable {
        path: path.to_owned(),
        reason,
        hint: hint.to_owned(),
    };
    if is_in_volume(&target) {
        return Err(refused(
            "it is in a volume of a ConfigMap or Secret, which the kubelet writes".to_owned(),
            IN_VOLUME,
        ));
    }
    if mode == Mode::Secret {
        fs::create_dir_all(&folder).map_err(|error| refused(error.to_string(), ELSEWHERE))?;
    }
    if !folder.is_dir() {
        let reason = format!("there is no folder {}", folder.display());
        return Err(refused(
            reason,
            "create it, or name a file in one that exists",
        ));
    }
    if let Ok(existing) = fs::metadata(&target)
        && !existing.is_file()
    {
        let kind = existing.file_type();
        let what = match () {
            () if kind.is_dir() => "a folder",
            () if kind.is_fifo() => "a named pipe",
            () if kind.is_socket() => "a socket",
            () => "a device",
        };
        return Err(refused(format!("it is {what}"), "name a plain file"));
    }
    if is_mounted(&target, &folder) {
        return Err(refused(
            "it is mounted by itself, so that it can be changed in place only, and half-written ones would be read"
                .to_owned(),
            MOUNTED,
        ));
    }
    let draft = draft(&target).map_err(|error| {
        let reason = match error.kind() {
            ErrorKind::ReadOnlyFilesystem => "its file system is read-only".to_owned(),
            ErrorKind::PermissionDenied => {
                format!("no file can be written in its folder {}", folder.display())
            }
            _ => error.to_string(),
        };
        refused(reason, ELSEWHERE)
    })?;
    if let Some(owner) = owner {
        fchown(draft.as_file(), Some(owner.user), owner.group).map_err(|error| {
            refused(
                format!("it cannot be given to user {}: {error}", owner.user),
                "run as root, or leave out --token-owner and run as the user that Prometheus runs as",
            )
        })?;
    }
    Ok(())
}

const ELSEWHERE: &str = "run as someone who may write there; or -o config prints the file as it should be, to put it in place by other means";
const MOUNTED: &str = "mount its folder instead; or -o config prints the file as it should be, to put it in place by other means";
const IN_VOLUME: &str = "change the ConfigMap itself: --configmap NAMESPACE/NAME:KEY; or -o config prints the file as it should be";

/// Volumes of ConfigMaps and Secrets are links through `..data` to a folder whose name begins with two dots.
fn is_in_volume(target: &Path) -> bool {
    target.components().any(|component| match component {
        Component::Normal(name) => {
            let name = name.to_string_lossy();
            name == "..data" || name.starts_with("..20")
        }
        _ => false,
    })
}

/// Whether a file is a mount point: a rename onto it fails with EBUSY.
fn is_mounted(target: &Path, folder: &Path) -> bool {
    let mount = |path: &Path| {
        let found = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
        let known = found.stx_mask & StatxFlags::MNT_ID.bits() != 0;
        known.then_some(found.stx_mnt_id)
    };
    matches!((mount(target), mount(folder)), (Some(file), Some(folder)) if file != folder)
}
