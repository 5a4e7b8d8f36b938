//! An instance whose configuration is in a file, and what verifying it gives.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testbed::{Component, ControlPlane, Scope};

use crate::support::{Monconf, Run};

/// A drop-in beside a Prometheus' configuration, with its token.
pub(super) struct Instance<'a> {
    pub(super) scope: Scope<'a>,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
}

impl<'a> Instance<'a> {
    /// Applied with these flags.
    pub(super) fn applied(scope: Scope<'a>, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let main =
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_config_files: [k8s.yml]\n";
        std::fs::write(folder.path().join("prometheus.yml"), main).unwrap();
        let instance = Self {
            scope,
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            folder,
        };
        instance.apply();
        instance
    }

    pub(super) fn apply(&self) {
        let drop_in = self.path("k8s.yml");
        Monconf::prometheus(&self.scope, &["--apply", "--drop-in"])
            .args([drop_in])
            .args(&self.arguments)
            .run()
            .ok();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn token_file(&self) -> PathBuf {
        self.path("k8s-credentials/token")
    }

    /// `monconf verify` of it.
    pub(super) fn verify(&self, arguments: &[&str]) -> Run {
        self.verify_as(self.scope.kubeconfig(), arguments)
    }

    fn verify_as(&self, kubeconfig: &Path, arguments: &[&str]) -> Run {
        self.call(arguments).kubeconfig(kubeconfig).run()
    }

    /// The call, not run yet.
    pub(super) fn call(&self, arguments: &[&str]) -> Monconf {
        let drop_in = self.path("k8s.yml");
        Monconf::for_consumer("verify", &self.scope, &["--drop-in"])
            .args([drop_in])
            .args(&self.arguments)
            .args(arguments)
    }

    /// A line that was printed to be pasted, as a shell runs it.
    pub(super) fn run_line(&self, line: &str) -> Run {
        let line = line.lines().next().unwrap_or_default();
        let (program, arguments) = line.split_once(' ').expect("a call of a program");
        let arguments = arguments.split(' ');
        if program == "kubectl" {
            let mut command = Command::new(Component::Kubernetes.binary("kubectl"));
            command
                .args(arguments)
                .env("KUBECONFIG", self.scope.kubeconfig())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            return Run::of(command.spawn().unwrap());
        }
        assert_eq!(program, "monconf");
        Monconf::new(arguments)
            .kubeconfig(self.scope.kubeconfig())
            .run()
    }

    /// The same as data.
    pub(super) fn report(&self, arguments: &[&str]) -> Value {
        self.report_as(self.scope.kubeconfig(), arguments)
    }

    /// The same for somebody else.
    pub(super) fn report_as(&self, kubeconfig: &Path, arguments: &[&str]) -> Value {
        let run = self.verify_as(kubeconfig, &[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr))
    }

    /// Waits until the checks fail for these causes and no others.
    #[track_caller]
    pub(super) fn wait_for(&self, causes: &[&str]) -> Value {
        let mut last = Value::Null;
        let reached = testbed::poll::poll(|| {
            last = self.report(&[]);
            (codes(&last) == causes).then(|| last.clone())
        });
        reached.unwrap_or_else(|| panic!("not {causes:?}: {last:#}"))
    }
}

/// The causes that a report names.
pub(super) fn codes(report: &Value) -> Vec<&str> {
    let causes = report["causes"].as_array().unwrap().iter();
    causes
        .map(|cause| cause["code"].as_str().unwrap())
        .collect()
}

/// A node whose kubelet is said to listen at that port of loopback.
pub(super) fn node(cp: &ControlPlane, name: &str, port: u16) {
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        },
    });
    cp.admin().post("/api/v1/nodes", &node).unwrap();
}
