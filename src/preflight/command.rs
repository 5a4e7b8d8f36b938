//! Everything that one command takes.

use std::collections::BTreeSet;

use super::reading::{self, token_right, what};
use super::{Demand, Demands, Verb, Weight, writing};
use crate::object::{Kind, ObjectRef};
use crate::plan::{Action, Plan};
use crate::spec::{Form, Spec, TokenPlace};

/// What is known when the rights are worked out.
pub struct Known<'a> {
    /// The configuration that is written.
    pub form: &'a Form,
    /// What an apply would write; against nothing, where what exists is not seen.
    pub plan: &'a Plan,
    /// What a removal would write, where what exists is seen.
    pub removal: Option<&'a Plan>,
    /// Objects that the caller may not read.
    pub hidden: &'a BTreeSet<ObjectRef>,
    /// Whether a removal takes the Namespace too.
    pub with_namespace: bool,
}

/// The rights that a command takes of whoever runs it.
#[must_use]
pub fn demands(verb: Verb, spec: &Spec, known: &Known<'_>) -> Demands {
    let mut demands = Demands::default();
    match verb {
        Verb::Plan => {
            demands.extend(reading::of_plan(spec, known.form));
            demands.extend(reading::of_move(spec, known.plan));
        }
        Verb::Apply => {
            demands.extend(reading::of_plan(spec, known.form));
            demands.extend(reading::of_move(spec, known.plan));
            demands.join(writing::of_plan(known.plan, known.hidden, spec));
            if spec.existing_access {
                demands.extend(repeatedly(spec, known.form));
            }
        }
        Verb::Rotate => {
            demands.extend(reading::of_plan(spec, known.form));
            demands.extend(rotation(spec, known.form));
        }
        Verb::Verify => {
            demands.extend(reading::of_plan(spec, known.form));
            demands.extend(reading::of_verification(spec, known.form));
        }
        Verb::Status => {
            demands.extend(reading::of_status(spec));
            demands.notes.push(
                "a status reads every instance that it finds; what of others may not be read is shown as unknown".to_owned(),
            );
        }
        Verb::Remove => {
            demands.extend(reading::of_removal(spec));
            demands.join(removal(spec, known));
        }
    }
    if spec.existing_access {
        demands.confine();
    } else if verb != Verb::Remove || known.removal.is_none() {
        // Rights in a namespace are granted there: whoever grants them makes it.
        demands.namespaces.extend(made(known.plan));
    }
    demands.cover();
    demands
}

/// The Namespaces that do not exist.
fn made(plan: &Plan) -> BTreeSet<String> {
    let objects = plan
        .changes
        .iter()
        .filter(|change| change.action == Action::Create)
        .filter_map(|change| change.target.object());
    objects
        .filter(|object| object.kind == Kind::Namespace)
        .map(|object| object.name.clone())
        .collect()
}

/// Over time either handle is used, and a key is there already: what whoever runs the command again and again needs.
fn repeatedly(spec: &Spec, form: &Form) -> Vec<Demand> {
    if form.token_place() == TokenPlace::Pod {
        return Vec::new();
    }
    let handles = spec.names.handles();
    let rights = handles.iter().flat_map(|handle| {
        let handle = ObjectRef::namespaced(Kind::Secret, &spec.names.namespace, handle);
        ["create", "patch", "delete"].map(|verb| Demand {
            weight: Weight::Perhaps("only when a token is due or left over".to_owned()),
            ..Demand::on(&handle, verb, what(&handle, spec))
        })
    });
    rights.collect()
}

/// A rotation may use either handle, so it needs the rights on both, whichever is next.
fn rotation(spec: &Spec, form: &Form) -> Vec<Demand> {
    let names = &spec.names;
    let secret = |name: &str| ObjectRef::namespaced(Kind::Secret, &names.namespace, name);
    let on = |object: &ObjectRef, verb: &str| Demand::on(object, verb, what(object, spec));
    let mut demands = Vec::new();
    for handle in names.handles() {
        let handle = secret(&handle);
        demands.extend(["create", "patch", "delete"].map(|verb| on(&handle, verb)));
    }
    let (right, scope) = token_right(spec);
    demands.push(Demand::required(right, scope, "the token"));
    if form.token_place() == TokenPlace::Secret {
        demands.push(on(&secret(&names.token_secret()), "patch"));
    }
    if spec.existing_access {
        // The token and its rights alone are proved.
        return demands;
    }
    let lost = "the new token is not tried at every target";
    let targets = reading::targets(spec, form).into_iter();
    demands.extend(targets.map(|demand| Demand {
        weight: Weight::Optional(lost.to_owned()),
        ..demand
    }));
    demands
}

fn removal(spec: &Spec, known: &Known<'_>) -> Demands {
    let mut demands = match known.removal {
        Some(plan) => writing::of_plan(plan, &BTreeSet::new(), spec),
        None => writing::undone(known.plan, spec),
    };
    if known.removal.is_some() {
        for object in known
            .hidden
            .iter()
            .filter(|object| object.kind != Kind::Namespace)
        {
            demands.add(Demand {
                weight: Weight::Perhaps(format!("only if {object} exists")),
                ..Demand::on(object, "delete", what(object, spec))
            });
        }
    }
    if known.with_namespace {
        demands.extend(writing::with_namespace(spec));
    }
    demands
}
