//! The Go toolchain.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// `go` in a component's folder; the environment's `GOTOOLCHAIN`, `GOPROXY` and so on hold.
pub(super) fn go(folder: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(folder).env("GOWORK", "off");
    command
}

/// The folder of the module cache that holds a required module's sources, downloaded if need be.
pub(super) fn source(folder: &Path, module: &str) -> PathBuf {
    let answer = run(go(folder).args(["mod", "download", "-json", module]));
    let answer: Value = serde_json::from_slice(&answer.stdout).expect("go prints JSON");
    PathBuf::from(
        answer["Dir"]
            .as_str()
            .expect("a downloaded module has a Dir"),
    )
}

/// Runs it to its end; panics with what it wrote when it fails.
pub(super) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| {
        panic!("cannot run go ({e}): install Go 1.26 or newer to build the tests' components")
    });
    assert!(
        output.status.success(),
        "{command:?} failed with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
