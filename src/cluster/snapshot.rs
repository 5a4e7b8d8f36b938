//! What the cluster said, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::access::Grants;
use crate::mark::ClusterIdentity;
use crate::object::{Kind, ObjectRef};
use crate::rbac::Rule;
use crate::reads::ALWAYS_THERE;
use crate::render::Operators;
use crate::spec::Spec;
use crate::token::KeySet;

/// What the cluster said.
pub struct Snapshot {
    /// Who the API server says we are.
    pub user: Option<String>,
    /// Which cluster it is, as far as it is known.
    pub cluster: ClusterIdentity,
    /// The API server's clock, or ours where it does not tell.
    pub now: Timestamp,
    /// The objects of this instance's names that exist, and its monitors of other names.
    pub objects: BTreeMap<ObjectRef, Value>,
    /// The objects of operators that may select ours.
    pub operators: Operators,
    /// The kinds of operators that the cluster serves.
    pub served: Vec<Kind>,
    /// Of the monitor kinds of the jobs, those whose CRD is not known to be of the version that monconf knows.
    pub unfamiliar: BTreeSet<Kind>,
    /// The CA of the cluster's own certificates, PEM; only certificates that verify the API server that was asked.
    pub root_ca: Option<String>,
    /// Why the CA that the cluster publishes is not used.
    pub root_ca_fault: Option<String>,
    /// What is doubtful about the CA that the cluster publishes.
    pub root_ca_warning: Option<String>,
    /// The keys that tokens are signed with.
    pub keys: Option<KeySet>,
    /// Every rule that the caller holds in each namespace that was asked about, where the API server knows them all.
    /// Those that hold in the whole cluster are in each of the lists.
    pub held: BTreeMap<String, Vec<Rule>>,
    /// What could not be read and is not indispensable.
    pub warnings: Vec<String>,
}

impl Snapshot {
    /// Monitors and Secrets of this instance that exist, as [`ObjectRef`]s.
    #[must_use]
    pub fn existing(&self, kind: Kind) -> Vec<ObjectRef> {
        self.objects
            .keys()
            .filter(|reference| reference.kind == kind)
            .cloned()
            .collect()
    }

    /// The Secret of that name in the instance's namespace.
    #[must_use]
    pub fn secret(&self, spec: &Spec, name: &str) -> Option<&Value> {
        self.objects.get(&ObjectRef::namespaced(
            Kind::Secret,
            &spec.names.namespace,
            name,
        ))
    }

    /// The labels of the namespace, or those that every new one gets.
    #[must_use]
    pub fn namespace_labels(&self, spec: &Spec) -> BTreeMap<String, String> {
        let name = &spec.names.namespace;
        let live = self.objects.get(&ObjectRef::cluster(Kind::Namespace, name));
        let labels = live.and_then(|live| live["metadata"]["labels"].as_object());
        match labels {
            Some(labels) => labels
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
            None => [("kubernetes.io/metadata.name".to_owned(), name.clone())].into(),
        }
    }

    /// Namespaces that roles or jobs are wanted in and that do not exist; the instance's own is made.
    #[must_use]
    pub fn missing_namespaces(&self, spec: &Spec, grants: &Grants) -> BTreeSet<String> {
        let exists = |namespace: &String| {
            let object = ObjectRef::cluster(Kind::Namespace, namespace);
            ALWAYS_THERE.contains(&namespace.as_str())
                || *namespace == spec.names.namespace
                || self.objects.contains_key(&object)
        };
        if spec.existing_access {
            return BTreeSet::new();
        }
        let roles = grants.namespaces.keys().cloned();
        let wanted = roles.chain(spec.key_namespace());
        wanted.filter(|namespace| !exists(namespace)).collect()
    }

    /// Whether the cluster serves every kind that the jobs need in operator format.
    #[must_use]
    pub fn serves(&self, spec: &Spec) -> bool {
        self.not_served(spec).is_empty()
    }

    /// The kinds that the jobs need and the cluster does not serve.
    #[must_use]
    pub fn not_served(&self, spec: &Spec) -> Vec<Kind> {
        let mut kinds = spec.operator_kinds();
        kinds.retain(|kind| !self.served.contains(kind));
        kinds
    }
}
