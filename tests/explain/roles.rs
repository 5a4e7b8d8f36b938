//! The same denial, with the roles of the cluster known: which of rule, binding and subject is at fault.

use monconf::rbac::bindings::Roles;
use monconf::rbac::{Denied, Right, Scope};
use monconf::verify::diagnosis::Cause;
use serde_json::{Value, json};

fn role(kind: &str, name: &str, rule: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": {"name": name}, "rules": [rule],
    });
    if kind == "Role" {
        object["metadata"]["namespace"] = json!("monitoring");
    }
    object
}

fn binding(kind: &str, role: &str, namespace: &str) -> Value {
    let mut binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": "monitoring-role"},
        "subjects": [{"kind": "ServiceAccount", "name": "sa", "namespace": namespace}],
    });
    if kind == "RoleBinding" {
        binding["metadata"]["namespace"] = json!("monitoring");
    }
    binding
}

#[test]
fn roles_tell_what_the_answer_does_not() {
    let metrics = Right::resource("", "nodes/metrics", "get");
    let pods = Right::resource("", "pods", "list");
    let rule = |resource: &str, verb: &str| json!({"apiGroups": [""], "resources": [resource], "verbs": [verb]});
    let (get, list) = (rule("nodes/metrics", "get"), rule("pods", "list"));
    let of_cluster = |namespace| binding("ClusterRoleBinding", "ClusterRole", namespace);
    for (right, objects, expected) in [
        (
            &metrics,
            vec![],
            "missing-rule: ServiceAccount monitoring/sa may not get nodes/metrics: no role is bound to it.",
        ),
        (
            &metrics,
            vec![
                role("ClusterRole", "monitoring-role", &list),
                of_cluster("monitoring"),
            ],
            "missing-rule: ServiceAccount monitoring/sa may not get nodes/metrics: ClusterRole monitoring-role, which is bound to it, has no such rule.",
        ),
        (
            &metrics,
            vec![role("ClusterRole", "monitoring-role", &get)],
            "missing-binding: ServiceAccount monitoring/sa may not get nodes/metrics: ClusterRole monitoring-role has the rule, and is not bound to it.",
        ),
        // A role that is called otherwise was meant for somebody else.
        (
            &metrics,
            vec![role("ClusterRole", "other", &get)],
            "missing-rule: ServiceAccount monitoring/sa may not get nodes/metrics: no role is bound to it.",
        ),
        (
            &metrics,
            vec![of_cluster("monitoring")],
            "missing-role: ServiceAccount monitoring/sa may not get nodes/metrics: a binding names ClusterRole monitoring-role, which does not exist.",
        ),
        (
            &metrics,
            vec![
                role("ClusterRole", "monitoring-role", &get),
                of_cluster("default"),
            ],
            "wrong-subject-namespace: ServiceAccount monitoring/sa may not get nodes/metrics: ClusterRoleBinding b names an account of that name in the namespace default.",
        ),
        (
            &metrics,
            vec![
                role("Role", "monitoring-role", &get),
                binding("RoleBinding", "Role", "monitoring"),
            ],
            "role-not-cluster-role: ServiceAccount monitoring/sa may not get nodes/metrics: RoleBinding monitoring/b grants it in its own namespace only, and the request is about the whole cluster.",
        ),
        (
            &pods,
            vec![
                role("ClusterRole", "monitoring-role", &list),
                binding("RoleBinding", "ClusterRole", "monitoring"),
            ],
            "role-not-cluster-role: ServiceAccount monitoring/sa may not list pods in the whole cluster: RoleBinding monitoring/b grants it in its own namespace only, and the request is about the whole cluster.",
        ),
        (
            &metrics,
            vec![
                role("ClusterRole", "monitoring-role", &get),
                of_cluster("monitoring"),
            ],
            "",
        ),
    ] {
        let mut roles = Roles::default();
        for object in &objects {
            roles.add(object, None).unwrap();
        }
        let denied = Denied {
            user: "system:serviceaccount:monitoring:sa".to_owned(),
            right: right.clone(),
            scope: Scope::Cluster,
        };
        let cause = Cause::of_roles(&denied, &roles);
        let told = cause.map(|cause| format!("{}: {}", cause.code(), cause.sentence()));
        assert_eq!(told.unwrap_or_default(), expected);
    }
}
