//! Who may see what, and that no token is asked for.

use serde_json::json;
use testbed::{ControlPlane, Fault, Options};

use super::{row, status};
use crate::support::{Monconf, token};

#[test]
fn whoever_may_list_in_one_namespace_only_is_told_so() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-namespaced");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let user = cp.user(&format!("only-{}", scope.name), &[]);
    let rules = json!([
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
    ]);
    cp.grant(&user.name, Some(&scope.namespace), &rules);
    let run = Monconf::new(["status", "-n", &scope.namespace, "--detailed-exitcode"])
        .kubeconfig(&user.kubeconfig)
        .run()
        .ok();
    assert!(
        run.stdout
            .contains(&format!("namespace {} only", scope.namespace)),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("unknown  unknown"), "{}", run.stdout);
    assert!(
        run.stderr.contains("may not read what is needed"),
        "{}",
        run.stderr
    );
    let nobody = cp.user(&format!("nobody-{}", scope.name), &[]);
    let run = Monconf::new(["status", "-n", &scope.namespace])
        .kubeconfig(&nobody.kubeconfig)
        .run()
        .exit(1);
    assert!(
        run.stderr.contains(r#""resources":["serviceaccounts"]"#),
        "{}",
        run.stderr
    );
}

#[test]
fn role_and_binding_that_do_not_belong_together_are_a_fault() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-fault");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    assert_eq!(row(&scope, &[])["faults"], json!([]));
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let role = format!("{rbac}/clusterroles/{}-clusterrole", scope.name);
    cp.admin().delete(&role).unwrap();
    let found = row(&scope, &[]);
    let fault = found["faults"][0].as_str().unwrap();
    assert!(
        fault.starts_with(&format!(
            "ClusterRole {}-clusterrole is missing",
            scope.name
        )),
        "{fault}"
    );
    status(&scope, &["--detailed-exitcode"]).exit(2);
}

/// Of an instance that the settings do not describe, what the API server sends holds no token.
#[test]
fn no_token_of_another_instance_is_sent() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("status-metadata");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let issued = token::of_secret(&scope);
    let before = cp.audit(&scope.user.name).len();
    let relay = cp.relay(|_| Fault::Pass);
    let run = Monconf::new(["status", "-o", "json", "-v"])
        .kubeconfig(&scope.user.via(&relay.url()))
        .run()
        .ok();
    assert!(!run.stdout.contains(&issued) && !run.stderr.contains(&issued));
    let asked = relay.seen();
    let of_secrets = asked
        .iter()
        .filter(|request| request.path.contains("/secrets"));
    for request in of_secrets {
        let accepted = request.headers["accept"].to_str().unwrap();
        // Nothing else will do: a server that cannot leave the rest out is to refuse.
        assert!(
            accepted.starts_with("application/json;as=PartialObjectMetadata")
                && !accepted.contains(','),
            "{accepted}"
        );
    }
    let events = cp.audit(&scope.user.name).split_off(before);
    let secrets: Vec<_> = events
        .iter()
        .filter(|event| event.resource == "secrets")
        .collect();
    // Token Secret and both handles, and a list of those of one type.
    assert_eq!(secrets.len(), 4, "{secrets:#?}");
    assert!(
        events
            .iter()
            .all(|event| !event.is_write() || event.is_review())
    );
}
