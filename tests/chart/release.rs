//! A release of the chart, in a namespace of its own.

use std::cmp::Reverse;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::{Component, ControlPlane, Helm, Scope, User};

use crate::support::{Run, image};

/// The folder of the chart.
pub(super) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/monconf");

/// A release; what is left of it in the cluster goes with its scope.
pub(super) struct Release<'a> {
    pub(super) scope: Scope<'a>,
    /// Where the chart is; the one of the project, unless a test changes it.
    pub(super) chart: PathBuf,
    /// Who runs helm.
    pub(super) user: User,
    helm: Helm,
    folder: TempDir,
}

impl<'a> Release<'a> {
    /// The names of a release to come; its namespace is there, and enforces the Pod Security level `restricted`.
    pub(super) fn new(cp: &'a ControlPlane, helm: Helm, test: &str) -> Self {
        let scope = cp.scope(test);
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": scope.namespace,
                "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
            },
        });
        scope
            .admin()
            .post("/api/v1/namespaces", &namespace)
            .unwrap();
        cp.wait_for_namespace(&scope.namespace);
        Self {
            user: scope.user.clone(),
            scope,
            chart: CHART.into(),
            helm,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The values of this test's names and image, and `more`, keys of `config` or, in a map `values`, others.
    fn values(&self, config: &Value, more: &Value) -> PathBuf {
        let (repository, tag) = image::NAME.rsplit_once(':').unwrap();
        let mut values = json!({
            "image": {"repository": repository, "tag": tag, "pullPolicy": "Never"},
            "config": {"name": self.scope.name},
        });
        merge(&mut values["config"], config);
        merge(&mut values, more);
        let path = self.folder.path().join("values.json");
        fs::write(&path, values.to_string()).unwrap();
        path
    }

    /// `helm ARGUMENTS…` in the release's namespace, as its user.
    pub(super) fn helm(&self, arguments: &[&str]) -> Run {
        let mut command = self.helm.command(self.folder.path());
        command
            .args(arguments)
            .args(["--namespace", &self.scope.namespace])
            .arg("--kubeconfig")
            .arg(&self.user.kubeconfig);
        let output = command.output().unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `helm install`, which waits for the hook.
    pub(super) fn install(&self, config: &Value, more: &Value) -> Run {
        self.deploy("install", config, more)
    }

    /// `helm upgrade`.
    pub(super) fn upgrade(&self, config: &Value, more: &Value) -> Run {
        self.deploy("upgrade", config, more)
    }

    fn deploy(&self, verb: &str, config: &Value, more: &Value) -> Run {
        let values = self.values(config, more);
        let values = values.to_str().unwrap();
        let chart = self.chart.to_str().unwrap();
        self.helm(&[
            verb,
            &self.scope.name,
            chart,
            "--values",
            values,
            "--timeout",
            "3m",
        ])
    }

    /// What `helm template` makes of the chart.
    pub(super) fn rendered(&self, config: &Value, more: &Value) -> Vec<Value> {
        let values = self.values(config, more);
        let chart = self.chart.to_str().unwrap();
        let arguments = [
            "template",
            &self.scope.name,
            chart,
            "--values",
            values.to_str().unwrap(),
        ];
        // It asks the cluster which kinds it serves, and what is installed.
        let run = self
            .helm(&[&arguments[..], &["--dry-run=server", "--take-ownership"]].concat())
            .ok();
        yaml::parse(&run.stdout, "helm template").unwrap()
    }

    /// `helm test`, with what the Pod said: Helm 3 prints that by itself, and takes a hook of any kind for a Pod when it is
    /// asked for logs.
    pub(super) fn test(&self) -> Run {
        let logs: &[&str] = match self.helm {
            Helm::V3 => &[],
            Helm::V4 => &["--logs"],
        };
        self.helm(&[&["test", &self.scope.name], logs].concat())
    }

    /// `helm uninstall`.
    pub(super) fn uninstall(&self) -> Run {
        self.helm(&["uninstall", &self.scope.name, "--timeout", "3m"])
    }

    /// The name of one of the chart's own objects: `apply`, `rotate`, `remove`, `verify`, `settings`.
    pub(super) fn own(&self, suffix: &str) -> String {
        format!("{}-monconf-{suffix}", self.scope.name)
    }

    /// Makes an object in a collection of the release's namespace, as an administrator.
    pub(super) fn put(&self, collection: &str, object: &Value) {
        if let Err(failure) = self.scope.admin().post(&self.path(collection), object) {
            panic!("{failure}");
        }
    }

    /// An object of the release's namespace: `v1/secrets/NAME`, `batch/v1/jobs/NAME`.
    pub(super) fn get(&self, object: &str) -> Option<Value> {
        let (collection, name) = object.rsplit_once('/').unwrap();
        self.scope
            .admin()
            .get(&format!("{}/{name}", self.path(collection)))
            .ok()
    }

    /// The name of every object of a collection in the release's namespace: `v1/secrets`.
    pub(super) fn list(&self, collection: &str) -> Vec<String> {
        let list = self.scope.admin().get(&self.path(collection)).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        let names = items.map(|item| item["metadata"]["name"].as_str().unwrap().to_owned());
        names.collect()
    }

    fn path(&self, collection: &str) -> String {
        let (version, plural) = collection.rsplit_once('/').unwrap();
        let root = if version.contains('/') { "apis" } else { "api" };
        format!(
            "/{root}/{version}/namespaces/{}/{plural}",
            self.scope.namespace
        )
    }

    /// The Pods of a Job, the last one first.
    pub(super) fn pods(&self, job: &str) -> Vec<Value> {
        let path = format!("{}?labelSelector=job-name%3D{job}", self.path("v1/pods"));
        let pods = self.scope.admin().get(&path).unwrap();
        let mut pods = pods["items"].as_array().unwrap().clone();
        pods.sort_by_key(|pod| {
            let created = &pod["metadata"]["creationTimestamp"];
            Reverse(created.as_str().unwrap().to_owned())
        });
        pods
    }

    /// What those that have ended left as their termination message: the result of a run.
    pub(super) fn results(&self, job: &str) -> Vec<Value> {
        let pods = self.pods(job).into_iter();
        let messages = pods.filter_map(|pod| {
            let state = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
            let message = state["message"].as_str()?;
            Some(serde_json::from_str(message).unwrap_or_else(|e| panic!("{e}: {message}")))
        });
        messages.collect()
    }

    /// What `kubectl ARGUMENTS…` prints in the release's namespace.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> String {
        let place = ["--namespace", &self.scope.namespace];
        self.kubectl_on("", &[&place, arguments].concat())
    }

    /// The same wherever its standard input says.
    pub(super) fn kubectl_on(&self, input: &str, arguments: &[&str]) -> String {
        let mut child = Command::new(Component::Kubernetes.binary("kubectl"))
            .arg("--kubeconfig")
            .arg(&self.user.kubeconfig)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "kubectl {arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Who a Job runs as, for the audit log.
    pub(super) fn runner(&self, verb: &str) -> String {
        format!(
            "system:serviceaccount:{}:{}",
            self.scope.namespace,
            self.own(verb)
        )
    }
}

fn merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}
