//! Sources that come from Rust's registry.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of Cargo's cache that holds the sources of a package that `folder` locks, downloaded if need be.
pub(super) fn source(folder: &Path, package: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version=1"])
        .current_dir(folder)
        .output()
        .expect("cargo can be run");
    assert!(
        output.status.success(),
        "cargo metadata in {}: {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .find(|known| known["name"] == package)
        .and_then(|known| Path::new(known["manifest_path"].as_str()?).parent())
        .unwrap_or_else(|| panic!("{} does not lock {package}", folder.display()))
        .to_owned()
}
