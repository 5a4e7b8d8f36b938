//! What keeps a file from being replaced, in words, and the way out.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::Home;
use super::walk::STICKY;

/// Known before anything is written.
pub(super) enum Obstacle {
    /// It is in a volume of a ConfigMap or Secret.
    InVolume,
    /// Its folder does not exist.
    NoFolder(PathBuf),
    /// It is a folder, a device or the like; which, with its article.
    NotPlain(&'static str),
    /// It is a mount point.
    Mounted,
    /// This, the file or its folder, may not be changed by anybody.
    Frozen(PathBuf),
    /// Its folder is on a file system that is mounted read-only.
    ReadOnly,
    /// This user may make no files in its folder.
    Denied(PathBuf),
    /// Anything else that the operating system says.
    Other(String),
    /// It cannot be given to the user who was asked for.
    NotToGive(u32, String),
    /// It cannot be left to the user to whom it belongs.
    NotToLeave(u32, String),
    /// In its folder only its owner may replace it.
    Sticky(u32, PathBuf),
    /// It is a symbolic link, to this.
    Link(PathBuf),
    /// A symbolic link on the way, which this user made in a folder that everybody can write to.
    OthersLink(PathBuf, u32),
    /// A folder on the way belongs to another user.
    OthersFolder {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Its owner.
        user: u32,
    },
    /// Other users than its owner can write to a folder on the way.
    OpenFolder {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Its owner.
        user: u32,
    },
}

impl Obstacle {
    /// What is in the way where no file could be made in `folder`, or it could not be made itself.
    pub(super) fn folder(folder: &Path, error: &Error) -> Self {
        match error.kind() {
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::PermissionDenied => Self::Denied(folder.to_owned()),
            _ => Self::Other(error.to_string()),
        }
    }

    /// Whether others could read or replace what is written there.
    pub(super) const fn is_exposure(&self) -> bool {
        matches!(
            self,
            Self::Link(_)
                | Self::OthersLink(..)
                | Self::OthersFolder { .. }
                | Self::OpenFolder { .. }
                | Self::NotPlain(_)
        )
    }

    /// What to do about it, for the file `path`.
    pub(super) fn way_out(&self, path: &Path, home: Home) -> String {
        let other = match home {
            Home::Existing => {
                "-o config prints the file as it should be, to put it in place by other means"
            }
            Home::Own { .. } => "--token-dir DIR puts token and CA into another folder",
        };
        let by_itself = match self {
            Self::NoFolder(_) => return "create it, or name a file in one that exists".into(),
            Self::NotPlain(_) => return "name a plain file".into(),
            Self::Other(_) => return other.into(),
            Self::InVolume => "change the ConfigMap itself: --configmap NAMESPACE/NAME:KEY".into(),
            Self::Mounted => "mount its folder instead".into(),
            Self::Frozen(path) => format!("`chattr -i -a {}`", path.display()),
            Self::ReadOnly => "run it where that is writable".into(),
            Self::Denied(_) => "run it as a user who may".into(),
            Self::NotToGive(..) => "run as root, or as that user without --token-owner".into(),
            Self::NotToLeave(..) | Self::Sticky(..) => "run as root, or as that user".into(),
            Self::Link(_) => format!("`rm {}`", path.display()),
            Self::OthersLink(link, _) => format!("`rm {}`", link.display()),
            Self::OthersFolder { user, .. } => {
                format!("--token-owner {user} where Prometheus runs as that user")
            }
            // In a folder for everybody's files, one of one's own.
            Self::OpenFolder { path, mode, .. } if mode & STICKY != 0 => {
                return format!("--token-dir {}", path.join("monconf").display());
            }
            Self::OpenFolder { path, .. } => format!("`chmod go-w {}`", path.display()),
        };
        format!("{by_itself}; or {other}")
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let me = geteuid().as_raw();
        match self {
            Self::InVolume => {
                f.write_str("it is in a volume of a ConfigMap or Secret, which the kubelet writes")
            }
            Self::NoFolder(folder) => write!(f, "there is no folder {}", folder.display()),
            Self::NotPlain(what) => write!(f, "it is {what}"),
            Self::Mounted => f.write_str(
                "it is mounted by itself, so that it can be changed in place only, and half-written ones would be read",
            ),
            Self::Frozen(path) => write!(f, "{} is immutable or append-only", path.display()),
            Self::ReadOnly => f.write_str("its file system is mounted read-only"),
            Self::Denied(folder) => write!(
                f,
                "user {me} may not write files in its folder {}",
                folder.display()
            ),
            Self::Other(error) => f.write_str(error),
            Self::NotToGive(user, error) => {
                write!(f, "user {me} may not give it to user {user} ({error})")
            }
            Self::NotToLeave(user, error) => write!(
                f,
                "it belongs to user {user}, to whom user {me} may not leave it ({error})"
            ),
            Self::Link(to) => write!(
                f,
                "it is a symbolic link to {}, and token and CA are not written through links",
                to.display()
            ),
            Self::OthersLink(link, user) => {
                write!(f, "user {user} can change the symbolic link {}", link.display())
            }
            Self::OthersFolder { path, mode, user } => write!(
                f,
                "user {user} can replace files in folder {} (mode {mode:04o}, owner user {user})",
                path.display()
            ),
            Self::OpenFolder { path, mode, user } => write!(
                f,
                "other users can replace files in folder {} (mode {mode:04o}, owner user {user})",
                path.display()
            ),
            Self::Sticky(user, folder) => write!(
                f,
                "it belongs to user {user}, who alone may replace it in {}",
                folder.display()
            ),
        }
    }
}
