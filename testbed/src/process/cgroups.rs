//! Control groups that are named after their run.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

const MOUNT: &str = "/sys/fs/cgroup";

/// Makes the group `name` in every hierarchy: of version 1 there are several, of version 2 one.
pub(crate) fn create(name: &str) -> io::Result<()> {
    for hierarchy in hierarchies() {
        match fs::create_dir(hierarchy.join(name)) {
            // `cpu` and `cpuacct` may be two names of one hierarchy.
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            other => other?,
        }
    }
    Ok(())
}

/// Removes every group whose name begins with `prefix`, and the groups in it; whether none is left, for one that a
/// process is in stays.
pub(crate) fn remove(prefix: &str) -> bool {
    let mut gone = true;
    for hierarchy in hierarchies() {
        for group in subdirectories(&hierarchy) {
            let name = group.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(prefix) {
                gone &= remove_tree(&group);
            }
        }
    }
    gone
}

fn remove_tree(group: &Path) -> bool {
    for child in subdirectories(group) {
        remove_tree(&child);
    }
    // Its files are not removed but go with it.
    fs::remove_dir(group).is_ok() || !group.exists()
}

fn hierarchies() -> Vec<PathBuf> {
    let mount = Path::new(MOUNT);
    let is_hierarchy = |folder: &PathBuf| folder.join("cgroup.procs").is_file();
    if is_hierarchy(&mount.to_owned()) {
        vec![mount.to_owned()]
    } else {
        subdirectories(mount)
            .into_iter()
            .filter(is_hierarchy)
            .collect()
    }
}

fn subdirectories(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}
