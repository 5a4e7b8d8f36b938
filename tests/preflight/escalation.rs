//! What has to be held to grant a role: what the API server says is missing.

use serde_json::{Value, json};
use testbed::ControlPlane;

use super::{preflight, report};

const RBAC: &str = "rbac.authorization.k8s.io";

/// Everything on roles and bindings but the two verbs that lift the rule.
fn writer() -> Value {
    json!([{
        "apiGroups": [RBAC], "resources": ["clusterroles", "clusterrolebindings", "roles", "rolebindings"],
        "verbs": ["get", "list", "create", "patch"],
    }])
}

#[test]
fn what_has_to_be_held_is_what_the_api_server_says_is_missing() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("preflight-escalation");
    let user = cp.limited_user("granting", &writer());
    let raw = [
        "--format",
        "raw",
        "--jobs",
        "apiserver,kubelet",
        "-o",
        "json",
    ];
    let found = report(&preflight(&scope, &user, &raw).exit(1));
    let grants = found["grants"].as_array().unwrap();
    assert_eq!(grants.len(), 2, "{found:#}");
    for grant in grants {
        let (kind, name) = grant["role"].as_str().unwrap().split_once(' ').unwrap();
        let namespace = grant["namespace"].as_str();
        let rights: Vec<&str> = grant["rights"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(grant["missing"], grant["rights"]);
        let rules: Vec<Value> = rights
            .iter()
            .map(|right| {
                let (verb, what) = right.split_once(' ').unwrap();
                if what.starts_with('/') {
                    return json!({"nonResourceURLs": [what], "verbs": [verb]});
                }
                let (resource, group) = what.split_once('.').unwrap_or((what, ""));
                json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]})
            })
            .collect();
        let name = name.rsplit('/').next().unwrap();
        let place = namespace.map_or(String::new(), |namespace| {
            format!("/namespaces/{namespace}")
        });
        let path = format!("/apis/{RBAC}/v1{place}/{}s/{name}", kind.to_lowercase());
        let role = json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": kind,
            "metadata": {"name": name}, "rules": rules,
        });
        let said = user
            .client()
            .apply(&path, &role, "test")
            .unwrap_err()
            .message;
        let lines = said.lines().skip(1).filter(|line| line.starts_with('{'));
        let verbs: usize = lines
            .map(|line| {
                let verbs = line.split_once("Verbs:[").unwrap().1;
                verbs.split(']').next().unwrap().split_whitespace().count()
            })
            .sum();
        assert_eq!(verbs, rights.len(), "{said}\n{rights:?}");
        for right in &rights {
            let (verb, what) = right.split_once(' ').unwrap();
            let resource = what.split('.').next().unwrap();
            let listed = said.lines().any(|line| {
                line.contains(&format!("{resource:?}")) && line.contains(&format!("{verb:?}"))
            });
            assert!(listed, "{right}: {said}");
        }
    }
    let run = preflight(&scope, &user, &raw[..4]).exit(1);
    assert!(
        run.stdout
            .contains("is written and bound, which takes holding what it grants\n  - missing: "),
        "{}",
        run.stdout
    );
}

/// `escalate` and `bind` on the role are the way around that RBAC provides, and only both are.
#[test]
fn whoever_may_escalate_and_bind_needs_hold_nothing() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("preflight-around");
    let user = cp.limited_user("around", &writer());
    let lacking = || {
        let found =
            report(&preflight(&scope, &user, &["--format", "operator", "-o", "json"]).exit(1));
        found["grants"][0]["missing"].as_array().unwrap().len()
    };
    assert_eq!(lacking(), 2);
    let around = |verb: &str| {
        let rule = json!([{
            "apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": [verb],
            "resourceNames": [format!("{}-clusterrole", scope.name)],
        }]);
        cp.grant(&user.name, None, &rule);
    };
    around("escalate");
    assert_eq!(lacking(), 2);
    around("bind");
    assert_eq!(lacking(), 0);
}
