//! Every check against every rule that a binding gives.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::built_in::is_built_in;
use super::check::{CHECKS, Check, FULL_ACCESS, Grant, Severity};
use super::{Confirmed, Finding, Fix, Place, fix};
use crate::rbac::bindings::{Binding, Held, Identity, Roles, Subject};
use crate::rbac::{Right, Rule, Scope};

/// What is found, by subject and then worst first. What Kubernetes gives to its own components is left out unless `all` is
/// asked for.
#[must_use]
pub fn audit(roles: &Roles, all: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut of_use = BTreeMap::new();
    for binding in roles.bindings() {
        let given = roles.given(binding);
        for subject in &binding.subjects {
            let found = of_subject(binding, &given, subject);
            let found = found.into_iter().filter(|finding| all || !finding.built_in);
            findings.extend(found.filter(|finding| {
                let check = finding.check;
                check.only_with.is_empty()
                    || *of_use
                        .entry((subject, check.id))
                        .or_insert_with(|| holds(roles, subject, check))
            }));
        }
    }
    findings.sort_by_cached_key(|finding| {
        let check = CHECKS.iter().position(|check| check.id == finding.check.id);
        (
            (finding.subject.clone(), Reverse(finding.severity), check),
            (finding.binding.clone(), finding.role.clone(), finding.index),
        )
    });
    findings
}

/// The ids of the checks that a rule fails by itself, where it holds.
#[must_use]
pub fn dangers(held: &Held<'_>) -> Vec<&'static str> {
    let failed: Vec<&str> = CHECKS
        .iter()
        .filter(|check| !allowed(check.grants, held).is_empty())
        .map(|check| check.id)
        .collect();
    match failed.first() {
        Some(&FULL_ACCESS) => vec![FULL_ACCESS],
        _ => failed,
    }
}

fn of_subject(binding: &Binding, given: &[Held<'_>], subject: &Subject) -> Vec<Finding> {
    let find = |check: &'static Check| -> Vec<Finding> {
        given
            .iter()
            .filter_map(|held| found(check, held, binding, subject))
            .collect()
    };
    let everything = find(&CHECKS[0]);
    if everything.is_empty() {
        CHECKS[1..].iter().flat_map(find).collect()
    } else {
        everything
    }
}

/// Whether a subject holds, through whatever binding, any of what `check` is worth nothing without.
fn holds(roles: &Roles, subject: &Subject, check: &Check) -> bool {
    let held = roles.held(&Identity::of(subject));
    held.iter()
        .any(|held| !allowed(check.only_with, held).is_empty())
}

fn found(
    check: &'static Check,
    held: &Held<'_>,
    binding: &Binding,
    subject: &Subject,
) -> Option<Finding> {
    let rights = allowed(check.grants, held);
    if rights.is_empty() {
        return None;
    }
    let source = held.role.source.as_ref();
    let built_in = is_built_in(binding, subject, held.role, check.id);
    let mut finding = Finding {
        check,
        severity: check.severity,
        subject: subject.clone(),
        binding: binding.name.clone(),
        bound: binding.role.clone(),
        role: held.role.name.clone(),
        index: held.index,
        rule: held.rule.clone(),
        built_in,
        fix: if built_in {
            Fix::none(binding)
        } else {
            fix::of(check, held, &rights, subject)
        },
        rights,
        scope: held.scope.clone(),
        place: source.map(|source| Place {
            file: source.file.clone(),
            line: source.line(&format!("/rules/{}", held.index)),
        }),
        confirmed: Confirmed::NotAsked,
    };
    finding.severity = severity(&finding);
    Some(finding)
}

/// Less in a namespace than in the cluster, unless the namespace is that of the control plane; less on some objects
/// than on all; and less where only old API servers allow it.
fn severity(finding: &Finding) -> Severity {
    let mut severity = finding.check.severity;
    if matches!(&finding.scope, Scope::Namespace(namespace) if namespace != "kube-system") {
        severity = severity.less();
    }
    if !finding.rule.resource_names.is_empty() {
        severity = severity.less();
    }
    if finding.only_before_1_35() {
        severity = severity.less();
    }
    severity
}

/// The rights of `grants` that `held` allows; on its first object where it is about some.
fn allowed(grants: &[Grant], held: &Held<'_>) -> Vec<Right> {
    let only = held.rule.resource_names.first();
    let rights = grants.iter().flat_map(|grant| {
        let resources = grant.resources.iter();
        resources.flat_map(|resource| {
            let verbs = grant.verbs.iter();
            verbs.map(|verb| Right::resource(grant.group, resource, verb))
        })
    });
    rights
        .filter(|right| only.is_none() || works_on_one(right, held.rule))
        .map(|right| match only {
            Some(only) => right.named(only),
            None => right,
        })
        .filter(|right| held.allows(right, &held.scope))
        .collect()
}

/// A rule on some objects is no full access. The request that creates an object does not say its name, so a rule on
/// names does not allow it; but a server-side apply does, which needs `patch` too.
fn works_on_one(right: &Right, rule: &Rule) -> bool {
    match right {
        Right::Resource { resource, .. } if resource == "*" => false,
        Right::Resource { resource, verb, .. } if verb == "create" && !resource.contains('/') => {
            rule.verbs.iter().any(|verb| verb == "patch" || verb == "*")
        }
        _ => true,
    }
}
