//! The real API server, its users and their rights.

use std::time::Duration;

use serde_json::json;
use testbed::{Client, ControlPlane, Options};

const SECRETS: &str = "/api/v1/namespaces/default/secrets";

#[test]
fn serves_the_operators_kinds() {
    let cp = ControlPlane::shared();
    for path in [
        "v1/prometheuses",
        "v1/servicemonitors",
        "v1/podmonitors",
        "v1/prometheusrules",
        "v1alpha1/scrapeconfigs",
    ] {
        let list = cp
            .admin()
            .get(&format!("/apis/monitoring.coreos.com/{path}"))
            .expect("it is served");
        assert_eq!(list["items"], json!([]));
    }
}

#[test]
fn knows_who_calls() {
    let cp = ControlPlane::shared();
    let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]);
    let user = cp.limited_user("knows_who_calls", &rules);
    user.client().get(SECRETS).expect("the rule allows it");
    assert_eq!(
        user.client()
            .get("/api/v1/nodes")
            .expect_err("no rule allows it")
            .code,
        403
    );
    assert_eq!(
        Client::anonymous(cp).get(SECRETS).expect_err("nobody").code,
        403
    );
    assert_eq!(
        Client::with_token(cp, "wrong")
            .get(SECRETS)
            .expect_err("nobody")
            .code,
        401
    );

    cp.wait_for_namespace("default");
    let token = cp
        .admin()
        .token("default", "default", 600)
        .expect("a token");
    let robot = "system:serviceaccount:default:default";
    cp.grant(robot, Some("default"), &rules);
    let robot = Client::with_token(cp, &token);
    robot.get(SECRETS).expect("the rule allows it here");
    assert_eq!(
        robot
            .get("/api/v1/secrets")
            .expect_err("and only here")
            .code,
        403
    );
}

#[test]
fn a_scope_removes_what_its_test_made() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("a_scope_removes_what_its_test_made");
    scope.create_namespace();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": scope.name, "labels": {"app.kubernetes.io/instance": scope.name}},
    });
    let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    scope
        .user
        .client()
        .post(roles, &role)
        .expect("an administrator");
    let (role, namespace) = (
        format!("{roles}/{}", scope.name),
        format!("/api/v1/namespaces/{}", scope.namespace),
    );
    drop(scope);
    assert!(cp.admin().is_absent(&role));
    let phase = cp
        .admin()
        .get(&namespace)
        .map(|namespace| namespace["status"]["phase"].clone());
    assert!(phase.is_err() || phase.is_ok_and(|phase| phase == "Terminating"));
}

#[test]
fn stops_and_starts() {
    let cp = ControlPlane::start(Options {
        max_token_expiration: Some(Duration::from_hours(1)),
        ..Options::bare()
    });
    let directory = cp.directory().to_owned();
    let processes = cp.processes();
    cp.kill_apiserver();
    assert_eq!(cp.admin().get("/version").expect_err("it is gone").code, 0);
    cp.restart_apiserver();
    cp.admin().get("/version").expect("it is back");
    cp.pause();
    cp.resume();
    cp.admin().get("/version").expect("it goes on");
    drop(cp);
    assert!(!directory.exists());
    assert!(!processes.iter().any(|process| process.is_alive()));
}
