//! Lists the dependencies of a crate.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::Command;

/// The normal dependencies of `package`, direct and indirect, with the features that it enables itself. Dependencies of
/// tests and build scripts are left out.
///
/// # Errors
/// When `cargo tree` fails.
pub fn dependencies(folder: &Path, package: &str) -> io::Result<BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}", "--package", package])
        .current_dir(folder)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("cargo tree: {}", said.trim())));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::folder;

    #[test]
    fn the_dependencies_of_dependencies_count() {
        let found = dependencies(folder(), "architecture").expect("names");
        assert!(
            found.contains("petgraph") && found.contains("indexmap"),
            "{found:?}"
        );
        assert!(!found.contains("tokio"), "{found:?}");
    }

    #[test]
    fn a_package_that_does_not_exist_is_an_error() {
        let refused = dependencies(folder(), "no-such-package").expect_err("no names");
        assert!(refused.to_string().contains("no-such-package"), "{refused}");
    }
}
