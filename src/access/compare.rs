//! What an identity may do against what it needs to.

use super::Need;
use crate::rbac::audit::dangers;
use crate::rbac::bindings::{Held, Identity, Roles};
use crate::rbac::{Right, Rule, Scope};

/// What an identity lacks, and what it has for nothing.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// Needed and not held.
    pub missing: Vec<Need>,
    /// Held and not needed, by rule.
    pub surplus: Vec<Surplus<'a>>,
}

/// What of one rule nobody needs.
#[derive(Clone, Debug)]
pub struct Surplus<'a> {
    /// The rule, and how it is held.
    pub held: Held<'a>,
    /// Its rights that no job needs.
    pub unneeded: Vec<Right>,
    /// Its rights that jobs need in part: they allow other resources, verbs, objects or namespaces too.
    pub wider: Vec<Right>,
}

impl Surplus<'_> {
    /// The checks of the audit that one of its rights fails by itself.
    #[must_use]
    pub fn dangers_of(&self, right: &Right) -> Vec<&'static str> {
        dangers(&Held {
            rule: &Rule::of(right),
            ..self.held.clone()
        })
    }
}

impl Comparison<'_> {
    /// Whether what is held is what is needed.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty()
    }
}

/// The default roles that everybody holds who can log in, or talk to the API server at all.
const EVERYBODYS: [&str; 4] = [
    "system:basic-user",
    "system:discovery",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
];

/// Compares `needs` with everything that `identity` holds. Rights that every identity of the cluster holds by default
/// are no surplus, but they fill a need.
#[must_use]
pub fn compare<'a>(roles: &'a Roles, identity: &Identity, needs: &[Need]) -> Comparison<'a> {
    let held = roles.held(identity);
    let is_met = |need: &&Need| {
        held.iter()
            .any(|held| held.allows(&need.right, &need.scope))
    };
    let missing = needs.iter().filter(|need| !is_met(need)).cloned().collect();
    let surplus = held
        .iter()
        .filter(|held| !is_everybodys(held))
        .map(|held| surplus(held, needs))
        .filter(|surplus| !surplus.unneeded.is_empty() || !surplus.wider.is_empty())
        .collect();
    Comparison { missing, surplus }
}

fn is_everybodys(held: &Held<'_>) -> bool {
    let binding = held.binding;
    binding.is_default()
        && held.scope == Scope::Cluster
        && EVERYBODYS.contains(&binding.role.name.as_str())
}

fn surplus<'a>(held: &Held<'a>, needs: &[Need]) -> Surplus<'a> {
    let mut surplus = Surplus {
        held: held.clone(),
        unneeded: Vec::new(),
        wider: Vec::new(),
    };
    for right in held.rule.rights() {
        let alone = Rule::of(&right);
        let mut used = needs
            .iter()
            .filter(|need| alone.allows(&need.right) && held.allows(&need.right, &need.scope))
            .peekable();
        if used.peek().is_none() {
            surplus.unneeded.push(right);
        } else if !used.any(|need| need.right == right && need.scope == held.scope) {
            surplus.wider.push(right);
        }
    }
    surplus
}
