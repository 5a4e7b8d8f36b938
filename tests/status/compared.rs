//! What differs from the settings, and which rights are for nothing.

use serde_json::json;
use testbed::ControlPlane;

use super::{row, status};
use crate::support::Monconf;

#[test]
fn what_a_plan_would_change_is_drift() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-drift");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let found = row(&scope, &[]);
    let none = json!({"create": 0, "change": 0, "delete": 0, "blocked": null});
    assert_eq!(found["drift"], none);
    assert_eq!(found["surplusRights"], json!([]));
    status(&scope, &["--detailed-exitcode"]).ok();

    let found = row(&scope, &["--jobs", "apiserver,kubelet,coredns"]);
    assert_eq!(found["drift"]["create"], 1, "{found:#}");
    assert_eq!(found["drift"]["delete"], 1, "{found:#}");
    assert_eq!(found["due"], true);
    let run = status(&scope, &["--detailed-exitcode", "--jobs", "apiserver"]).exit(2);
    assert!(run.stdout.contains("to delete"), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("`monconf prometheus` with the same flags shows how"),
        "{}",
        run.stdout
    );

    // An instance that is named and not there is all drift.
    let other = cp.scope("status-absent");
    let found = row(&other, &[]);
    assert_eq!(found["token"]["state"], "no token");
    assert!(found["drift"]["create"].as_u64().unwrap() > 5, "{found:#}");
}

#[test]
fn rights_beyond_the_jobs_are_told_with_their_binding() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-surplus");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let account = format!(
        "system:serviceaccount:{}:{}-sa",
        scope.namespace, scope.name
    );
    let rule = json!([{"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]}]);
    cp.grant(&account, None, &rule);
    let found = row(&scope, &[]);
    let rights = found["surplusRights"].as_array().unwrap();
    assert_eq!(rights.len(), 1, "{found:#}");
    assert!(
        rights[0]
            .as_str()
            .unwrap()
            .starts_with("get nodes/proxy, through "),
        "{found:#}"
    );
    let text = status(&scope, &["--detailed-exitcode"]).exit(2).stdout;
    assert!(text.contains("1 right"), "{text}");
    assert!(text.contains("superfluous: get nodes/proxy"), "{text}");
}

#[test]
fn of_an_instance_that_the_settings_do_not_describe_drift_is_not_known() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-other");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let run = Monconf::new(["status", "-o", "json"])
        .kubeconfig(scope.kubeconfig())
        .run()
        .ok();
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let rows = report["instances"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["instance"] == scope.name.as_str())
        .unwrap();
    assert!(
        row["drift"].is_null() && row["surplusRights"].is_null(),
        "{row:#}"
    );
    let wrong = Monconf::new(["status", "vector"])
        .kubeconfig(scope.kubeconfig())
        .run()
        .exit(1);
    assert!(
        wrong.stderr.contains("prometheus, grafana-agent, alloy"),
        "{}",
        wrong.stderr
    );
}
