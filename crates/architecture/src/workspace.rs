//! Lists the crates of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, TargetKind};

use crate::graph::Graph;
use crate::source::{Unreadable, sources};

/// A library or a program of the workspace.
#[derive(Clone, Debug)]
pub struct Crate {
    /// The package, with the name of the program if it is one: `testbed`, `testbed/playground`.
    pub name: String,
    /// Its `lib.rs` or `main.rs`.
    pub root: PathBuf,
}

/// The root of this workspace.
#[must_use]
pub fn folder() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// The libraries and programs of the workspace in `folder`.
///
/// # Errors
/// When cargo cannot read it.
pub fn crates(folder: &Path) -> cargo_metadata::Result<Vec<Crate>> {
    let metadata = MetadataCommand::new()
        .current_dir(folder)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()?;
    let mut found = Vec::new();
    for package in &metadata.packages {
        for target in &package.targets {
            let root = target.src_path.clone().into_std_path_buf();
            let name = if target.kind.contains(&TargetKind::Lib) {
                package.name.to_string()
            } else if target.kind.contains(&TargetKind::Bin) {
                format!("{}/{}", package.name, target.name)
            } else {
                continue;
            };
            found.push(Crate { name, root });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

impl Crate {
    /// The graph of its modules. Paths in it are relative to `folder`.
    ///
    /// # Errors
    /// When one of its files cannot be read.
    pub fn graph(&self, folder: &Path) -> Result<Graph, Unreadable> {
        let sources = sources(&self.root, &|file| fs::read_to_string(file))?;
        Ok(Graph::of(&sources, folder))
    }
}
