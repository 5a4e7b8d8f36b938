//! From what a plan writes to the rights that it takes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::reading::{token_right, what};
use super::{Demand, Demands, Granting, Weight, scope_of};
use crate::object::{Kind, ObjectRef};
use crate::plan::{Action, Blocker, Change, Plan, Target, Why};
use crate::rbac::{Right, Rule, Scope};
use crate::spec::{Consumer, Spec};

/// What applying `plan` takes. Of the objects in `hidden`, which the caller may not read, it is not known whether they
/// are to be written.
///
/// Server-side apply is a PATCH of a named object: where it makes the object, `create` of that name is authorized too
/// (`pkg/endpoints/handlers/patch.go` of apiserver), so that both can be granted for the name alone.
pub(super) fn of_plan(plan: &Plan, hidden: &BTreeSet<ObjectRef>, spec: &Spec) -> Demands {
    let mut demands = Demands::default();
    let account = spec.names.service_account();
    let is_account =
        |object: &ObjectRef| object.kind == Kind::ServiceAccount && object.name == account;
    let is_token_open = hidden
        .iter()
        .any(|object| is_account(object) || is_about_token(object, spec));
    for change in &plan.changes {
        let Some(object) = change.target.object() else {
            continue;
        };
        let is_hidden = hidden.contains(object) || is_token_open && is_about_token(object, spec);
        if object.kind == Kind::Namespace && change.action == Action::Create {
            demands.namespaces.insert(object.name.clone());
        }
        for mut demand in written(change, object, spec) {
            if is_hidden {
                let verb = verb(change.action);
                demand.weight = Weight::Perhaps(format!("only if {object} has to be {verb}"));
            }
            demands.add(demand);
        }
    }
    if plan.issues_token() {
        let (right, scope) = token_right(spec);
        demands.add(Demand {
            weight: if is_token_open {
                Weight::Perhaps("only if a token is due".to_owned())
            } else {
                Weight::Required
            },
            ..Demand::required(right, scope, "the token")
        });
    }
    demands.extend(not_there(plan, spec));
    demands.grantings = grantings(plan, hidden);
    demands
}

/// A ConfigMap is its chart's, so the plan does not make it: it will be there when its key is written.
fn not_there(plan: &Plan, spec: &Spec) -> Vec<Demand> {
    let keys = plan.blockers.iter().filter_map(|blocker| match blocker {
        Blocker::Unwritable(key) if key.why == Why::NoObject => Some(&key.key.object),
        _ => None,
    });
    keys.map(|object| Demand::on(object, "patch", what(object, spec)))
        .collect()
}

/// The token Secret and the handles: whether they are written depends on each other.
fn is_about_token(object: &ObjectRef, spec: &Spec) -> bool {
    let names = &spec.names;
    let is_ours = object.namespace.as_deref() == Some(names.namespace.as_str());
    let is_token = object.name == names.token_secret() || names.handles().contains(&object.name);
    object.kind == Kind::Secret && is_ours && is_token
}

const fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Delete => "deleted",
        _ => "changed",
    }
}

fn written(change: &Change, object: &ObjectRef, spec: &Spec) -> Vec<Demand> {
    let what = what(object, spec);
    let on = |verb: &str| Demand::on(object, verb, what);
    let is_key = matches!(change.target, Target::Key(_));
    match change.action {
        Action::Unchanged => Vec::new(),
        // It must not exist yet, so it is posted, and a POST has no name. Access of somebody else's names each object, so
        // there it is applied.
        Action::Create if is_key && !spec.existing_access => vec![created(object, what)],
        _ if is_key && change.action != Action::Create => vec![on("patch")],
        Action::Create => vec![on("create"), on("patch")],
        Action::Update => vec![on("patch")],
        Action::Replace => vec![on("delete"), on("create"), on("patch")],
        Action::Delete => vec![on("delete")],
    }
}

fn created(object: &ObjectRef, what: &str) -> Demand {
    let right = Right::resource(object.kind.group(), object.kind.plural(), "create");
    Demand::required(right, scope_of(object), what)
}

/// The roles that are written or bound, with the rules that they would have.
fn grantings(plan: &Plan, hidden: &BTreeSet<ObjectRef>) -> Vec<Granting> {
    let is_role = |change: &&Change| {
        let object = change.target.object();
        object.is_some_and(|object| matches!(object.kind, Kind::ClusterRole | Kind::Role))
    };
    let is_written = |change: &Change| {
        !matches!(change.action, Action::Unchanged | Action::Delete)
            && change
                .target
                .object()
                .is_some_and(|object| !hidden.contains(object))
    };
    let roles = plan.changes.iter().filter(is_role);
    roles
        .filter_map(|change| {
            let role = change.target.object()?;
            let is_bound = plan.changes.iter().any(|change| {
                let names_role = change.apply.as_ref().is_some_and(|binding| {
                    binding["roleRef"]["name"] == role.name.as_str()
                        && binding["roleRef"]["kind"] == role.kind.name()
                });
                let is_beside = change
                    .target
                    .object()
                    .is_some_and(|binding| binding.namespace == role.namespace);
                names_role && is_beside && is_written(change)
            });
            let granting = Granting {
                role: role.clone(),
                rights: Some(rights(change.apply.as_ref()?)),
                scope: scope_of(role),
                is_written: is_written(change),
                is_bound,
                when: None,
            };
            (granting.is_written || granting.is_bound).then_some(granting)
        })
        .collect()
}

/// Every single right of a role's rules, each once.
#[must_use]
pub fn rights(role: &Value) -> Vec<Right> {
    let rules = role["rules"].as_array().into_iter().flatten();
    let rules = rules.filter_map(|rule| serde_json::from_value::<Rule>(rule.clone()).ok());
    let mut rights = Vec::new();
    for right in rules.flat_map(|rule| rule.rights()) {
        if !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

/// What taking away takes that has been made as `plan` says, where what exists cannot be seen.
pub(super) fn undone(plan: &Plan, spec: &Spec) -> Demands {
    let mut demands = Demands::default();
    let handles = spec.names.handles();
    let handles = handles
        .iter()
        .map(|name| ObjectRef::namespaced(Kind::Secret, &spec.names.namespace, name));
    for change in &plan.changes {
        match &change.target {
            Target::Object(object) if object.kind != Kind::Namespace => {
                demands.add(Demand::on(object, "delete", what(object, spec)));
            }
            // The agent's own goes as a whole, see below.
            Target::Key(key) if key.object.name == spec.names.agent_jobs() => {}
            Target::Key(key) => {
                let on = |verb| Demand::on(&key.object, verb, what(&key.object, spec));
                demands.add(on("patch"));
                if key.object.kind == Kind::Secret {
                    demands.add(Demand {
                        weight: Weight::Perhaps("only if nothing else is in it".to_owned()),
                        ..on("delete")
                    });
                }
            }
            _ => {}
        }
    }
    demands.extend(not_there(plan, spec));
    let mut left = vec![spec.names.token_secret()];
    if spec.names.consumer == Consumer::GrafanaAgent {
        left.push(spec.names.agent_jobs());
    }
    for name in left {
        let secret = ObjectRef::namespaced(Kind::Secret, &spec.names.namespace, &name);
        demands.add(Demand {
            weight: Weight::Perhaps(format!("only if {secret} exists")),
            ..Demand::on(&secret, "delete", what(&secret, spec))
        });
    }
    demands.extend(handles.map(|object| Demand::on(&object, "delete", what(&object, spec))));
    demands
}

/// What is in the way of a Namespace, and the Namespace.
pub(super) fn with_namespace(spec: &Spec) -> Vec<Demand> {
    let namespace = ObjectRef::cluster(Kind::Namespace, &spec.names.namespace);
    let all = Right::resource("*", "*", "list");
    let inside = Scope::Namespace(spec.names.namespace.clone());
    vec![
        Demand::required(all, inside, "what else the Namespace holds"),
        Demand::on(&namespace, "delete", "the Namespace"),
    ]
}
