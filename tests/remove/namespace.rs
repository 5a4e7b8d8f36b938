//! `--delete-namespace`: only one that monconf made, and only where nothing else is in it.

use serde_json::json;
use testbed::{ControlPlane, Scope};

use super::remove;
use crate::support::Monconf;

fn path(scope: &Scope) -> String {
    format!("/api/v1/namespaces/{}", scope.namespace)
}

fn is_going(scope: &Scope) -> bool {
    scope.admin().is_absent(&path(scope))
        || !scope.admin().get(&path(scope)).unwrap()["metadata"]["deletionTimestamp"].is_null()
}

#[test]
fn a_namespace_of_ours_goes_last_and_only_when_it_is_asked_for() {
    let scope = ControlPlane::shared().scope("vacant");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    remove("prometheus", &scope, &["--apply"]).run().ok();
    assert!(!is_going(&scope));
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    remove("prometheus", &scope, &["--apply", "--delete-namespace"])
        .run()
        .ok();
    assert!(is_going(&scope));
    assert_eq!(super::deleted(&scope).last().unwrap(), "Namespace NS");
}

#[test]
fn a_namespace_with_anything_of_others_in_it_is_refused_before_anything_is_deleted() {
    let scope = ControlPlane::shared().scope("inhabited");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}});
    scope
        .admin()
        .post(&format!("{}/configmaps", path(&scope)), &map)
        .unwrap();
    let monitors = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/podmonitors",
        scope.namespace
    );
    let monitor = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": {"name": "theirs-too"},
        "spec": {"selector": {}, "podMetricsEndpoints": []},
    });
    scope.admin().post(&monitors, &monitor).unwrap();
    let run = remove("prometheus", &scope, &["--apply", "--delete-namespace"])
        .run()
        .exit(1);
    let sentence = format!(
        "error: Namespace {} is not deleted: it also holds ConfigMap theirs, PodMonitor theirs-too\nhint: `monconf remove prometheus ",
        scope.namespace
    );
    assert!(run.stderr.contains(&sentence), "{}", run.stderr);
    assert_eq!(super::deleted(&scope), [] as [String; 0]);
    // Another instance is somebody else too, and named by its objects.
    remove("prometheus", &scope, &["--apply"]).run().ok();
    assert!(!is_going(&scope));
}

#[test]
fn a_namespace_that_monconf_did_not_make_stays() {
    let scope = ControlPlane::shared().scope("theirs");
    scope.create_namespace();
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let run = remove("prometheus", &scope, &["--apply", "--delete-namespace"])
        .run()
        .ok();
    assert!(
        run.stdout.contains("stays: not made by monconf"),
        "{}",
        run.stdout
    );
    assert!(!is_going(&scope));
}
