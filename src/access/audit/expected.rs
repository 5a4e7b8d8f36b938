//! What the API server itself binds, and needs.

use crate::access::bindings::{Binding, Subject};

/// Whether `binding` gives `subject` what every cluster gives it.
///
/// The label alone says nothing, everybody can set it; and subjects that were added to a default binding stay there.
pub(super) fn is_expected(binding: &Binding, subject: &Subject) -> bool {
    let administrators = Subject::Group("system:masters".to_owned());
    binding.is_default()
        && binds_its_own(binding)
        && (*subject == administrators
            || binding.role.name.starts_with("system:") && is_component(binding, subject))
}

/// A default ClusterRoleBinding is called as its role is.
fn binds_its_own(binding: &Binding) -> bool {
    let namespace = binding.name.namespace.as_deref();
    match namespace {
        None => binding.name.name == binding.role.name,
        Some(namespace) => namespace.starts_with("kube-") && binding.role.kind == "Role",
    }
}

/// Whom default bindings name beside the administrators: components and controllers
/// (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy` of Kubernetes). Not everybody who can log in: their default roles
/// hold nothing that is looked for.
fn is_component(binding: &Binding, subject: &Subject) -> bool {
    match subject {
        Subject::Group(name) => ["system:nodes", "system:monitoring"].contains(&name.as_str()),
        Subject::User(name) => name.starts_with("system:kube-"),
        // The role is called after the one account that it is for: `system:controller:job-controller`.
        Subject::ServiceAccount { namespace, name } => {
            let before = binding.role.name.strip_suffix(name.as_str());
            namespace == "kube-system" && before.is_some_and(|before| before.ends_with([':', '-']))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::access::audit::audit;
    use crate::access::bindings::Roles;

    fn findings(name: &str, role: &str, label: bool, subject: &Value) -> usize {
        let mut labels = json!({});
        if label {
            labels["kubernetes.io/bootstrapping"] = "rbac-defaults".into();
        }
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": name, "labels": labels},
            "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [subject],
        });
        let mut roles = Roles::default();
        roles.add(&binding, None).expect("well-formed");
        roles.add_defaults();
        audit(&roles, false).len()
    }

    fn is_hidden(role: &str, subject: &Value) -> bool {
        let roles = [
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": role},
                "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
            }),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": {"name": role, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
                "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [subject],
            }),
        ];
        let mut all = Roles::default();
        for object in &roles {
            all.add(object, None).expect("well-formed");
        }
        audit(&all, false).is_empty()
    }

    #[test]
    fn only_what_the_api_server_binds_itself_is_expected() {
        let masters = json!({"kind": "Group", "name": "system:masters"});
        let admin = "cluster-admin";
        assert_eq!(findings(admin, admin, true, &masters), 0);
        assert_eq!(findings(admin, admin, false, &masters), 1);
        // Who is added to a default binding stays there.
        for added in [
            json!({"kind": "User", "name": "jane"}),
            json!({"kind": "Group", "name": "system:authenticated"}),
            json!({"kind": "Group", "name": "system:nodes"}),
            json!({"kind": "ServiceAccount", "name": "default", "namespace": "kube-system"}),
        ] {
            assert_eq!(findings(admin, admin, true, &added), 1, "{added}");
        }
        // Nor is a role of somebody's own, or one for another account.
        let account = |name: &str| json!({"kind": "ServiceAccount", "name": name, "namespace": "kube-system"});
        let role = "system:controller:job-controller";
        assert!(is_hidden(role, &account("job-controller")));
        assert!(!is_hidden(role, &account("default")));
        assert!(!is_hidden("my-tool", &account("my-tool")));
        // Everybody can set a label.
        assert_eq!(findings("mine", admin, true, &masters), 1);
    }
}
