//! Who selects the monitors, and so receives the token: what the plan says of it, and what keeps it from being applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::object::{Kind, ObjectRef};
use crate::plan::{Blocker, Candidate, Unselected};
use crate::render::{Desired, Operators, Receiver, receivers};
use crate::spec::{Consumer, Form, Spec};

/// What follows for the plan.
#[derive(Default)]
pub(super) struct Selecting {
    /// The objects into whose namespaces an operator copies the token.
    pub(super) receivers: Vec<Receiver>,
    /// What is not settled.
    pub(super) blockers: Vec<Blocker>,
    /// What cannot be prevented.
    pub(super) warnings: Vec<String>,
}

/// Looks at every object that was read; `live` are the objects that exist.
pub(super) fn selecting(
    spec: &Spec,
    form: &Form,
    desired: &Desired,
    operators: &Operators,
    namespace_labels: &BTreeMap<String, String>,
    live: &BTreeMap<ObjectRef, Value>,
) -> Selecting {
    if !matches!(form, Form::Operator | Form::Agent { .. }) {
        return Selecting::default();
    }
    let looked = Looked {
        spec,
        operators,
        namespace_labels,
        kinds: kinds(desired),
        agents: agents(desired),
    };
    let receivers = receivers(desired, spec, operators, namespace_labels, live);
    let mut unsettled: Vec<Unselected> = looked.absent().into_iter().collect();
    if *form == Form::Operator {
        unsettled.extend(looked.conflicts());
        if unsettled.is_empty() {
            unsettled.extend(looked.elsewhere());
        }
    }
    let (known, new): (Vec<Receiver>, Vec<Receiver>) = receivers
        .iter()
        .filter(|receiver| !receiver.is_meant)
        .cloned()
        .partition(|receiver| receiver.receives_already);
    if unsettled.is_empty() && !new.is_empty() {
        let meant = receivers.iter().filter(|receiver| receiver.is_meant);
        unsettled.push(Unselected::Uninvited {
            meant: meant.map(|receiver| receiver.place.clone()).collect(),
            receivers: new,
        });
    }
    let blockers = unsettled.into_iter().map(Box::new);
    Selecting {
        blockers: blockers.map(Blocker::Unselected).collect(),
        warnings: known.iter().map(uninvited).collect(),
        receivers,
    }
}

fn uninvited(receiver: &Receiver) -> String {
    format!(
        "{} selects the monitors and is not meant to: its operator copies the token into namespace {}. No label of a monitor prevents that: have its owner narrow its namespace selectors, then rotate the token with `monconf rotate --apply --overlap 0s`; or accept it with --selected-by {}",
        receiver.who, receiver.namespace, receiver.place
    )
}

/// The kinds that are written and that a Prometheus selects.
fn kinds(desired: &Desired) -> BTreeSet<Kind> {
    let kinds = desired.objects.iter().map(|object| object.reference.kind);
    kinds
        .filter(|kind| Kind::MONITORS.contains(kind) || *kind == Kind::PrometheusRule)
        .collect()
}

/// Namespace and name of each GrafanaAgent that is written.
fn agents(desired: &Desired) -> BTreeSet<String> {
    let written = desired.objects.iter().map(|object| &object.reference);
    written
        .filter(|object| object.kind == Kind::GrafanaAgent)
        .map(|object| {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            format!("{namespace}/{}", object.name)
        })
        .collect()
}

struct Looked<'a> {
    spec: &'a Spec,
    operators: &'a Operators,
    namespace_labels: &'a BTreeMap<String, String>,
    kinds: BTreeSet<Kind>,
    /// Namespace and name of each GrafanaAgent that is written.
    agents: BTreeSet<String>,
}

impl Looked<'_> {
    fn conflicts(&self) -> Vec<Unselected> {
        let conflict = |&kind: &Kind| {
            let selection = self
                .operators
                .selection(kind, self.spec, self.namespace_labels);
            let conflict = selection.conflict?;
            Some(Unselected::Conflict { kind, conflict })
        };
        self.kinds.iter().filter_map(conflict).collect()
    }

    /// Where nothing in the instance's namespace selects a monitor: what could elsewhere.
    fn elsewhere(&self) -> Option<Unselected> {
        let is_selected = |&kind: &Kind| {
            let selection = self
                .operators
                .selection(kind, self.spec, self.namespace_labels);
            !selection.selected_by.is_empty()
        };
        let candidates = self.candidates();
        let is_settled = !self.spec.selected_by.is_empty() || self.monitors().any(is_selected);
        if is_settled || candidates.is_empty() {
            return None;
        }
        Some(Unselected::Elsewhere {
            namespace: self.spec.names.namespace.clone(),
            candidates,
        })
    }

    /// Rules name no token.
    fn monitors(&self) -> impl Iterator<Item = &Kind> {
        let kinds = self.kinds.iter();
        kinds.filter(|kind| Kind::MONITORS.contains(kind))
    }

    /// What is not meant to select the monitors and could.
    fn candidates(&self) -> Vec<Candidate> {
        let each = self.monitors().flat_map(|&kind| {
            self.operators
                .elsewhere(kind, self.spec, self.namespace_labels)
        });
        let able = each.filter(|(_, selection)| !selection.selected_by.is_empty());
        let found: BTreeSet<Candidate> = able
            .map(|(selector, _)| Candidate {
                who: selector.to_string(),
                place: selector.location(),
            })
            .collect();
        found.into_iter().collect()
    }

    /// What is named and does not exist, where everything that could exist was read.
    fn absent(&self) -> Option<Unselected> {
        let operators = self.operators;
        let of_prometheus = [&operators.prometheuses, &operators.prometheus_agents];
        // Without monitors a plan for Grafana Agent reads its own kinds alone.
        let is_optional = self.spec.names.consumer == Consumer::GrafanaAgent;
        let mut existing = self.agents.clone();
        for objects in of_prometheus.into_iter().chain([&operators.grafana_agents]) {
            if objects.is_none() && is_optional {
                continue;
            }
            for object in objects.as_ref()? {
                let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
                existing.insert(format!("{}/{}", text("namespace"), text("name")));
            }
        }
        let named = self.spec.selected_by.iter().map(ToString::to_string);
        let named: Vec<String> = named.filter(|place| !existing.contains(place)).collect();
        (!named.is_empty()).then(|| Unselected::Absent {
            named,
            candidates: self.candidates(),
        })
    }
}
