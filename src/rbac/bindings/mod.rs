//! Who holds which rules: roles, what they aggregate, and their bindings.

mod defaults;
mod index;
mod parse;
mod selector;
mod subject;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use index::Index;
pub use parse::{Malformed, Source};
use selector::Selector;
pub use subject::{Identity, Subject};

use super::{Right, Rule, Scope};

/// Every role and binding of a cluster, or of some manifests.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    defined: BTreeMap<Name, Role>,
    bindings: BTreeMap<Name, Binding>,
    /// What was added again under the same name.
    replaced: Vec<Name>,
    /// What is asked again and again in large clusters; forgotten when something is added.
    index: OnceLock<Index>,
}

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// `Role`, `ClusterRole`, `RoleBinding` or `ClusterRoleBinding`.
    pub kind: &'static str,
    /// Its namespace, `None` for the kinds that have none.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

/// `ClusterRole prometheus`, `Role monitoring/prometheus`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A Role or ClusterRole.
#[derive(Clone, Debug)]
pub struct Role {
    /// Which.
    pub name: Name,
    /// Its labels.
    pub labels: Map<String, Value>,
    /// The rules that stand in it.
    pub rules: Vec<Rule>,
    /// Where it stands, unless it comes from a cluster.
    pub source: Option<Source>,
    /// The rules of every ClusterRole that one of these selects are its own too.
    aggregates: Vec<Selector>,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Which.
    pub name: Name,
    /// Its labels.
    pub labels: Map<String, Value>,
    /// The role that it binds.
    pub role: Name,
    /// Whom it binds it to.
    pub subjects: Vec<Subject>,
    /// Where it stands, unless it comes from a cluster.
    pub source: Option<Source>,
}

/// A rule that somebody holds.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Where it holds.
    pub scope: Scope,
    /// The role that it stands in; not the bound one where that aggregates it.
    pub role: &'a Role,
    /// Which of the role's rules, counted from 0.
    pub index: usize,
    /// What binds it.
    pub binding: &'a Binding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoleKind {
    Role,
    ClusterRole,
}

impl RoleKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::ClusterRole => "ClusterRole",
        }
    }

    const fn binding(self) -> &'static str {
        match self {
            Self::Role => "RoleBinding",
            Self::ClusterRole => "ClusterRoleBinding",
        }
    }
}

/// What the API server puts on the roles and bindings that it makes itself.
const BOOTSTRAPPING: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

impl Role {
    /// Whether the API server makes it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.labels.get(BOOTSTRAPPING.0).and_then(Value::as_str) == Some(BOOTSTRAPPING.1)
    }
}

impl Binding {
    /// Whether the API server makes it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.labels.get(BOOTSTRAPPING.0).and_then(Value::as_str) == Some(BOOTSTRAPPING.1)
    }

    /// Where what it binds holds.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match &self.name.namespace {
            Some(namespace) => Scope::Namespace(namespace.clone()),
            None => Scope::Cluster,
        }
    }
}

impl Held<'_> {
    /// Whether this rule, where it holds, allows `right` there.
    #[must_use]
    pub fn allows(&self, right: &Right, there: &Scope) -> bool {
        let reaches = match (&self.scope, there) {
            (Scope::Cluster, _) => true,
            (Scope::Namespace(_), Scope::Cluster) => false,
            (Scope::Namespace(held), Scope::Namespace(wanted)) => {
                held == wanted && !needs_cluster(right)
            }
        };
        reaches && self.rule.allows(right)
    }
}

impl Roles {
    /// Every binding, in order.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.values()
    }

    /// How many roles and bindings there are.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        (self.defined.len(), self.bindings.len())
    }

    /// The bound roles that are not there, each once.
    #[must_use]
    pub fn unknown(&self) -> Vec<&Name> {
        let bound = self.bindings.values().map(|binding| &binding.role);
        let unknown: BTreeSet<&Name> = bound
            .filter(|name| !self.defined.contains_key(*name))
            .collect();
        unknown.into_iter().collect()
    }

    /// What was added more than once under the same name: the last one holds.
    #[must_use]
    pub fn replaced(&self) -> &[Name] {
        &self.replaced
    }

    /// Roles that no binding gives to anybody, neither by name nor through a role that aggregates them.
    #[must_use]
    pub fn unbound(&self) -> Vec<&Name> {
        let named = self.bindings.values().map(|binding| &binding.role);
        let given = named.clone().flat_map(|role| self.rules(role));
        let given = given.map(|(role, ..)| &role.name);
        let bound: BTreeSet<&Name> = named.chain(given).collect();
        let all = self.defined.keys();
        all.filter(|name| !bound.contains(name)).collect()
    }

    /// Every role that has a rule for `right`, of its own or of a role that it aggregates.
    #[must_use]
    pub fn granting(&self, right: &Right) -> Vec<&Name> {
        let allows = |name: &&Name| self.rules(name).iter().any(|(.., rule)| rule.allows(right));
        self.defined.keys().filter(allows).collect()
    }

    /// Whether the API server makes the role of that name.
    #[must_use]
    pub fn is_default(&self, role: &Name) -> bool {
        self.defined.get(role).is_some_and(Role::is_default)
    }

    /// The rules that `binding` gives to its subjects. None of what a RoleBinding cannot give: paths, and what has no
    /// namespace.
    #[must_use]
    pub fn given<'a>(&'a self, binding: &'a Binding) -> Vec<Held<'a>> {
        let scope = binding.scope();
        let rules = self.rules(&binding.role);
        rules
            .into_iter()
            .filter(|(_, _, rule)| scope == Scope::Cluster || works_in_namespace(rule))
            .map(|(role, index, rule)| Held {
                rule,
                scope: scope.clone(),
                role,
                index,
                binding,
            })
            .collect()
    }

    /// Every rule that `identity` holds, through whatever binding.
    #[must_use]
    pub fn held(&self, identity: &Identity) -> Vec<Held<'_>> {
        let index = self.index();
        let subjects = identity.subjects();
        let names = subjects
            .iter()
            .filter_map(|subject| index.bindings.get(subject));
        let names: BTreeSet<&Name> = names.flatten().collect();
        let bindings = names.into_iter().filter_map(|name| self.bindings.get(name));
        bindings.flat_map(|binding| self.given(binding)).collect()
    }

    /// Whether `identity` may do it, as RBAC decides.
    #[must_use]
    pub fn allows(&self, identity: &Identity, right: &Right, there: &Scope) -> bool {
        self.held(identity)
            .iter()
            .any(|held| held.allows(right, there))
    }
}

fn works_in_namespace(rule: &Rule) -> bool {
    let groups = || rule.api_groups.iter();
    let resources = rule.resources.iter();
    resources
        .flat_map(|resource| groups().map(move |group| (group, resource)))
        .any(|(group, resource)| {
            let bind = rule
                .verbs
                .iter()
                .any(|verb| is_delegated(verb, group, resource));
            bind || !is_cluster_scoped(group, resource)
        })
}

/// Whoever writes a RoleBinding to a ClusterRole is asked for `bind` in the namespace of the binding
/// (`pkg/registry/rbac/escalation_check.go` of Kubernetes).
fn is_delegated(verb: &str, group: &str, resource: &str) -> bool {
    matches!(verb, "bind" | "*")
        && group == "rbac.authorization.k8s.io"
        && resource == "clusterroles"
}

fn needs_cluster(right: &Right) -> bool {
    match right {
        Right::Url { .. } => true,
        Right::Resource {
            group,
            resource,
            verb,
            ..
        } => !is_delegated(verb, group, resource) && is_cluster_scoped(group, resource),
    }
}

/// The resources without a namespace that rights worth a finding, or needed by a job, are about. Not `namespaces`: a
/// request about one is authorized in it.
fn is_cluster_scoped(group: &str, resource: &str) -> bool {
    let resource = resource.split_once('/').map_or(resource, |(of, _)| of);
    matches!(
        (group, resource),
        ("", "nodes" | "persistentvolumes" | "users" | "groups")
            | (
                "rbac.authorization.k8s.io",
                "clusterroles" | "clusterrolebindings"
            )
            | (
                "certificates.k8s.io",
                "certificatesigningrequests" | "signers"
            )
    )
}
