//! What can be said of an instance's access without knowing its jobs.

use crate::cluster::{Instance, Seen};

/// Sentences for what is wrong with role and binding. An instance may have neither, where its jobs need nothing in the
/// whole cluster.
pub(super) fn faults(instance: &Instance) -> Vec<String> {
    let names = &instance.names;
    let (role, binding) = (names.cluster_role(), names.cluster_role_binding());
    let bound = match (&instance.role, &instance.binding) {
        (Seen::There(_), Seen::Absent) => {
            return vec![format!(
                "ClusterRole {role} is not bound: ClusterRoleBinding {binding} is missing"
            )];
        }
        (role, Seen::There(bound)) => (role, bound),
        _ => return Vec::new(),
    };
    let (seen, object) = bound;
    let mut faults = Vec::new();
    let granted = object["roleRef"]["name"].as_str().unwrap_or_default();
    if granted != role {
        faults.push(format!(
            "ClusterRoleBinding {binding} grants {granted}, not {role}"
        ));
    } else if *seen == Seen::Absent {
        faults.push(format!(
            "ClusterRole {role} is missing: ClusterRoleBinding {binding} grants nothing"
        ));
    }
    let subjects = object["subjects"].as_array().into_iter().flatten();
    let is_ours = |subject: &serde_json::Value| {
        subject["kind"] == "ServiceAccount"
            && subject["name"] == names.service_account()
            && subject["namespace"] == names.namespace
    };
    if !subjects.into_iter().any(is_ours) {
        faults.push(format!(
            "ClusterRoleBinding {binding} is not for ServiceAccount {}",
            names.account()
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::spec::{Consumer, Names};

    fn said(role: Seen, binding: Seen) -> Vec<String> {
        faults(&Instance {
            names: Names::new(Consumer::Prometheus, None, None).expect("valid"),
            account: Value::Null,
            token_secret: Seen::Absent,
            handles: [Seen::Absent, Seen::Absent],
            role,
            binding,
            legacy: Vec::new(),
        })
    }

    fn binding(role: &str, account: &str) -> Seen {
        Seen::There(json!({
            "roleRef": {"name": role},
            "subjects": [{"kind": "ServiceAccount", "namespace": "monitoring", "name": account}],
        }))
    }

    #[test]
    fn role_and_binding_belong_together() {
        let role = || Seen::There(Value::Null);
        let good = || binding("monitoring-clusterrole", "monitoring-sa");
        for (role, binding, expected) in [
            (role(), good(), vec![]),
            (Seen::Absent, Seen::Absent, vec![]),
            (Seen::Hidden, good(), vec![]),
            (role(), Seen::Hidden, vec![]),
            (
                role(),
                Seen::Absent,
                vec![
                    "ClusterRole monitoring-clusterrole is not bound: ClusterRoleBinding monitoring-clusterrole-binding is missing",
                ],
            ),
            (
                Seen::Absent,
                good(),
                vec![
                    "ClusterRole monitoring-clusterrole is missing: ClusterRoleBinding monitoring-clusterrole-binding grants nothing",
                ],
            ),
            (
                role(),
                binding("view", "default"),
                vec![
                    "ClusterRoleBinding monitoring-clusterrole-binding grants view, not monitoring-clusterrole",
                    "ClusterRoleBinding monitoring-clusterrole-binding is not for ServiceAccount monitoring/monitoring-sa",
                ],
            ),
        ] {
            assert_eq!(said(role, binding), expected);
        }
    }
}
