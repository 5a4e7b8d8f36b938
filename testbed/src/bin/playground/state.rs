//! Where the playground keeps its files, and which processes are its own.

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

/// The playground's own processes that are alive: a reused process id has another start time or program.
pub(crate) fn alive() -> Vec<Identity> {
    let own = |&program: &&str| {
        let file = directory().join(program).with_extension("pid");
        let identity: Identity = fs::read_to_string(file).ok()?.parse().ok()?;
        let runs = identity.program()?;
        (identity.is_alive() && runs.file_name()? == program).then_some(identity)
    };
    PROGRAMS.iter().filter_map(own).collect()
}

/// Whether all of it runs.
pub(crate) fn is_up() -> bool {
    kubeconfig().exists() && alive().len() == PROGRAMS.len()
}
