//! One directory per run, removed when the run is over.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::LazyLock;

use rustix::process::geteuid;
use tempfile::TempDir;

use super::{Identity, cgroups};
use crate::poll::poll;

const PREFIX: &str = "monconf-testbed-";
const OWNER: &str = "owner";
/// Sleeps on a pipe from the runner; when that closes, the runner is gone, and the kernel ends all of its children.
/// Those of a node take a moment; their control groups can be removed after them only.
const JANITOR: &str = r#"cat >/dev/null
tries=0
while [ $((tries += 1)) -le 100 ]; do
    left=
    for group in /sys/fs/cgroup/"${0##*/}"* /sys/fs/cgroup/*/"${0##*/}"*; do
        [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
        [ -d "$group" ] && left=yes
    done
    [ "$left" ] || rm -rf -- "$0" 2>/dev/null
    [ -e "$0" ] || exit 0
    sleep 0.2
done"#;

struct Run {
    directory: PathBuf,
    /// Nobody writes to its pipe: the kernel closes it with this process.
    _janitor: Child,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    clear_dead_runs();
    let directory = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir()
        .expect("the temporary folder can be written to")
        .keep();
    let owner = Identity::of(process::id()).expect("this process is alive");
    fs::write(directory.join(OWNER), owner.to_string()).expect("the run's directory is writable");
    let janitor = Command::new("sh")
        .args(["-c", JANITOR])
        .arg(&directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .process_group(0) // Ctrl-C ends the runner, not the janitor
        .spawn()
        .expect("sh can be started");
    Run {
        directory,
        _janitor: janitor,
    }
});

/// This run's directory below the system's temporary folder.
pub fn run_directory() -> &'static Path {
    &RUN.directory
}

/// What the names of this run's control groups begin with: its directory's name.
pub(crate) fn run_name() -> String {
    let name = run_directory().file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A directory inside the run's, removed when dropped.
#[derive(Debug)]
pub struct Directory(TempDir);

impl Directory {
    /// A fresh directory whose name starts with `purpose`.
    pub fn new(purpose: &str) -> Self {
        let directory = tempfile::Builder::new()
            .prefix(&format!("{purpose}-"))
            .tempdir_in(run_directory())
            .expect("the run's directory is writable");
        Self(directory)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Ends the processes and removes the directories of runs whose janitor was killed too.
fn clear_dead_runs() {
    let Ok(entries) = fs::read_dir(env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let directory = entry.path();
        let is_run = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_run && identity_in(&directory.join(OWNER)).is_some_and(|owner| !owner.is_alive()) {
            kill_leftovers(&directory);
            if geteuid().is_root() {
                let name = entry.file_name().to_string_lossy().into_owned();
                poll(|| cgroups::remove(&name).then_some(()));
            }
            // Another run may clear it at the same time.
            let _ = fs::remove_dir_all(&directory);
        }
    }
}

/// Kills the processes whose `*.pid` files lie in `directory` or in a directory of it.
fn kill_leftovers(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "pid") {
            if let Some(left) = identity_in(&path) {
                left.kill();
            }
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            kill_leftovers(&path);
        }
    }
}

fn identity_in(file: &Path) -> Option<Identity> {
    fs::read_to_string(file).ok()?.parse().ok()
}
