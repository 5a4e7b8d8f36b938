//! Why a right is denied: each cause made for real, and mended by the line that is printed.

use serde_json::{Value, json};
use testbed::{Client, Cluster, ControlPlane, poll};

use super::support::{Instance, codes};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const JOBS: [&str; 2] = ["--jobs", "apiserver,ingresses"];

struct Broken {
    instance: Instance<'static>,
    role: String,
    binding: String,
}

impl Broken {
    fn new(name: &str) -> Self {
        Self::with(ControlPlane::shared(), name, &JOBS)
    }

    fn with(cp: &'static ControlPlane, name: &str, jobs: &[&str]) -> Self {
        let instance = Instance::applied(cp.scope(name), jobs);
        let of =
            |kind: &str, suffix: &str| format!("{RBAC}/{kind}/{}-{suffix}", instance.scope.name);
        Self {
            role: of("clusterroles", "clusterrole"),
            binding: of("clusterrolebindings", "clusterrole-binding"),
            instance,
        }
    }

    fn admin(&self) -> &Client {
        self.instance.scope.admin()
    }

    /// Replaces the binding with one that `change` has been made to.
    fn rebind(&self, change: impl FnOnce(&mut Value)) {
        let live = self.admin().get(&self.binding).unwrap();
        let mut binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": live["metadata"]["name"], "labels": live["metadata"]["labels"]},
            "roleRef": live["roleRef"], "subjects": live["subjects"],
        });
        change(&mut binding);
        self.admin().delete(&self.binding).unwrap();
        self.admin()
            .post(&format!("{RBAC}/clusterrolebindings"), &binding)
            .unwrap();
    }

    /// The only cause is this one; the line that is printed mends it.
    #[track_caller]
    fn is_told_and_mended(&self, code: &str) -> Value {
        let report = self.instance.wait_for(&[code]);
        let fix = report["causes"][0]["fix"].as_str().unwrap();
        let run = self.instance.run_line(fix);
        assert_eq!(run.code, 0, "{fix}\n{}{}", run.stdout, run.stderr);
        self.instance.wait_for(&[]);
        report
    }
}

#[test]
fn a_rule_that_is_gone_is_told_with_its_role() {
    let broken = Broken::new("verify-rule");
    let mut role = broken.admin().get(&broken.role).unwrap();
    role["rules"]
        .as_array_mut()
        .unwrap()
        .retain(|rule| rule["nonResourceURLs"].is_null());
    broken.admin().put(&broken.role, &role).unwrap();
    let report = broken.is_told_and_mended("missing-rule");
    let cause = &report["causes"][0];
    let scope = &broken.instance.scope;
    assert_eq!(
        cause["cause"],
        format!(
            "ServiceAccount {}/{}-sa may not get /metrics: ClusterRole {}-clusterrole, which is bound to it, has no such rule.",
            scope.namespace, scope.name, scope.name
        )
    );
    assert_eq!(cause["denied"], json!(["get /metrics"]));
    assert_eq!(cause["jobs"], json!(["apiserver"]));
}

#[test]
fn a_rule_on_a_group_that_is_served_no_longer_is_told() {
    let broken = Broken::new("verify-group");
    let mut role = broken.admin().get(&broken.role).unwrap();
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"] == json!(["ingresses"]) {
            rule["apiGroups"] = json!(["extensions"]);
        }
    }
    broken.admin().put(&broken.role, &role).unwrap();
    let report = broken.is_told_and_mended("extensions-group");
    let cause = report["causes"][0]["cause"].as_str().unwrap();
    assert!(
        cause.contains("no cluster since 1.22 serves anything in the API group extensions"),
        "{cause}"
    );
}

#[test]
fn a_binding_that_is_gone_or_names_another_is_told() {
    let broken = Broken::new("verify-binding");
    broken.admin().delete(&broken.binding).unwrap();
    let report = broken.is_told_and_mended("missing-binding");
    // One fault, however many rights it takes away.
    let cause = &report["causes"][0];
    assert_eq!(
        cause["denied"],
        json!([
            "list ingresses.networking.k8s.io",
            "watch ingresses.networking.k8s.io",
            "get /metrics"
        ])
    );
    assert_eq!(cause["jobs"], json!(["ingresses", "apiserver"]));

    broken.admin().delete(&broken.role).unwrap();
    broken.is_told_and_mended("missing-role");

    // As monconf sees it, it then belongs to another instance: kubectl mends it.
    broken.rebind(|binding| binding["subjects"][0]["namespace"] = "elsewhere".into());
    broken.is_told_and_mended("wrong-subject-namespace");
}

#[test]
fn a_role_binding_where_the_whole_cluster_is_meant_is_told() {
    let broken = Broken::new("verify-scope");
    let binding = broken.admin().get(&broken.binding).unwrap();
    broken.admin().delete(&broken.binding).unwrap();
    let namespace = &broken.instance.scope.namespace;
    let bindings = format!("{RBAC}/namespaces/{namespace}/rolebindings");
    let confined = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "confined"},
        "roleRef": binding["roleRef"], "subjects": binding["subjects"],
    });
    broken.admin().post(&bindings, &confined).unwrap();
    broken.is_told_and_mended("role-not-cluster-role");
}

#[test]
fn whoever_may_not_read_roles_is_told_what_is_denied_all_the_same() {
    let broken = Broken::new("verify-viewer");
    broken.admin().delete(&broken.binding).unwrap();
    let scope = &broken.instance.scope;
    let rules = json!([
        {"apiGroups": [""], "resources": ["namespaces", "serviceaccounts", "secrets", "configmaps"], "verbs": ["get", "list"]},
    ]);
    let viewer = ControlPlane::shared().limited_user("verify-viewer", &rules);
    let suffixes = ["clusterrole", "clusterrole-binding", "role", "role-binding"];
    let names = suffixes.map(|suffix| format!("{}-{suffix}", scope.name));
    let own = json!([{
        "apiGroups": ["rbac.authorization.k8s.io"], "resourceNames": names, "verbs": ["get"],
        "resources": ["clusterroles", "clusterrolebindings", "roles", "rolebindings"],
    }]);
    ControlPlane::shared().grant(&viewer.name, None, &own);
    let report = poll::poll(|| {
        let report = broken.instance.report_as(&viewer.kubeconfig, &[]);
        (codes(&report) == ["missing-right"]).then_some(report)
    });
    let report = report
        .unwrap_or_else(|| panic!("{:#}", broken.instance.report_as(&viewer.kubeconfig, &[])));
    assert_eq!(report["causes"][0]["denied"][2], "get /metrics");
}

#[test]
fn the_kubelet_s_refusal_is_the_missing_rule() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let jobs = ["--jobs", "kubelet,cadvisor"];
    let broken = Broken::with(&cluster.cp, "verify-kubelet", &jobs);
    broken.instance.wait_for(&[]);
    let mut role = broken.admin().get(&broken.role).unwrap();
    let rules = role["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["resources"] != json!(["nodes/metrics"]));
    broken.admin().put(&broken.role, &role).unwrap();
    // The kubelet remembers for a second what it was told.
    let refused = |report: &Value| {
        let checks = report["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["result"] == "403").count()
    };
    poll::until("the kubelet refuses", || {
        refused(&broken.instance.report(&[])) == 2
    });
    let report = broken.is_told_and_mended("missing-rule");
    let cause = &report["causes"][0];
    assert_eq!(cause["denied"], json!(["get nodes/metrics"]));
    assert_eq!(cause["jobs"], json!(["kubelet", "cadvisor"]));
    // The right itself, and both scrapes.
    assert_eq!(cause["checks"], 3);
}
