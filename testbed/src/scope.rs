//! What one test has for itself in a shared cluster.

use std::path::Path;

use crate::client::Client;
use crate::control_plane::ControlPlane;
use crate::user::{User, unique};

const INSTANCE: &str = "app.kubernetes.io%2Finstance";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Names that no other test uses, and a user of its own, so that the audit log tells the tests apart.
///
/// When dropped it deletes the namespace, and the `ClusterRoles` and their bindings that carry the label
/// `app.kubernetes.io/instance=NAME`.
pub struct Scope<'a> {
    /// For `--name`: the instance's name.
    pub name: String,
    /// For `--namespace`; nobody has created it yet.
    pub namespace: String,
    /// A cluster administrator whom only this test uses.
    pub user: User,
    /// The cluster.
    pub cp: &'a ControlPlane,
}

impl Scope<'_> {
    /// The user's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.user.kubeconfig
    }

    /// A client of `testbed-admin`, whose requests do not count as the user's.
    pub fn admin(&self) -> &Client {
        self.cp.admin()
    }

    /// Creates the namespace as `testbed-admin`.
    pub fn create_namespace(&self) {
        let namespace = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace},
        });
        if let Err(failure) = self.admin().post("/api/v1/namespaces", &namespace) {
            panic!("{failure}");
        }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        // Best effort: whatever stays has a name that no other test uses, and ends with the control plane.
        for plural in ["clusterrolebindings", "clusterroles"] {
            let path = format!("{RBAC}/{plural}?labelSelector={INSTANCE}%3D{}", self.name);
            let _ = self.admin().delete(&path);
        }
        let _ = self
            .admin()
            .delete(&format!("/api/v1/namespaces/{}", self.namespace));
    }
}

impl ControlPlane {
    /// Fresh names and a fresh administrator for the test `test`.
    pub fn scope(&self, test: &str) -> Scope<'_> {
        let name = unique(test);
        Scope {
            namespace: format!("ns-{name}"),
            user: self.user(&format!("admin-{name}"), &["system:masters"]),
            name,
            cp: self,
        }
    }
}
