//! The roles that every API server makes, for manifests that bind them.

use super::Roles;
use crate::yaml;

/// The ClusterRoles that are meant for binding by hand, as Kubernetes 1.35 makes them.
const DEFAULTS: &str = include_str!("defaults.yaml");

impl Roles {
    /// Adds the default ClusterRoles `cluster-admin`, `admin`, `edit`, `view` and `system:kubelet-api-admin`, where
    /// there is none of the name.
    pub fn add_defaults(&mut self) {
        let mut defaults = Self::default();
        for object in yaml::parse(DEFAULTS, "the default roles").unwrap_or_default() {
            // What is built in is well-formed; a test reads it.
            let _ = defaults.add(&object, None);
        }
        for (name, role) in defaults.roles {
            self.roles.entry(name).or_insert(role);
        }
    }
}
