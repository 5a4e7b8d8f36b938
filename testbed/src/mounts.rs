//! Mounts that only a test sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::poll::until;
use crate::process::{Directory, Launch, Process};
use crate::root;

/// A mount namespace. What is mounted in it is seen by what is run in it, and is gone with the process that holds it:
/// when this is dropped, and when this run ends.
pub struct Mounts {
    holder: Process,
    _directory: Directory,
}

impl Mounts {
    /// Makes one. `None`, with a word on standard error, where that needs root and the user is not; in CI that is a
    /// failure.
    pub fn new() -> Option<Self> {
        if !root::is_available("a mount namespace") {
            return None;
        }
        let directory = Directory::new("mounts");
        let holder = Launch::new("unshare", directory.path().join("holder.log"))
            .args(["--mount", "sleep", "infinity"])
            .attached()
            .expect("a namespace can be held");
        let mounts = Self {
            holder,
            _directory: directory,
        };
        until("a namespace is there", || {
            fs::read_link(mounts.namespace()).ok() != fs::read_link("/proc/self/ns/mnt").ok()
        });
        Some(mounts)
    }

    /// What to put before a command line that is to run inside.
    pub fn entrance(&self) -> [String; 2] {
        let namespace = self.namespace();
        [
            "nsenter".to_owned(),
            format!("--mount={}", namespace.display()),
        ]
    }

    /// Runs `mount` inside.
    pub fn mount(&self, arguments: &[&str], place: &Path) {
        let [program, namespace] = self.entrance();
        let output = Command::new(program)
            .args([&namespace, "mount"])
            .args(arguments)
            .arg(place)
            .output()
            .expect("nsenter can be run");
        assert!(
            output.status.success(),
            "mount {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// A file or folder of theirs, as everybody else gets at it.
    pub fn path(&self, inside: &Path) -> PathBuf {
        let inside = inside.strip_prefix("/").unwrap_or(inside);
        self.process().join("root").join(inside)
    }

    fn namespace(&self) -> PathBuf {
        self.process().join("ns/mnt")
    }

    fn process(&self) -> PathBuf {
        Path::new("/proc").join(self.holder.identity().pid.to_string())
    }
}
