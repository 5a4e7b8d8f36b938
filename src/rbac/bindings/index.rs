//! The rules of aggregated roles, and the bindings to each subject.

use std::collections::{BTreeMap, BTreeSet};

use super::{Name, Role, RoleKind, Roles, Subject};
use crate::rbac::Rule;

/// What is asked again and again in large clusters, found once.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// The rules of each role that aggregates others: in which role each stands, and where there.
    pub(super) aggregated: BTreeMap<Name, Vec<(Name, usize)>>,
    /// The bindings to each subject.
    pub(super) bindings: BTreeMap<Subject, Vec<Name>>,
}

impl Roles {
    /// The rules of a role, with the role that each stands in.
    pub(super) fn rules(&self, name: &Name) -> Vec<(&Role, usize, &Rule)> {
        if let Some(places) = self.index().aggregated.get(name) {
            let rules = places.iter().filter_map(|(name, index)| {
                let role = self.defined.get(name)?;
                Some((role, *index, role.rules.get(*index)?))
            });
            return rules.collect();
        }
        let Some(role) = self.defined.get(name) else {
            return Vec::new();
        };
        let rules = role.rules.iter().enumerate();
        rules.map(|(index, rule)| (role, index, rule)).collect()
    }

    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let aggregating = self
                .defined
                .values()
                .filter(|role| !role.aggregates.is_empty());
            let aggregated = aggregating.map(|role| {
                let mut rules = Vec::new();
                self.collect(&role.name, &mut rules, &mut BTreeSet::new());
                let places = rules
                    .into_iter()
                    .map(|(role, index, _)| (role.name.clone(), index));
                (role.name.clone(), places.collect())
            });
            let mut bindings: BTreeMap<Subject, Vec<Name>> = BTreeMap::new();
            for binding in self.bindings.values() {
                for subject in &binding.subjects {
                    let names = bindings.entry(subject.clone()).or_default();
                    names.push(binding.name.clone());
                }
            }
            Index {
                aggregated: aggregated.collect(),
                bindings,
            }
        })
    }

    /// First what is aggregated, then what is written: in a cluster the controller has written the former into the
    /// role, and who wants to change it has to change it where it comes from.
    fn collect<'a>(
        &'a self,
        name: &Name,
        rules: &mut Vec<(&'a Role, usize, &'a Rule)>,
        seen: &mut BTreeSet<Name>,
    ) {
        let Some(role) = self.defined.get(name) else {
            return;
        };
        if !seen.insert(name.clone()) {
            return;
        }
        let begin = rules.len();
        if !role.aggregates.is_empty() {
            let selected = self.defined.values().filter(|other| {
                other.name.kind == RoleKind::ClusterRole.name()
                    && role.aggregates.iter().any(|by| by.selects(&other.labels))
            });
            for other in selected {
                self.collect(&other.name, rules, seen);
            }
        }
        for (index, rule) in role.rules.iter().enumerate() {
            if !rules[begin..].iter().any(|(_, _, other)| *other == rule) {
                rules.push((role, index, rule));
            }
        }
    }
}
