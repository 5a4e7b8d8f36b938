//! Where the playground keeps its files, and which processes are its own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use testbed::process::Identity;

/// The programs in the order in which they end: an API server without its etcd would linger.
pub(crate) const PROGRAMS: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "etcd"];

pub(crate) fn workspace() -> &'static Path {
    let testbed = Path::new(env!("CARGO_MANIFEST_DIR"));
    testbed
        .parent()
        .expect("the testbed is a folder of the workspace")
}

pub(crate) fn directory() -> PathBuf {
    workspace().join("target/playground")
}

pub(crate) fn kubeconfig() -> PathBuf {
    directory().join("kubeconfig")
}

/// The playground's own processes: those of its programs that name its directory in a flag.
///
/// Asked of the kernel and not of a file in `target/`, which `cargo clean` removes under a running cluster.
pub(crate) fn alive() -> Vec<Identity> {
    let processes: Vec<Identity> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| Identity::of(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect();
    let own = |program| {
        processes
            .iter()
            .copied()
            .filter(move |process| runs(*process, program))
    };
    PROGRAMS.into_iter().flat_map(own).collect()
}

fn runs(process: Identity, program: &str) -> bool {
    let name = process
        .program()
        .and_then(|path| path.file_name().map(OsStr::to_owned));
    let directory = format!("={}/", directory().display());
    name.is_some_and(|name| name == program)
        && fs::read(format!("/proc/{}/cmdline", process.pid))
            .is_ok_and(|flags| String::from_utf8_lossy(&flags).contains(&directory))
}

/// Whether all of it runs.
pub(crate) fn is_up() -> bool {
    kubeconfig().exists() && alive().len() == PROGRAMS.len()
}
