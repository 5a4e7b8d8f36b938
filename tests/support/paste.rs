//! Lines that are printed to be pasted.

use std::path::Path;
use std::process::{Command, Stdio};

use testbed::{Component, Scope};

use super::Run;

/// The command line in backticks that `text` ends with, but for words behind it.
#[track_caller]
pub(crate) fn last_line(text: &str) -> String {
    let line = text.rsplit('`').nth(1);
    line.unwrap_or_else(|| panic!("no line to paste: {text}"))
        .to_owned()
}

/// Runs `line` in a shell without a terminal, with monconf and kubectl on its path and the test's kubeconfig.
pub(crate) fn paste(scope: &Scope, line: &str) -> Run {
    let kubectl = Component::Kubernetes.binary("kubectl");
    let programs = [kubectl.as_path(), Path::new(env!("CARGO_BIN_EXE_monconf"))];
    let folders = programs.map(|program| program.parent().unwrap().to_owned());
    let system = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&system)));
    let child = Command::new("setsid")
        .args(["sh", "-ec", line])
        .env("PATH", path.unwrap())
        .env("KUBECONFIG", scope.kubeconfig())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    Run::of(child.unwrap())
}
