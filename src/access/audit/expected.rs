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
