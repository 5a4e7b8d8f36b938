//! The single rights that RBAC's rules consist of.

use std::fmt;

use serde_json::{Value, json};

/// One verb on one resource or one non-resource URL: the smallest thing that can be granted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// A verb on a resource, `nodes/metrics` for a subresource.
    Resource {
        /// The API group, empty for the core group.
        group: String,
        /// The resource, with `/subresource` if it is one.
        resource: String,
        /// `get`, `list`, …
        verb: String,
        /// The one object that it is about; every object of the kind where there is none.
        name: Option<String>,
    },
    /// A verb on a path of the API server that is not a resource.
    Url {
        /// The path, for example `/metrics`.
        path: String,
        /// `get`.
        verb: String,
    },
}

impl Right {
    /// `verb` on every object of a resource.
    #[must_use]
    pub fn resource(group: &str, resource: &str, verb: &str) -> Self {
        Self::Resource {
            group: group.to_owned(),
            resource: resource.to_owned(),
            verb: verb.to_owned(),
            name: None,
        }
    }

    /// The same right on one object only.
    #[must_use]
    pub fn named(mut self, only: &str) -> Self {
        if let Self::Resource { name, .. } = &mut self {
            *name = Some(only.to_owned());
        }
        self
    }

    /// The same right on every object of the kind.
    #[must_use]
    pub fn of_every_object(&self) -> Self {
        let mut right = self.clone();
        if let Self::Resource { name, .. } = &mut right {
            *name = None;
        }
        right
    }

    /// `get`, `list`, …
    #[must_use]
    pub fn verb(&self) -> &str {
        match self {
            Self::Resource { verb, .. } | Self::Url { verb, .. } => verb,
        }
    }

    /// As data: the fields of a rule that has one verb.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Resource {
                group,
                resource,
                verb,
                name,
            } => {
                json!({"verb": verb, "apiGroup": group, "resource": resource, "resourceName": name})
            }
            Self::Url { path, verb } => json!({"verb": verb, "nonResourceURL": path}),
        }
    }

    /// `get` of a path.
    #[must_use]
    pub fn get_url(path: &str) -> Self {
        Self::Url {
            path: path.to_owned(),
            verb: "get".to_owned(),
        }
    }
}

/// `get nodes/metrics`, `list endpointslices.discovery.k8s.io`, `get nodes/proxy node-1`, `get /metrics`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (group, resource, verb, name) = match self {
            Self::Url { path, verb } => return write!(f, "{verb} {path}"),
            Self::Resource {
                group,
                resource,
                verb,
                name,
            } => (group, resource, verb, name),
        };
        write!(f, "{verb} {}", in_group(resource, group))?;
        match name {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

/// A resource as kubectl writes it: `nodes/metrics`, `endpointslices.discovery.k8s.io`, `deployments.apps/scale`.
pub(super) fn in_group(resource: &str, group: &str) -> String {
    match (resource.split_once('/'), group) {
        (_, "") => resource.to_owned(),
        (None, _) => format!("{resource}.{group}"),
        (Some((resource, sub)), _) => format!("{resource}.{group}/{sub}"),
    }
}

/// Where a right is needed, and so where it has to be granted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// In the whole cluster: a ClusterRole with a ClusterRoleBinding.
    Cluster,
    /// In one namespace: a Role with a RoleBinding, or the same right in the whole cluster.
    Namespace(String),
}
