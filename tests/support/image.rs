//! The image of monconf, as it is released.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use image::Project;
use testbed::Cluster;

/// Its name on a node.
pub(crate) const NAME: &str = "testbed.invalid/monconf:1";

/// The sources that are tested.
pub(crate) static PROJECT: LazyLock<Project> =
    LazyLock::new(|| Project::at(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap());

/// The static program; the first call builds it, which takes minutes unless cargo has nothing to do.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| PROJECT.program().unwrap());
    &PROGRAM
}

/// The archive of the image [`NAME`].
pub(crate) fn image() -> &'static Path {
    static IMAGE: LazyLock<PathBuf> = LazyLock::new(|| {
        let archive = PROJECT.target.join("tested.tar");
        let image = PROJECT.image(program().to_owned(), NAME);
        image.write(&archive).unwrap();
        archive
    });
    &IMAGE
}

/// Gives it to the cluster's node, once.
pub(crate) fn import(cluster: &Cluster) {
    static IMPORTED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let archive = image();
    let mut imported = IMPORTED.lock().unwrap();
    if imported.insert(cluster.node.directory()) {
        cluster.node.import_archive(archive);
    }
}
