//! Command lines, each with the state of the cluster that it meets.

use std::path::Path;

use serde_json::json;
use testbed::Scope;

use crate::support::Monconf;

/// A command line.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The verb, and the consumer where that is a word of its own.
    pub(super) command: &'static [&'static str],
    /// What the preflight is asked for it.
    pub(super) preflight: &'static [&'static str],
    /// The flags of both. `DIR` stands for a folder.
    pub(super) flags: &'static [&'static str],
    /// What has been run before, by an administrator.
    pub(super) before: &'static [&'static [&'static str]],
    /// How often it is run.
    pub(super) times: usize,
}

/// Some of it moves an instance to another destination.
const PROMETHEUS: [&str; 3] = ["prometheus", "--apply", "--yes"];

impl Case {
    const APPLY: Self = Self {
        name: "",
        command: &PROMETHEUS,
        preflight: &["prometheus"],
        flags: &[],
        before: &[],
        times: 1,
    };

    /// The flags, with a folder of the test's own.
    pub(super) fn flags(&self, folder: &Path) -> Vec<String> {
        let folder = folder.to_str().unwrap();
        let flags = self.flags.iter();
        flags.map(|flag| flag.replace("DIR", folder)).collect()
    }

    /// What an administrator has done before.
    pub(super) fn prepare(&self, scope: &Scope, folder: &Path) {
        for command in self.before {
            let flags = command[1..]
                .iter()
                .map(|flag| flag.replace("DIR", folder.to_str().unwrap()));
            Monconf::for_consumer(command[0], scope, &[])
                .args(flags)
                .run()
                .ok();
        }
        if self.name == "a key of a ConfigMap" {
            let maps = format!("/api/v1/namespaces/{}/configmaps", scope.namespace);
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scope.namespace}});
            scope
                .cp
                .admin()
                .post("/api/v1/namespaces", &namespace)
                .unwrap();
            let map = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "chart"},
                "data": {"prometheus.yml": "scrape_configs:\n- job_name: own\n  static_configs: []\n"},
            });
            scope.cp.admin().post(&maps, &map).unwrap();
        }
    }

    /// The command itself.
    pub(super) fn monconf(&self, scope: &Scope, folder: &Path) -> Monconf {
        Monconf::for_consumer(self.command[0], scope, &[])
            .args(&self.command[1..])
            .args(self.flags(folder))
    }

    /// Its preflight.
    pub(super) fn ask(&self, scope: &Scope, folder: &Path, arguments: &[&str]) -> Monconf {
        Monconf::for_consumer("preflight", scope, &[])
            .args(self.preflight)
            .args(self.flags(folder))
            .args(arguments)
    }
}

/// Of the operator's format, whatever can be done.
pub(super) fn operator() -> Vec<Case> {
    let applied: &[&[&str]] = &[&PROMETHEUS];
    vec![
        Case {
            name: "a first apply",
            ..Case::APPLY
        },
        Case {
            name: "a job less",
            flags: &["--jobs", "apiserver"],
            before: applied,
            ..Case::APPLY
        },
        Case {
            name: "a rotation",
            command: &["rotate", "prometheus", "--apply", "--overlap", "0s"],
            preflight: &["prometheus", "--for", "rotate"],
            flags: &["--jobs", "apiserver"],
            before: &[&["prometheus", "--apply", "--jobs", "apiserver"]],
            times: 2,
        },
        Case {
            name: "a removal",
            command: &["remove", "prometheus", "--apply", "--yes"],
            preflight: &["prometheus", "--for", "remove"],
            before: applied,
            ..Case::APPLY
        },
    ]
}

/// Other commands, and other forms of Prometheus' configuration.
pub(super) fn others() -> Vec<Case> {
    vec![
        Case {
            name: "nothing to do",
            before: &[&PROMETHEUS],
            ..Case::APPLY
        },
        Case {
            name: "a plan",
            command: &["prometheus"],
            preflight: &["prometheus", "--for", "plan"],
            ..Case::APPLY
        },
        Case {
            name: "a verification",
            command: &["verify", "prometheus"],
            preflight: &["prometheus", "--for", "verify"],
            flags: &["--jobs", "apiserver"],
            before: &[&["prometheus", "--apply", "--jobs", "apiserver"]],
            ..Case::APPLY
        },
        Case {
            name: "a status",
            command: &["status", "prometheus"],
            preflight: &["prometheus", "--for", "status"],
            before: &[&PROMETHEUS],
            ..Case::APPLY
        },
        Case {
            name: "raw",
            flags: &["--format", "raw", "--jobs", "apiserver,kubelet,services"],
            ..Case::APPLY
        },
        Case {
            name: "a drop-in",
            flags: &["--drop-in", "DIR/k8s.yml"],
            ..Case::APPLY
        },
        Case {
            name: "a rotation of a file",
            command: &["rotate", "prometheus", "--apply", "--overlap", "0s"],
            preflight: &["prometheus", "--for", "rotate"],
            flags: &["--jobs", "kubelet", "--drop-in", "DIR/k8s.yml"],
            before: &[&[
                "prometheus",
                "--apply",
                "--jobs",
                "kubelet",
                "--drop-in",
                "DIR/k8s.yml",
            ]],
            times: 2,
        },
    ]
}

/// Jobs in somebody else's object, and other consumers.
pub(super) fn elsewhere() -> Vec<Case> {
    vec![
        Case {
            name: "a new key of a Secret",
            flags: &["--additional-scrape-configs", "more:jobs.yaml"],
            ..Case::APPLY
        },
        Case {
            name: "a new key without roles",
            flags: &[
                "--existing-access",
                "--jobs",
                "apiserver",
                "--additional-scrape-configs",
                "more:jobs.yaml",
            ],
            before: &[&["prometheus", "--apply", "--jobs", "apiserver"]],
            ..Case::APPLY
        },
        Case {
            name: "a removal from a key",
            command: &["remove", "prometheus", "--apply", "--yes"],
            preflight: &["prometheus", "--for", "remove"],
            flags: &["--additional-scrape-configs", "more:jobs.yaml"],
            before: &[&[
                "prometheus",
                "--apply",
                "--additional-scrape-configs",
                "more:jobs.yaml",
            ]],
            ..Case::APPLY
        },
        Case {
            name: "a key of a ConfigMap",
            flags: &["--configmap", "chart:prometheus.yml"],
            ..Case::APPLY
        },
        Case {
            name: "an agent of the operator",
            command: &["grafana-agent", "--apply"],
            preflight: &["grafana-agent"],
            flags: &["--remote-write", "https://metrics.example.com/push"],
            ..Case::APPLY
        },
        Case {
            name: "alloy's ConfigMap",
            command: &["alloy", "--apply"],
            preflight: &["alloy"],
            flags: &[
                "--remote-write",
                "https://metrics.example.com/push",
                "--configmap",
                "alloy:config.alloy",
            ],
            ..Case::APPLY
        },
    ]
}
