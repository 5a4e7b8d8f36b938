//! The least roles that let the caller run the command, as manifests for an administrator.

use std::fmt::Write;

use super::{Demand, Preflight, Weight};
use crate::access::{Grants, Need};
use crate::object::Kind;
use crate::rbac::bindings::Subject;
use crate::rbac::{Right, Rule};

const API: &str = "rbac.authorization.k8s.io";

/// Roles and bindings that grant what is needed and nothing else, each rule with what it is for; with `required` what the
/// command can do without is left out.
///
/// What is needed is printed whole, held or not: what is applied again takes nothing away. Rights that would open every
/// Secret of a namespace are left out if the command can do without them.
#[must_use]
pub fn roles(preflight: &Preflight, required: bool) -> String {
    let demands = &preflight.demands;
    let (granted, left_out): (Vec<&Demand>, Vec<&Demand>) = demands
        .rights
        .iter()
        .filter(|demand| !is_done_by(demand, preflight))
        .partition(|demand| {
            let is_spared = required || is_too_wide(demand);
            demand.is_required() || !is_spared
        });
    let mut needs: Vec<Need> = Vec::new();
    for demand in granted {
        let reason = reason(demand);
        crate::access::add(
            &mut needs,
            demand.right.clone(),
            demand.scope.clone(),
            vec![reason],
        );
    }
    let grantings = demands.grantings.iter();
    for granting in grantings.filter(|granting| granting.when.is_none() || !required) {
        let held = if granting.rights.is_some() {
            granting.held()
        } else {
            granting.ways_around()
        };
        for (right, scope) in held {
            crate::access::add(&mut needs, right, scope, vec![granting.reason()]);
        }
    }
    let mut out = head(preflight, &left_out);
    let mut documents: Vec<String> = demands
        .namespaces
        .iter()
        .map(|namespace| {
            format!(
                "# A Role needs its Namespace. One that is there stays as it is.\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n",
                yaml::flow(&namespace.as_str().into())
            )
        })
        .collect();
    let grants = Grants::of(&needs);
    if !grants.cluster.is_empty() {
        documents.extend(role(preflight, None, &grants.cluster));
    }
    for (namespace, rules) in &grants.namespaces {
        documents.extend(role(preflight, Some(namespace), rules));
    }
    out.push_str(&documents.join("---\n"));
    out
}

/// Whether it opens every Secret of a namespace, and nothing fails without it.
fn is_too_wide(demand: &Demand) -> bool {
    matches!(demand.weight, Weight::Optional(_)) && demand.opens_secrets()
}

/// Making a Namespace is the administrator's matter: the Roles in it are too.
fn is_done_by(demand: &Demand, preflight: &Preflight) -> bool {
    let Right::Resource {
        resource,
        verb,
        name: Some(name),
        ..
    } = &demand.right
    else {
        return false;
    };
    let makes = ["create", "patch"].contains(&verb.as_str());
    resource == Kind::Namespace.plural() && makes && preflight.demands.namespaces.contains(name)
}

fn reason(demand: &Demand) -> String {
    let what = &demand.what;
    match &demand.weight {
        Weight::Required => what.clone(),
        Weight::Perhaps(when) => format!("{what} ({when})"),
        Weight::Optional(lost) => format!("{what} (without it: {lost})"),
    }
}

fn head(preflight: &Preflight, left_out: &[&Demand]) -> String {
    let who = match &preflight.caller {
        Some(caller) => format!("{} needs", caller.user),
        None => "somebody needs".to_owned(),
    };
    let mut out = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(out, "# {}", yaml::comment(text));
    };
    line(&format!("What {who} for: {}", preflight.command));
    for demand in left_out.iter().filter(|demand| is_too_wide(demand)) {
        let place = match &demand.scope {
            crate::rbac::Scope::Namespace(namespace) => format!(" in namespace {namespace}"),
            crate::rbac::Scope::Cluster => String::new(),
        };
        line(&format!(
            "Left out: {}{place}, which opens every Secret there, for {}",
            demand.right,
            reason(demand)
        ));
    }
    if preflight.caller.is_none() {
        line("Nobody is bound to these roles: --as USER says whom to bind.");
    }
    out
}

fn role(preflight: &Preflight, namespace: Option<&str>, rules: &[Rule]) -> Vec<String> {
    let kind = if namespace.is_some() {
        "Role"
    } else {
        "ClusterRole"
    };
    let metadata = |name: &str| {
        let mut metadata = format!("metadata:\n  name: {}\n", yaml::flow(&name.into()));
        if let Some(namespace) = namespace {
            let _ = writeln!(metadata, "  namespace: {}", yaml::flow(&namespace.into()));
        }
        metadata
    };
    let mut role = format!(
        "apiVersion: {API}/v1\nkind: {kind}\n{}rules:\n",
        metadata(&preflight.role)
    );
    for rule in rules {
        for reason in &rule.reasons {
            let _ = writeln!(role, "# {}", yaml::comment(reason));
        }
        role.push_str(&rule.yaml());
    }
    let mut documents = vec![role];
    if let Some(caller) = &preflight.caller {
        documents.push(format!(
            "apiVersion: {API}/v1\nkind: {kind}Binding\n{}roleRef: {{apiGroup: {API}, kind: {kind}, name: {}}}\nsubjects:\n- {}\n",
            metadata(&binding(&preflight.role, &caller.user)),
            yaml::flow(&preflight.role.as_str().into()),
            subject(&caller.subject()),
        ));
    }
    documents
}

/// One for each caller, so that none takes the place of another's. No name of RBAC has a slash or a percent sign.
fn binding(role: &str, user: &str) -> String {
    let user: String = user
        .chars()
        .map(|character| match character {
            '/' | '%' => '-',
            character if character.is_control() || character.is_whitespace() => '-',
            character => character,
        })
        .collect();
    format!("{role}:{user}")
}

fn subject(subject: &Subject) -> String {
    let text = |text: &str| yaml::flow(&text.into());
    match subject {
        Subject::ServiceAccount { namespace, name } => format!(
            "{{kind: ServiceAccount, name: {}, namespace: {}}}",
            text(name),
            text(namespace)
        ),
        Subject::User(name) | Subject::Group(name) => format!(
            "{{apiGroup: {API}, kind: {}, name: {}}}",
            subject.kind(),
            text(name)
        ),
    }
}
