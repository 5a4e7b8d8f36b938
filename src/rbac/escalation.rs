//! A role or binding that would give away more than its author has: what the API server says of it.

use crate::quoted::quoted;

/// Rights that somebody would grant without holding them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Who.
    pub user: String,
    /// The rights, in words: `get nodes/metrics`.
    pub missing: Vec<String>,
}

impl Escalation {
    /// Reads `user "u" (groups=[…]) is attempting to grant RBAC permissions not currently held:` and the rules below it
    /// (`pkg/registry/rbac/validation` of Kubernetes).
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        let (about, list) =
            message.split_once("is attempting to grant RBAC permissions not currently held:")?;
        let user = about
            .find("user \"")
            .and_then(|at| quoted(&about[at + "user ".len()..]));
        Some(Self {
            user: user.map_or_else(|| "the caller".to_owned(), |(user, _)| user),
            missing: list.lines().filter_map(granted).collect(),
        })
    }
}

/// `{APIGroups:[""], Resources:["nodes/metrics"], Verbs:["get"]}` as `get nodes/metrics`.
fn granted(line: &str) -> Option<String> {
    let list = |name: &str| -> Vec<String> {
        let Some((_, rest)) = line.split_once(&format!("{name}:[")) else {
            return Vec::new();
        };
        let inner = rest.split(']').next().unwrap_or_default();
        inner
            .split(',')
            .map(|item| item.trim().trim_matches('"').to_owned())
            .filter(|item| !item.is_empty())
            .collect()
    };
    let verbs = list("Verbs").join(",");
    let what = [list("Resources"), list("NonResourceURLs")]
        .concat()
        .join(",");
    let group = list("APIGroups").join(",");
    let mut words = format!("{verbs} {what}");
    if !group.is_empty() {
        words = format!("{words}.{group}");
    }
    let names = list("ResourceNames").join(",");
    if !names.is_empty() {
        words = format!("{words} {names}");
    }
    (!verbs.is_empty()).then_some(words)
}
