//! The roles that grant what is needed and nothing else, as manifests.

use super::explanation::{Explanation, by_identity};
use super::identity::Identity;
use crate::access::Grants;
use crate::mask::scrub;
use crate::rbac::Rule;

/// A ClusterRole and Roles for every identity, called `name`, each rule with the jobs that need it. Who is bound to
/// them is left to the reader: a configuration does not say what a ServiceAccount is called.
#[must_use]
pub fn manifests(explanations: &[Explanation], name: &str) -> String {
    let mut out = String::new();
    let (anonymous, identities): (Vec<_>, Vec<_>) = by_identity(explanations)
        .into_iter()
        .partition(|(identity, _)| *identity == Identity::Anonymous);
    for (index, (identity, needs)) in identities.into_iter().enumerate() {
        let name = match index {
            0 => name.to_owned(),
            _ => format!("{name}-{}", index + 1),
        };
        let grants = Grants::of(&needs);
        if !grants.cluster.is_empty() {
            role(&mut out, &identity, &name, None, &grants.cluster);
        }
        for (namespace, rules) in &grants.namespaces {
            role(&mut out, &identity, &name, Some(namespace), rules);
        }
    }
    if out.is_empty() && anonymous.is_empty() {
        out.push_str("# Nothing is needed.\n");
    }
    // What everybody may do needs no token: nobody wants to apply that by the way.
    for need in anonymous.iter().flat_map(|(_, needs)| needs) {
        out.push_str(&comment(&format!(
            "not granted to everybody: {}",
            need.right
        )));
    }
    for explanation in explanations {
        for open in &explanation.unproven {
            let line = format!(
                "not granted, for it cannot be told: {}: {open}",
                explanation.job
            );
            out.push_str(&comment(&line));
        }
    }
    out
}

fn role(
    out: &mut String,
    identity: &Identity,
    name: &str,
    namespace: Option<&str>,
    rules: &[Rule],
) {
    if !out.is_empty() {
        out.push_str("---\n");
    }
    out.push_str(&comment(&format!("for {identity}")));
    out.push_str("apiVersion: rbac.authorization.k8s.io/v1\n");
    let scalar = |text: &str| yaml::flow(&text.into());
    match namespace {
        None => out.push_str("kind: ClusterRole\nmetadata:\n"),
        Some(_) => out.push_str("kind: Role\nmetadata:\n"),
    }
    out.extend(["  name: ", &scalar(name), "\n"]);
    if let Some(namespace) = namespace {
        out.extend(["  namespace: ", &scalar(namespace), "\n"]);
    }
    out.push_str("rules:\n");
    for rule in rules {
        out.push_str(&comment(&rule.reasons.join(", ")));
        out.push_str(&rule.yaml());
    }
}

fn comment(text: &str) -> String {
    format!("# {}\n", yaml::comment(&scrub(text)))
}
