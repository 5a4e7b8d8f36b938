//! The roles that every API server makes, for manifests that bind them.

use super::Roles;

/// What is meant for binding by hand, as Kubernetes 1.35 makes it.
const DEFAULTS: &str = include_str!("defaults.yaml");

impl Roles {
    /// Adds each of `cluster-admin`, `admin`, `edit`, `view`, what they aggregate, and `system:kubelet-api-admin`, unless
    /// there is a ClusterRole of the name.
    pub fn add_defaults(&mut self) {
        let mut defaults = Self::default();
        for object in yaml::parse(DEFAULTS, "the default roles").unwrap_or_default() {
            // What is built in is well-formed; a test reads it.
            let _ = defaults.add(&object, None);
        }
        self.index.take();
        for (name, role) in defaults.defined {
            self.defined.entry(name).or_insert(role);
        }
    }
}
