//! `monconf rbac audit`: its judgement is the API server's, for files as for clusters.

mod cases;
mod files;
mod judgement;
mod live;
mod sarif;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};
use testbed::{ControlPlane, Options};

use crate::support::{Monconf, Run};

const RBAC: &str = "rbac.authorization.k8s.io";
const API: &str = "/apis/rbac.authorization.k8s.io/v1";
/// Kind and collection of everything that RBAC consists of.
const LISTS: [(&str, &str); 4] = [
    ("ClusterRole", "clusterroles"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("Role", "roles"),
    ("RoleBinding", "rolebindings"),
];
/// Where namespaced things of the cases are.
const HERE: &str = "here";
/// Where nothing is granted.
const ELSEWHERE: &str = "elsewhere";
/// The object that rules on names name.
const ONE: &str = "one";

/// A cluster for these tests: an audit looks at all of it.
fn cluster() -> &'static ControlPlane {
    static CLUSTER: LazyLock<ControlPlane> = LazyLock::new(|| {
        let cp = ControlPlane::start(Options {
            controller_manager: true,
            ..Options::bare()
        });
        for namespace in [HERE, ELSEWHERE] {
            let object =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            cp.admin().post("/api/v1/namespaces", &object).unwrap();
        }
        cp
    });
    &CLUSTER
}

fn create(cp: &ControlPlane, object: &Value) {
    let kind = object["kind"].as_str().unwrap();
    let plural = LISTS.iter().find(|(of, _)| *of == kind).unwrap().1;
    let path = match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{API}/namespaces/{namespace}/{plural}"),
        None => format!("{API}/{plural}"),
    };
    cp.admin().post(&path, object).unwrap();
}

fn audit(arguments: &[&str]) -> Monconf {
    Monconf::new(["rbac", "audit", "--severity", "low"]).args(arguments)
}

fn json_of(run: &Run) -> Vec<Value> {
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    report["findings"].as_array().unwrap().clone()
}

fn audit_cluster(arguments: &[&str]) -> Run {
    let user = cluster().user("auditor", &["system:masters"]);
    audit(arguments).kubeconfig(&user.kubeconfig).run()
}

/// A file with a ClusterRole of these rules and its binding.
fn manifest(folder: &Path, name: &str, rules: &str) -> PathBuf {
    let path = folder.join(name);
    let text = format!(
        "# monitoring
apiVersion: {RBAC}/v1
kind: ClusterRole
metadata:
  name: prometheus
rules:
{rules}---
apiVersion: {RBAC}/v1
kind: ClusterRoleBinding
metadata: {{name: prometheus}}
roleRef: {{apiGroup: {RBAC}, kind: ClusterRole, name: prometheus}}
subjects: [{{kind: ServiceAccount, name: prometheus, namespace: monitoring}}]
"
    );
    std::fs::write(&path, text).unwrap();
    path
}
