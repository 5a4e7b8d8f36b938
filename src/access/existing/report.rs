//! Explanations for programs.

use serde_json::{Value, json};

use super::Place;
use super::explanation::{Explanation, Reason, Unproven, by_identity, dangers};
use crate::access::Grants;
use crate::mask::Masker;
use crate::rbac::{Right, Rule, Scope};

/// Jobs with their needs, and for each identity the rules that grant them.
#[must_use]
pub fn report(explanations: &[Explanation]) -> Value {
    let identities = by_identity(explanations);
    let identities = identities.iter().map(|(identity, needs)| {
        let grants = Grants::of(needs);
        let namespaces = grants.namespaces.iter();
        json!({
            "identity": identity.to_string(),
            "clusterRules": rules(&grants.cluster),
            "namespaces": namespaces
                .map(|(namespace, of)| (namespace.clone(), rules(of)))
                .collect::<serde_json::Map<_, _>>(),
        })
    });
    let report = json!({
        "jobs": explanations.iter().map(job).collect::<Vec<_>>(),
        "identities": identities.collect::<Vec<_>>(),
        "dangers": dangers(explanations),
    });
    Masker::default().object(&report)
}

fn job(explanation: &Explanation) -> Value {
    json!({
        "job": explanation.job,
        "place": place(explanation.place.as_ref()),
        "needs": explanation.needs.iter().map(need).collect::<Vec<_>>(),
        "free": explanation.free,
        "unproven": explanation.unproven.iter().map(unproven).collect::<Vec<_>>(),
        "remarks": explanation.remarks,
    })
}

fn need(reason: &Reason) -> Value {
    let mut need = reason.right.json();
    need["namespace"] = match &reason.scope {
        Scope::Cluster => Value::Null,
        Scope::Namespace(namespace) => namespace.as_str().into(),
    };
    need["identity"] = reason.identity.to_string().into();
    need["why"] = reason.why.as_str().into();
    need["place"] = place(reason.place.as_ref());
    need
}

fn unproven(open: &Unproven) -> Value {
    json!({
        "why": open.why,
        "maybe": open.maybe.iter().map(Right::json).collect::<Vec<_>>(),
        "identity": open.identity.to_string(),
    })
}

fn place(place: Option<&Place>) -> Value {
    place.map_or(
        Value::Null,
        |place| json!({"file": place.file, "line": place.line}),
    )
}

fn rules(rules: &[Rule]) -> Value {
    let rule = |rule: &Rule| {
        let mut json = json!({"verbs": rule.verbs, "jobs": rule.reasons});
        for (key, values) in rule.fields() {
            json[key] = values.into();
        }
        json
    };
    rules.iter().map(rule).collect()
}
