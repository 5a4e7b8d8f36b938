//! What was found out: as questions, as verdicts, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Demand, Demands, Granting, Level, Weight};
use crate::mask::scrub_all;
use crate::rbac::bindings::{Identity, Subject};
use crate::rbac::{Right, Scope};

/// Whose rights are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// As the authenticator names them.
    pub user: String,
    /// Who they are, where that is not the one who asks.
    pub other: Option<Identity>,
}

impl Caller {
    /// Whom a binding has to name.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::user(&self.user)
    }
}

/// What a namespace's Pod Security admission makes of a Pod template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The workload: `Job monitoring/monconf-apply`.
    pub workload: String,
    /// The level that the namespace enforces, where that is known.
    pub level: Option<Level>,
    /// Why its Pods are refused; empty where they are admitted or nobody knows.
    pub refused: Vec<String>,
    /// Why it is not known whether they are admitted.
    pub unknown: Option<String>,
    /// Whether the API server said so; else the fields were looked at.
    pub is_said: bool,
}

/// Everything that was found out about one command line.
#[derive(Clone, Debug, Default)]
pub struct Preflight {
    /// `monconf prometheus --apply`.
    pub command: String,
    /// What the roles for the caller are called.
    pub role: String,
    /// Context and address, where a cluster was asked.
    pub cluster: Option<(String, String)>,
    /// Whose rights they are, where that is known.
    pub caller: Option<Caller>,
    /// What is needed.
    pub demands: Demands,
    /// What the authorizers said to each question.
    pub answers: Option<BTreeMap<(Right, Scope), bool>>,
    /// What admission says.
    pub admissions: Vec<Admission>,
}

impl Preflight {
    /// Everything that is to be asked, each once.
    #[must_use]
    pub fn questions(&self) -> Vec<(Right, Scope)> {
        let rights = self.demands.rights.iter();
        let rights = rights.map(|demand| (demand.right.clone(), demand.scope.clone()));
        let granted = self.demands.grantings.iter().flat_map(Granting::questions);
        let all: BTreeSet<(Right, Scope)> = rights.chain(granted).collect();
        all.into_iter().collect()
    }

    /// Whether the caller may do something; `None` where nobody was asked.
    #[must_use]
    pub fn holds(&self, right: &Right, scope: &Scope) -> Option<bool> {
        let answers = self.answers.as_ref()?;
        answers.get(&(right.clone(), scope.clone())).copied()
    }

    /// Whether a need is met.
    #[must_use]
    pub fn meets(&self, demand: &Demand) -> Option<bool> {
        self.holds(&demand.right, &demand.scope)
    }

    /// The rights that are missing and without which the command fails.
    #[must_use]
    pub fn missing(&self) -> Vec<&Demand> {
        let rights = self.demands.rights.iter();
        rights
            .filter(|demand| demand.is_required() && self.meets(demand) == Some(false))
            .collect()
    }

    /// Of a role that is written or bound: the rights that the caller lacks; none where it may be done all the same.
    #[must_use]
    pub fn lacking<'a>(&self, granting: &'a Granting) -> Vec<&'a Right> {
        let ways = granting.ways_around();
        if ways
            .iter()
            .all(|(right, scope)| self.holds(right, scope) == Some(true))
        {
            return Vec::new();
        }
        let rights = granting.rights.iter().flatten();
        rights
            .filter(|right| self.holds(right, &granting.scope_of(right)) == Some(false))
            .collect()
    }

    /// How much is missing without which the command fails.
    #[must_use]
    pub fn count_missing(&self) -> usize {
        let grantings = self.demands.grantings.iter();
        let grantings = grantings.filter(|granting| granting.when.is_none());
        let of_roles: usize = grantings.map(|granting| self.lacking(granting).len()).sum();
        let refused = self.admissions.iter();
        let refused = refused.filter(|admission| !admission.refused.is_empty());
        self.missing().len() + of_roles + refused.count()
    }
}

/// As data: every need with what the authorizers say of it.
#[must_use]
pub fn report(preflight: &Preflight) -> Value {
    let rights = preflight.demands.rights.iter();
    let needs: Vec<Value> = rights.map(|demand| need(demand, preflight)).collect();
    let grantings = preflight.demands.grantings.iter();
    let grantings: Vec<Value> = grantings
        .map(|granting| granted(granting, preflight))
        .collect();
    let admissions = preflight.admissions.iter().map(|admission| {
        json!({
            "workload": admission.workload,
            "enforced": admission.level.map(Level::name),
            "refused": admission.refused,
            "unknown": admission.unknown,
            "saidByServer": admission.is_said,
        })
    });
    let mut report = json!({
        "command": preflight.command,
        "cluster": preflight.cluster.as_ref().map(|(context, server)| {
            json!({"context": context, "server": server})
        }),
        "identity": preflight.caller.as_ref().map(|caller| {
            json!({"user": caller.user, "kind": caller.subject().kind(), "name": caller.subject().name()})
        }),
        "needs": needs,
        "grants": grantings,
        "admission": admissions.collect::<Vec<_>>(),
        "notes": preflight.demands.notes,
        "missing": preflight.answers.is_some().then(|| preflight.count_missing()),
    });
    scrub_all(&mut report);
    report
}

fn need(demand: &Demand, preflight: &Preflight) -> Value {
    let mut need = demand.right.json();
    need["namespace"] = json!(namespace(&demand.scope));
    need["for"] = json!(demand.what);
    need["required"] = json!(demand.is_required());
    match &demand.weight {
        Weight::Required => {}
        Weight::Perhaps(when) => need["when"] = json!(when),
        Weight::Optional(lost) => need["without"] = json!(lost),
    }
    need["held"] = json!(preflight.meets(demand));
    need
}

fn granted(granting: &Granting, preflight: &Preflight) -> Value {
    let words =
        |rights: &Vec<Right>| -> Vec<String> { rights.iter().map(ToString::to_string).collect() };
    // What a role grants that may not be read is not known.
    let rights = granting.rights.as_ref().map(words);
    let lacking = preflight.lacking(granting);
    let ways: Vec<String> = granting
        .ways_around()
        .iter()
        .map(|(right, _)| right.to_string())
        .collect();
    json!({
        "role": granting.role.to_string(),
        "namespace": namespace(&granting.scope),
        "written": granting.is_written,
        "bound": granting.is_bound,
        "when": granting.when,
        "rights": rights,
        "missing": lacking.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "insteadOfHolding": ways,
    })
}

fn namespace(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Cluster => None,
        Scope::Namespace(namespace) => Some(namespace),
    }
}
