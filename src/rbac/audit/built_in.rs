//! What Kubernetes creates for its own components and administrators, and relies on.

use crate::rbac::bindings::{Binding, Name, Role, Subject};

/// The bindings that Kubernetes creates: the object, its one subject, and the checks that the role fails as it is created.
/// Those of Kubernetes 1.35 (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`; a test holds them against an API server),
/// and at the end those of versions before. A controller's ServiceAccount has the name at the end of the binding's.
const BINDINGS: [(&str, &str, &[&str]); 19] = [
    ("cluster-admin", "Group system:masters", &["full-access"]),
    (
        "system:kube-controller-manager",
        "User system:kube-controller-manager",
        &["mint-tokens", "read-secrets"],
    ),
    (
        "kube-system/system:controller:bootstrap-signer",
        CONTROLLER,
        &["read-secrets"],
    ),
    (
        "kube-system/system:controller:token-cleaner",
        CONTROLLER,
        &["read-secrets"],
    ),
    (
        "system:controller:certificate-controller",
        CONTROLLER,
        &["approve-certificates"],
    ),
    (
        "system:controller:clusterrole-aggregation-controller",
        CONTROLLER,
        &["escalate", "write-roles"],
    ),
    (
        "system:controller:cronjob-controller",
        CONTROLLER,
        &["create-workloads"],
    ),
    (
        "system:controller:daemon-set-controller",
        CONTROLLER,
        &["create-workloads"],
    ),
    (
        "system:controller:deployment-controller",
        CONTROLLER,
        &["create-workloads"],
    ),
    (
        "system:controller:generic-garbage-collector",
        CONTROLLER,
        &[
            "create-workloads",
            "debug-containers",
            "kubelet-exec",
            "pod-exec",
            "pod-portforward",
            "pod-proxy",
            "read-secrets",
            "write-roles",
        ],
    ),
    (
        "system:controller:job-controller",
        CONTROLLER,
        &["create-workloads"],
    ),
    (
        "system:controller:namespace-controller",
        CONTROLLER,
        &[
            "kubelet-exec",
            "pod-exec",
            "pod-portforward",
            "pod-proxy",
            "read-secrets",
        ],
    ),
    (
        "system:controller:persistent-volume-binder",
        CONTROLLER,
        &["create-workloads", "read-secrets"],
    ),
    (
        "system:controller:replicaset-controller",
        CONTROLLER,
        &["create-workloads"],
    ),
    (
        "system:controller:replication-controller",
        CONTROLLER,
        &["create-workloads"],
    ),
    (
        "system:controller:resourcequota-controller",
        CONTROLLER,
        &["read-secrets"],
    ),
    (
        "system:controller:statefulset-controller",
        CONTROLLER,
        &["create-workloads"],
    ),
    (
        "system:controller:expand-controller",
        CONTROLLER,
        &["read-secrets"],
    ),
    (
        "system:controller:horizontal-pod-autoscaler",
        CONTROLLER,
        &["pod-proxy"],
    ),
];

/// The ServiceAccount of a controller, in `kube-system`.
const CONTROLLER: &str = "";

/// Whether Kubernetes itself gives `subject` through `binding` what the check finds in `role`.
///
/// The label alone says nothing, whoever writes a binding can set it. Nor do names: subjects and rules that were added to
/// what Kubernetes created stay there.
pub(super) fn is_built_in(binding: &Binding, subject: &Subject, role: &Role, check: &str) -> bool {
    let name = &binding.name;
    let (location, is_of_scope) = match &name.namespace {
        None => (name.name.clone(), binding.role.kind == "ClusterRole"),
        Some(namespace) => (
            format!("{namespace}/{}", name.name),
            binding.role.kind == "Role",
        ),
    };
    binding.is_default()
        && role.is_default()
        && role.name == binding.role
        && binding.role.name == name.name
        && is_of_scope
        && BINDINGS.iter().any(|(known, whose, checks)| {
            *known == location && is_whose(whose, subject, name) && checks.contains(&check)
        })
}

fn is_whose(whose: &str, subject: &Subject, binding: &Name) -> bool {
    if whose != CONTROLLER {
        return subject.to_string() == whose;
    }
    let account = binding.name.rsplit(':').next();
    matches!(subject, Subject::ServiceAccount { namespace, name }
        if namespace == "kube-system" && Some(name.as_str()) == account)
}

/// Whether the cluster stops working, or locks its administrators out, without the rights of a subject.
pub(super) fn is_of_control_plane(subject: &Subject) -> bool {
    match subject {
        Subject::Group(name) | Subject::User(name) => {
            ["system:", "kubeadm:"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
                && !name.starts_with("system:serviceaccounts:")
                && !PUBLIC.contains(&name.as_str())
        }
        Subject::ServiceAccount { namespace, name } => {
            let is_its = |(binding, ..): &(&str, &str, &[&str])| {
                binding.rsplit(':').next() == Some(name.as_str())
            };
            namespace == "kube-system" && BINDINGS.iter().any(is_its)
        }
    }
}

/// Names of Kubernetes that stand for users of all kinds, and for ServiceAccounts.
const PUBLIC: [&str; 5] = [
    "system:anonymous",
    "system:authenticated",
    "system:authenticated:oauth",
    "system:serviceaccounts",
    "system:unauthenticated",
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rbac::audit::{Finding, audit};
    use crate::rbac::bindings::Roles;

    fn findings(name: &str, role: &str, label: bool, subject: &Value) -> usize {
        let found = all_findings(name, role, label, subject);
        found.iter().filter(|finding| !finding.built_in).count()
    }

    fn all_findings(name: &str, role: &str, label: bool, subject: &Value) -> Vec<Finding> {
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
        audit(&roles, true)
    }

    /// Whether nothing is found of a binding that carries the label, of a role of this name with one rule.
    fn is_hidden(role: &str, granted: &Value, subject: &Value) -> bool {
        let metadata =
            json!({"name": role, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}});
        let roles = [
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata,
                "rules": [granted],
            }),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": metadata,
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
    fn no_advice_takes_permissions_from_the_control_plane() {
        let masters = json!({"kind": "Group", "name": "system:masters"});
        for (name, subject, is_kept) in [
            ("mine", masters.clone(), true),
            ("cluster-admin", masters, true),
            (
                "kubeadm:cluster-admins",
                json!({"kind": "Group", "name": "kubeadm:cluster-admins"}),
                true,
            ),
            (
                "x",
                json!({"kind": "User", "name": "system:kube-scheduler"}),
                true,
            ),
            (
                "x",
                json!({"kind": "ServiceAccount", "namespace": "kube-system", "name": "job-controller"}),
                true,
            ),
            (
                "x",
                json!({"kind": "Group", "name": "system:authenticated"}),
                false,
            ),
            (
                "x",
                json!({"kind": "Group", "name": "system:serviceaccounts:shop"}),
                false,
            ),
            (
                "x",
                json!({"kind": "ServiceAccount", "namespace": "kube-system", "name": "my-controller"}),
                false,
            ),
            ("x", json!({"kind": "User", "name": "jane"}), false),
        ] {
            let found = all_findings(name, "cluster-admin", false, &subject);
            let advice = &found[0].fix.advice;
            assert_eq!(!advice.contains("take"), is_kept, "{subject}: {advice}");
            assert!(found[0].fix.diff.is_empty());
        }
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
        // Nor is a role of another owner, one for another account, or one that was changed.
        let account = |name: &str| json!({"kind": "ServiceAccount", "name": name, "namespace": "kube-system"});
        let pods = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]});
        let secrets = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]});
        let role = "system:controller:job-controller";
        assert!(is_hidden(role, &pods, &account("job-controller")));
        assert!(!is_hidden(role, &pods, &account("default")));
        assert!(!is_hidden(role, &secrets, &account("job-controller")));
        for forged in ["my-tool", "system:my-tool", "system:controller:my-tool"] {
            assert!(!is_hidden(forged, &pods, &account("my-tool")), "{forged}");
        }
        // Everybody can set a label.
        assert_eq!(findings("mine", admin, true, &masters), 1);
    }
}
