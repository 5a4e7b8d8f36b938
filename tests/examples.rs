//! Every example, run as its reader would run it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use crate::support::{Monconf, Run};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// A copy of an example, because some write files beside themselves.
fn copy(example: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(folder().join(example).join("."))
        .arg(copy.path())
        .status()
        .unwrap();
    assert!(copied.success());
    copy
}

/// `monconf prometheus` in the example's folder, with the test's names in place of the example's.
fn run(scope: &Scope, copy: &Path, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, arguments)
        .current_dir(copy)
        .run()
}

fn apply_twice(example: &str) -> (Scope<'static>, tempfile::TempDir, Run) {
    let scope = ControlPlane::shared().scope(example);
    let copy = copy(example);
    let first = run(&scope, copy.path(), &["--apply"]).ok();
    let second = run(&scope, copy.path(), &["--detailed-exitcode"]).ok();
    assert!((second.stdout + &second.stderr).contains("No changes"));
    (scope, copy, first)
}

fn object(scope: &Scope, path: &str) -> Value {
    scope
        .admin()
        .get(
            &path
                .replace("NS", &scope.namespace)
                .replace("NAME", &scope.name),
        )
        .unwrap()
}

#[test]
fn operator() {
    let (scope, _copy, _) = apply_twice("operator");
    let config = object(
        &scope,
        "/apis/monitoring.coreos.com/v1alpha1/namespaces/NS/scrapeconfigs/NAME-k8s-kubelet",
    );
    assert_eq!(config["spec"]["tlsConfig"]["insecureSkipVerify"], true);
}

#[test]
fn external_prometheus() {
    let (_scope, copy, _) = apply_twice("external-prometheus");
    let text = fs::read_to_string(copy.path().join("kubernetes.yml")).unwrap();
    assert!(text.contains("scrape_interval: \"30s\""), "{text}");
    for file in ["credentials/token", "credentials/ca.crt"] {
        let path = copy.path().join(file);
        assert!(path.exists());
        assert!(text.contains(path.to_str().unwrap()), "{text}");
    }
}

#[test]
fn in_cluster_prometheus() {
    let (_scope, _copy, run) = apply_twice("in-cluster-prometheus");
    assert!(
        run.stdout
            .contains("credentials_file: /etc/prometheus/kubernetes/token"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("insecure_skip_verify: true"),
        "{}",
        run.stdout
    );
}

#[test]
fn observer() {
    let (scope, _copy, _) = apply_twice("observer");
    let role = object(
        &scope,
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/NAME-clusterrole",
    )
    .to_string();
    assert!(
        role.contains("deployments") && !role.contains("nodes/proxy"),
        "{role}"
    );
}

/// Roles are wanted in namespaces that must be there: said before anything is written.
#[test]
fn own_jobs() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("own-jobs");
    let copy = copy("own-jobs");
    let namespaces = ["finance", "shop", "shop-canary"];
    let refused = run(&scope, copy.path(), &["--apply"]).exit(1);
    let sentence = format!(
        "cannot write Role shop/{}-role: there is no namespace shop, where a job looks for targets",
        scope.name
    );
    assert!(refused.stderr.contains(&sentence), "{}", refused.stderr);
    assert!(
        cp.audit(&scope.user.name)
            .iter()
            .all(|event| !event.is_write())
    );
    for name in namespaces {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    }
    run(&scope, copy.path(), &["--apply"]).ok();
    let again = run(&scope, copy.path(), &["--detailed-exitcode"]).ok();
    assert!(again.stderr.contains("No changes"), "{}", again.stderr);
    let role = object(
        &scope,
        "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/NAME-role",
    );
    assert_eq!(
        role["rules"],
        json!([
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
            {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list", "watch"]},
        ])
    );
}

#[test]
fn own_template() {
    let (scope, _copy, _) = apply_twice("own-template");
    let account = object(&scope, "/api/v1/namespaces/NS/serviceaccounts/NAME-sa");
    let annotations = &account["metadata"]["annotations"];
    assert_eq!(
        annotations["example.com/purpose"],
        format!("scrapes for {}", scope.name)
    );
}

/// Each folder has a test of its name here and a row in the table, and works with its own names too.
#[test]
fn every_example_is_run_and_listed() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let tests = include_str!("examples.rs");
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap());
    let folders: BTreeSet<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(folders.len() > 3);
    for example in folders {
        assert!(
            tests.contains(&format!("fn {}()", example.replace('-', "_"))),
            "{example} has no test"
        );
        assert!(
            readme.contains(&format!("[{example}]({example})")),
            "{example} is not listed"
        );
        let copy = copy(&example);
        Monconf::new([
            "prometheus",
            "--offline",
            "--api-server",
            "https://kubernetes.example.com:6443",
        ])
        .current_dir(copy.path())
        .run()
        .ok();
    }
}
