//! A role that is written or bound: its author has to hold what it grants.

use crate::object::{Kind, ObjectRef};
use crate::rbac::{Right, Scope};

/// A role that the caller makes or changes, or binds somebody to. The API server refuses that to whoever does not hold
/// every right of it (`pkg/registry/rbac/clusterrole/policybased` and its siblings in Kubernetes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granting {
    /// The role.
    pub role: ObjectRef,
    /// Every single right that it grants; `None` where the role is somebody else's and not known.
    pub rights: Option<Vec<Right>>,
    /// Where they are granted.
    pub scope: Scope,
    /// Whether the role itself is written: `escalate` on it is the way around.
    pub is_written: bool,
    /// Whether somebody is bound to it: `bind` on it is the way around.
    pub is_bound: bool,
    /// When that is, where the command can succeed without it.
    pub when: Option<String>,
}

impl Granting {
    /// What allows it to whoever does not hold the rights: all of these.
    #[must_use]
    pub fn ways_around(&self) -> Vec<(Right, Scope)> {
        let verbs = [("escalate", self.is_written), ("bind", self.is_bound)];
        let verbs = verbs.into_iter().filter(|(_, is_asked)| *is_asked);
        verbs
            .map(|(verb, _)| {
                let right = Right::resource(self.role.kind.group(), self.role.kind.plural(), verb);
                let right = right.named(&self.role.name);
                // A ClusterRole that is bound in a namespace is asked about there.
                let scope = match self.role.kind {
                    Kind::Role => self.scope.clone(),
                    _ if verb == "bind" => self.scope.clone(),
                    _ => Scope::Cluster,
                };
                (right, scope)
            })
            .collect()
    }

    /// Where one of its rights has to be held. A path is of no namespace: it is held in the whole cluster, or not at all.
    #[must_use]
    pub fn scope_of(&self, right: &Right) -> Scope {
        match right {
            Right::Url { .. } => Scope::Cluster,
            Right::Resource { .. } => self.scope.clone(),
        }
    }

    /// The rights that it takes to hold.
    #[must_use]
    pub fn held(&self) -> Vec<(Right, Scope)> {
        let rights = self.rights.iter().flatten();
        rights
            .map(|right| (right.clone(), self.scope_of(right)))
            .collect()
    }

    /// Everything that is to be asked about it.
    #[must_use]
    pub fn questions(&self) -> Vec<(Right, Scope)> {
        let held = self.held().into_iter();
        held.chain(self.ways_around()).collect()
    }

    /// Why the rights are held, as a comment.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("held, because {} grants it", self.role)
    }
}
