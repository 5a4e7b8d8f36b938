//! The files of a folder, and what a run changed among them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{getegid, geteuid};

/// What a folder held at one time, by paths within it.
pub(crate) struct Files(BTreeMap<PathBuf, File>);

#[derive(PartialEq, Eq)]
struct File {
    content: Content,
    mode: u32,
    owner: (u32, u32),
    /// A file that is written anew has another one, or another time.
    inode: u64,
    modified: (i64, i64),
}

#[derive(PartialEq, Eq)]
enum Content {
    Folder,
    Link(PathBuf),
    Bytes(Vec<u8>),
}

impl Files {
    /// Everything below `folder`.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut files = Self(BTreeMap::new());
        files.add(folder, Path::new(""));
        files
    }

    fn add(&mut self, folder: &Path, within: &Path) {
        let entries = folder.read_dir().into_iter().flatten().flatten();
        for entry in entries {
            let (path, within) = (entry.path(), within.join(entry.file_name()));
            let Ok(metadata) = path.symlink_metadata() else {
                continue; // it is gone
            };
            if metadata.is_dir() {
                self.add(&path, &within);
            }
            self.0.insert(within, File::new(&path, &metadata));
        }
    }

    /// What is new, different or gone since `before`: how, the mode, the path, and the content.
    pub(crate) fn since(&self, before: &Self) -> String {
        let mut text = String::new();
        let paths: BTreeSet<&PathBuf> = self.0.keys().chain(before.0.keys()).collect();
        for path in paths {
            let (old, new) = (before.0.get(path), self.0.get(path));
            let Some(how) = how(old, new) else { continue };
            let Some(file) = new.or(old) else { continue };
            let _ = writeln!(
                text,
                "{how} {:04o}{} {}",
                file.mode,
                file.owner(),
                path.display()
            );
            if new.is_some() {
                text.push_str(&file.content());
            }
        }
        text
    }
}

fn how(old: Option<&File>, new: Option<&File>) -> Option<&'static str> {
    match (old, new) {
        (Some(old), Some(new)) if old == new => None,
        // A folder changes with what is in it.
        (Some(old), Some(new)) if old.is_folder() && old.same_but_times(new) => None,
        (Some(old), Some(new)) if old.same_but_times(new) => Some("written again"),
        (Some(_), Some(_)) => Some("changed"),
        (Some(_), None) => Some("deleted"),
        (None, _) => Some("created"),
    }
}

impl File {
    fn new(path: &Path, metadata: &Metadata) -> Self {
        let content = if metadata.is_dir() {
            Content::Folder
        } else if metadata.is_symlink() {
            Content::Link(fs::read_link(path).unwrap_or_default())
        } else {
            Content::Bytes(fs::read(path).unwrap_or_default())
        };
        Self {
            content,
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
            inode: metadata.ino(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    fn is_folder(&self) -> bool {
        self.content == Content::Folder
    }

    fn same_but_times(&self, other: &Self) -> bool {
        self.content == other.content && self.mode == other.mode && self.owner == other.owner
    }

    /// Whose it is, where that is somebody else.
    fn owner(&self) -> String {
        if self.owner == (geteuid().as_raw(), getegid().as_raw()) {
            String::new()
        } else {
            format!(" of {}:{}", self.owner.0, self.owner.1)
        }
    }

    /// Every line set in.
    fn content(&self) -> String {
        let text = match &self.content {
            Content::Folder => return String::new(),
            Content::Link(target) => format!("-> {}", target.display()),
            Content::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        };
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            let _ = write!(out, "    {line}");
        }
        if !text.is_empty() && !text.ends_with('\n') {
            out.push_str("\n    (no line break at the end)\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_a_run_changed_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| {
            fs::write(path(name), text).expect("writable");
            fs::set_permissions(path(name), Permissions::from_mode(0o600)).expect("ours");
        };
        for name in ["changed", "deleted", "kept", "moved"] {
            write(name, "old\n");
        }
        let before = Files::read(folder.path());
        write("changed", "new");
        fs::remove_file(path("deleted")).expect("removable");
        fs::create_dir(path("folder")).expect("writable");
        fs::set_permissions(path("folder"), Permissions::from_mode(0o700)).expect("ours");
        write("folder/file", "a\nb\n");
        write("draft", "old\n");
        fs::rename(path("draft"), path("moved")).expect("writable");
        let after = Files::read(folder.path());
        assert_eq!(
            after.since(&before),
            "changed 0600 changed\n    new\n    (no line break at the end)\ndeleted 0600 deleted\n\
             created 0700 folder\ncreated 0600 folder/file\n    a\n    b\nwritten again 0600 moved\n    old\n"
        );
        assert_eq!(after.since(&after), "");
    }
}
