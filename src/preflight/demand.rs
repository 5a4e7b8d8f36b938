//! One right that a caller needs, and all of them.

use std::collections::BTreeSet;

use super::Granting;
use crate::object::{Kind, ObjectRef};
use crate::rbac::{Right, Scope};

/// A right that the caller of a command needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The right.
    pub right: Right,
    /// Where it is needed.
    pub scope: Scope,
    /// What it is about: `the token`, `the jobs`.
    pub what: String,
    /// How much depends on it.
    pub weight: Weight,
}

/// How much depends on a right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Without it the command fails.
    Required,
    /// Whether it is needed cannot be seen; when it is.
    Perhaps(String),
    /// Without it something is left out; what.
    Optional(String),
}

impl Demand {
    /// A right without which the command fails.
    #[must_use]
    pub fn required(right: Right, scope: Scope, what: &str) -> Self {
        Self {
            right,
            scope,
            what: what.to_owned(),
            weight: Weight::Required,
        }
    }

    /// Without it something is left out: `lost`.
    #[must_use]
    pub fn optional(right: Right, scope: Scope, what: &str, lost: &str) -> Self {
        Self {
            weight: Weight::Optional(lost.to_owned()),
            ..Self::required(right, scope, what)
        }
    }

    /// A verb on one object.
    #[must_use]
    pub fn on(object: &ObjectRef, verb: &str, what: &str) -> Self {
        let right = Right::resource(object.kind.group(), object.kind.plural(), verb);
        Self::required(right.named(&object.name), scope_of(object), what)
    }

    /// Whether the command fails without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.weight == Weight::Required
    }

    /// Whether it gives every Secret of a namespace away, with what is in it: only metadata is looked at, but RBAC knows
    /// no difference.
    #[must_use]
    pub fn opens_secrets(&self) -> bool {
        let Right::Resource {
            group,
            resource,
            verb,
            name,
        } = &self.right
        else {
            return false;
        };
        let reads = ["get", "list", "watch"].contains(&verb.as_str());
        group.is_empty() && resource == "secrets" && reads && name.is_none()
    }

    fn rank(&self) -> u8 {
        match self.weight {
            Weight::Required => 0,
            Weight::Perhaps(_) => 1,
            Weight::Optional(_) => 2,
        }
    }
}

/// Where an object is, for the authorizer.
#[must_use]
pub fn scope_of(object: &ObjectRef) -> Scope {
    match &object.namespace {
        Some(namespace) => Scope::Namespace(namespace.clone()),
        None => Scope::Cluster,
    }
}

/// Everything that a caller needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Single rights, each once.
    pub rights: Vec<Demand>,
    /// Roles that the caller makes or changes, or binds somebody to.
    pub grantings: Vec<Granting>,
    /// Namespaces that have to be made first, or may have to be.
    pub namespaces: BTreeSet<String>,
    /// Sentences about what is not known.
    pub notes: Vec<String>,
}

impl Demands {
    /// Adds a right; of the same right twice the weightier stays.
    pub fn add(&mut self, demand: Demand) {
        let same = self
            .rights
            .iter_mut()
            .find(|known| known.right == demand.right && known.scope == demand.scope);
        match same {
            Some(known) if demand.rank() < known.rank() => *known = demand,
            Some(_) => {}
            None => self.rights.push(demand),
        }
    }

    /// Adds several.
    pub fn extend(&mut self, demands: impl IntoIterator<Item = Demand>) {
        demands.into_iter().for_each(|demand| self.add(demand));
    }

    /// Adds everything of another command.
    pub fn join(&mut self, other: Self) {
        self.extend(other.rights);
        self.namespaces.extend(other.namespaces);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        for granting in other.grantings {
            if !self.grantings.contains(&granting) {
                self.grantings.push(granting);
            }
        }
    }

    /// Whoever needs something in the whole cluster has it in each namespace.
    pub(super) fn cover(&mut self) {
        let everywhere: Vec<Right> = self
            .rights
            .iter()
            .filter(|demand| demand.scope == Scope::Cluster && demand.is_required())
            .map(|demand| demand.right.clone())
            .collect();
        self.rights
            .retain(|demand| demand.scope == Scope::Cluster || !everywhere.contains(&demand.right));
    }

    /// A Namespace is in itself, and a role there may be about it. Whoever leaves access to somebody else finds the
    /// Namespace made.
    pub(super) fn confine(&mut self) {
        for demand in &mut self.rights {
            if let Right::Resource {
                resource,
                name: Some(name),
                ..
            } = &demand.right
                && resource == Kind::Namespace.plural()
            {
                demand.scope = Scope::Namespace(name.clone());
            }
        }
    }
}
