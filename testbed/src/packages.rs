//! Debian packages that a test needs beside the programs that the testbed builds.

use std::env;
use std::fs::File;
use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::Command;

/// A package and a file that shows that it, or another package with the same program, is installed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Package {
    /// `containerd`, `ctr` and the shim.
    Containerd,
    /// The plugins `ptp`, `host-local`, `loopback` and more.
    CniPlugins,
    /// `libfaketime`.
    Faketime,
    /// `ip`.
    Iproute2,
    /// `iptables`.
    Iptables,
    /// `runc`.
    Runc,
    /// `strace`.
    Strace,
}

impl Package {
    fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::CniPlugins => "containernetworking-plugins",
            Self::Faketime => "libfaketime",
            Self::Iproute2 => "iproute2",
            Self::Iptables => "iptables",
            Self::Runc => "runc",
            Self::Strace => "strace",
        }
    }

    fn is_installed(self) -> bool {
        match self {
            Self::CniPlugins => cni_plugins().is_some(),
            Self::Faketime => faketime().is_some(),
            Self::Iproute2 => program("ip").is_some(),
            Self::Containerd | Self::Iptables | Self::Runc | Self::Strace => {
                program(self.name()).is_some()
            }
        }
    }
}

/// The folder of the CNI plugins: Debian's, or that of the plugins' own releases.
pub(crate) fn cni_plugins() -> Option<PathBuf> {
    ["/usr/lib/cni", "/opt/cni/bin"]
        .map(PathBuf::from)
        .into_iter()
        .find(|folder| folder.join("ptp").is_file())
}

/// The library that tells a program another time, where Debian puts it.
pub(crate) fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    folders
        .map(|folder| folder.path().join("faketime/libfaketime.so.1"))
        .find(|library| library.is_file())
}

/// Installs what is missing, with a word about it on standard error; panics when that fails. Needs root.
pub(crate) fn install(packages: &[Package]) {
    if packages.iter().all(|package| package.is_installed()) {
        return;
    }
    // Another test may install at the same time. The folder is there already, so that no lock file stays behind.
    let lock = File::open("/var/lib/dpkg").expect("packages can be installed on Debian only");
    lock.lock().expect("a folder can be locked");
    let missing: Vec<&str> = packages
        .iter()
        .filter(|package| !package.is_installed())
        .map(|package| package.name())
        .collect();
    if missing.is_empty() {
        return;
    }
    // Straight to the handle: the test runner would swallow it otherwise.
    let _ = writeln!(stderr(), "testbed: installing {}", missing.join(", "));
    apt_get(&["update"]);
    apt_get(&[&["install", "--no-install-recommends"], &*missing].concat());
}

fn apt_get(arguments: &[&str]) {
    let output = Command::new("apt-get")
        .args(["--yes", "-o", "DPkg::Lock::Timeout=600"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .expect("apt-get can be run");
    assert!(
        output.status.success(),
        "apt-get {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
