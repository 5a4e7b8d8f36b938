//! What still needs a Secret of the destination before: then the Secret stays, and so does its token.

use std::fs;

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use super::{monconf, report};
use crate::support::{Monconf, token};

const MONITORING: &str = "/apis/monitoring.coreos.com/v1";

struct Moving<'a> {
    scope: Scope<'a>,
    _folder: tempfile::TempDir,
    file: String,
}

impl<'a> Moving<'a> {
    /// An instance with a token Secret, before it moves to a file.
    fn new(cp: &'a ControlPlane, test: &str, before: &[&str]) -> Self {
        let scope = cp.scope(test);
        monconf(&scope, &[&["--apply"][..], before].concat()).ok();
        cp.wait_for_namespace(&scope.namespace);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jobs.yml").display().to_string();
        Self {
            scope,
            file,
            _folder: folder,
        }
    }

    fn call(&self, arguments: &[&str]) -> Monconf {
        Monconf::prometheus(&self.scope, &["--drop-in", &self.file]).args(arguments)
    }

    /// Applies the move, and sees that the Secret stays with its token because of `who`; `remove` takes that away, and
    /// the next run deletes the Secret.
    fn stays_until(&self, who: &str, remove: &dyn Fn()) {
        let scope = &self.scope;
        let before = token::of_secret(scope);
        for _ in 0..2 {
            let run = self.call(&["--apply", "--yes"]).run().ok();
            assert!(run.stdout.contains(&format!("stays: {who}")), "{run:?}");
            assert!(
                run.stderr
                    .contains("is of the destination before and stays"),
                "{run:?}"
            );
            assert_eq!(token::of_secret(scope), before);
            assert!(token::is_accepted(scope.cp, &before));
        }
        let new = fs::read_to_string(self.file.replace(".yml", "-credentials/token")).unwrap();
        assert!(token::is_accepted(scope.cp, &new));
        remove();
        self.call(&["--apply", "--yes"]).run().ok();
        assert!(scope.admin().is_absent(&token::secret_path(scope)));
        token::wait_until_refused(scope.cp, &before);
        assert!(token::is_accepted(scope.cp, &new));
    }

    fn create(&self, api: &str, plural: &str, object: &Value) -> String {
        let collection = format!("{api}/namespaces/{}/{plural}", self.scope.namespace);
        self.scope.admin().post(&collection, object).unwrap();
        format!(
            "{collection}/{}",
            object["metadata"]["name"].as_str().unwrap()
        )
    }

    fn delete(&self, path: &str) {
        self.scope
            .admin()
            .delete(&format!("{path}?gracePeriodSeconds=0"))
            .unwrap();
    }
}

#[test]
fn a_pod_that_mounts_it_keeps_it() {
    let moving = Moving::new(ControlPlane::shared(), "mounted", &["--format", "raw"]);
    let secret = format!("{}-k8s-token", moving.scope.name);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "prometheus-0"},
        "spec": {
            "containers": [{"name": "prometheus", "image": "testbed.invalid/none:1"}],
            "volumes": [{"name": "token", "projected": {"sources": [{"secret": {"name": secret}}]}}],
        },
    });
    let pod = moving.create("/api/v1", "pods", &pod);
    let who = format!("Pod {}/prometheus-0 mounts it", moving.scope.namespace);
    moving.stays_until(&who, &|| moving.delete(&pod));
}

#[test]
fn a_prometheus_that_mounts_it_keeps_it_as_after_a_key_of_a_secret() {
    let place = ["--additional-scrape-configs", "more:jobs.yaml"];
    let cp = ControlPlane::shared();
    let moving = Moving::new(cp, "by-key", &place);
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"},
        "spec": {
            "additionalScrapeConfigs": {"name": "more", "key": "jobs.yaml"},
            "secrets": [format!("{}-k8s-token", moving.scope.name)],
        },
    });
    let prometheus = moving.create(MONITORING, "prometheuses", &prometheus);
    let who = format!("Prometheus {}/main names it", moving.scope.namespace);
    moving.stays_until(&who, &|| moving.delete(&prometheus));
}

#[test]
fn a_monitor_that_somebody_else_wrote_keeps_it() {
    let moving = Moving::new(ControlPlane::shared(), "others-monitor", &[]);
    let secret = format!("{}-k8s-token", moving.scope.name);
    let monitor = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "theirs"},
        "spec": {"selector": {}, "endpoints": [{
            "port": "web", "authorization": {"credentials": {"name": secret, "key": "token"}},
        }]},
    });
    let monitor = moving.create(MONITORING, "servicemonitors", &monitor);
    let who = format!("ServiceMonitor {}/theirs names it", moving.scope.namespace);
    moving.stays_until(&who, &|| moving.delete(&monitor));
}

/// Whoever may not look keeps it too, and a preflight names the permissions.
#[test]
fn a_user_who_may_not_see_what_needs_it_keeps_it() {
    let cp = ControlPlane::shared();
    let moving = Moving::new(cp, "unseen", &[]);
    let every = json!([
        {"apiGroups": ["", "rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "patch", "delete"]},
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]},
        {"apiGroups": ["", "discovery.k8s.io"], "resources": ["services", "pods", "endpointslices"], "verbs": ["watch", "list"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]);
    let user = cp.limited_user("unseen", &every);
    let run = moving
        .call(&["--apply", "--yes"])
        .kubeconfig(&user.kubeconfig)
        .run()
        .ok();
    assert!(
        run.stdout.contains("stays: cannot read ServiceMonitors"),
        "{run:?}"
    );
    assert!(!cp.admin().is_absent(&token::secret_path(&moving.scope)));
    let asked = Monconf::new(["preflight", "prometheus", "-o", "json"])
        .args([
            "--name",
            &moving.scope.name,
            "--namespace",
            &moving.scope.namespace,
        ])
        .args(["--drop-in", &moving.file])
        .kubeconfig(moving.scope.kubeconfig())
        .run()
        .ok();
    let needs = report(&asked)["needs"].clone();
    for resource in [
        "servicemonitors",
        "scrapeconfigs",
        "podmonitors",
        "prometheuses",
    ] {
        let mut needs = needs.as_array().unwrap().iter();
        let found = needs.any(|need| {
            need["resource"] == resource && need["verb"] == "list" && need["required"] == false
        });
        assert!(found, "{resource}: {asked:?}");
    }
}
