//! What it says it is called.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use testbed::{Component, ControlPlane};

use crate::support::{Monconf, Run};

/// A folder on `PATH` with kubectl, and monconf by the names that kubectl looks for.
pub(super) struct Plugin(TempDir);

impl Plugin {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubectl = Component::Kubernetes.binary("kubectl");
        symlink(kubectl, folder.path().join("kubectl")).unwrap();
        for name in ["kubectl-monconf", "kubectl_complete-monconf"] {
            let program = env!("CARGO_BIN_EXE_monconf");
            symlink(program, folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    /// `kubectl ARGUMENTS…`
    pub(super) fn kubectl(&self, arguments: &[&str]) -> Command {
        kubectl(
            self.0.path().as_os_str().to_owned(),
            self.0.path(),
            arguments,
        )
    }

    /// `kubectl monconf ARGUMENTS…`
    pub(super) fn run(&self, arguments: &[&str]) -> Run {
        run(self.kubectl(&[&["monconf"], arguments].concat()))
    }
}

/// The kubectl in a folder, in an environment that holds nothing of the machine's.
pub(super) fn kubectl(path: OsString, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(folder.join("kubectl"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(super) fn run(mut command: Command) -> Run {
    Run::of(command.spawn().unwrap())
}

#[test]
fn kubectl_finds_it() {
    let plugin = Plugin::new();
    let run = run(plugin.kubectl(&["plugin", "list", "--name-only"])).ok();
    assert_eq!(
        run.stdout.lines().last(),
        Some("kubectl-monconf"),
        "{run:?}"
    );
    let version = plugin.run(&["--version"]).ok();
    assert_eq!(
        version.stdout,
        concat!("kubectl-monconf ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn help_and_usage_have_its_name() {
    let plugin = Plugin::new();
    let help = plugin.run(&["--help"]).ok().stdout;
    assert!(
        help.contains("Usage: kubectl monconf [OPTIONS] <COMMAND>"),
        "{help}"
    );
    let help = plugin.run(&["rbac", "audit", "--help"]).ok().stdout;
    assert!(help.contains("Usage: kubectl monconf rbac audit"), "{help}");
    let wrong = plugin.run(&["prometheus", "--colour"]).exit(1).stderr;
    assert!(
        wrong.contains("Usage: kubectl monconf prometheus"),
        "{wrong}"
    );
    // Calls within the text, and every command.
    let help = plugin.run(&["grafana-agent", "--help"]).ok().stdout;
    assert!(
        help.contains("`kubectl monconf alloy` serves its"),
        "{help}"
    );
    let plain = Monconf::new(["grafana-agent", "--help"]).run().ok().stdout;
    assert!(!plain.contains("kubectl monconf"), "{plain}");
}

#[test]
fn lines_to_paste_have_its_name() {
    let plugin = Plugin::new();
    let text = "server returned HTTP status 401 Unauthorized";
    fs::write(plugin.0.path().join("log"), text).unwrap();
    let mended = plugin.run(&["explain", "log"]);
    let plain = Monconf::new(["explain", "log"])
        .current_dir(plugin.0.path())
        .run();
    assert!(
        plain.stdout.contains("\nmonconf verify\n") || plain.stdout.contains(" monconf verify\n"),
        "{plain:?}"
    );
    assert_eq!(
        mended.stdout,
        plain
            .stdout
            .replace("monconf verify", "kubectl monconf verify")
            .replace("monconf prometheus", "kubectl monconf prometheus")
    );
    let arguments = ["prometheus", "--offline", "--templates", "."];
    let wrong = plugin.run(&arguments).exit(1).stderr;
    let hint = "`kubectl monconf template eject NAME --templates DIR` puts one there";
    assert!(wrong.contains(hint), "{wrong}");
}

#[test]
fn it_takes_kubectls_kubeconfig_and_flags() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("plugin");
    let plugin = Plugin::new();
    let arguments = [
        "monconf",
        "prometheus",
        "--name",
        &scope.name,
        "--namespace",
        &scope.namespace,
    ];
    let mut command = plugin.kubectl(&arguments);
    command.env("KUBECONFIG", scope.kubeconfig());
    let answer = run(command).ok();
    let plain = Monconf::prometheus(&scope, &[]).run().ok();
    assert_eq!(answer.stdout, plain.stdout);
    assert!(answer.stdout.contains("Plan: "), "{answer:?}");
}

#[test]
fn the_manual_and_the_completion_script_are_of_the_file() {
    let plugin = Plugin::new();
    let manual = plugin.run(&["man"]).ok().stdout;
    assert!(manual.contains(".TH kubectl-monconf 1"), "{manual}");
    assert!(
        manual.contains("kubectl\\-monconf\\-prometheus"),
        "{manual}"
    );
    let script = plugin.run(&["completions", "bash"]).ok().stdout;
    assert!(script.contains("-o default kubectl-monconf"), "{script}");
}

#[test]
fn a_preflight_names_the_command_as_it_is_typed() {
    let plugin = Plugin::new();
    let report = plugin.run(&["preflight", "--offline"]).ok();
    let words = "kubectl monconf prometheus --apply\n";
    assert!(report.stdout.contains(words), "{}", report.stdout);
    let roles = plugin.run(&["preflight", "--offline", "-o", "yaml"]).ok();
    let head = roles.stdout.lines().next();
    assert_eq!(
        head,
        Some("# What somebody needs for: kubectl monconf prometheus --apply")
    );
}
