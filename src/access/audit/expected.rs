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
            || binding.role.name != "cluster-admin" && is_component(subject))
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
fn is_component(subject: &Subject) -> bool {
    match subject {
        Subject::Group(name) => ["system:nodes", "system:monitoring"].contains(&name.as_str()),
        Subject::User(name) => name.starts_with("system:kube-"),
        Subject::ServiceAccount { namespace, .. } => namespace == "kube-system",
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
        // Everybody can set a label.
        assert_eq!(findings("mine", admin, true, &masters), 1);
    }
}
