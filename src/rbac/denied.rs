//! What an authorizer denies, and the least rules that would allow it.

use std::fmt;

use serde_json::json;

use super::{Right, Scope};
use crate::quoted::quoted;

/// One thing that somebody may not do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Denied {
    /// Who, as the authenticator names them: `system:serviceaccount:monitoring:prometheus`.
    pub user: String,
    /// What.
    pub right: Right,
    /// Where.
    pub scope: Scope,
}

impl Denied {
    /// Reads the first sentence of the API server's authorizer in `message`.
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        let (denied, _) = Self::all(message).into_iter().next()?;
        Some(denied)
    }

    /// Every such sentence in a text, each with what follows it.
    #[must_use]
    pub fn all(text: &str) -> Vec<(Self, &str)> {
        let starts = text.match_indices("User \"").map(|(at, _)| at);
        starts
            .filter_map(|at| Self::after(&text[..at], &text[at..]))
            .collect()
    }

    /// Reads one of the three sentences of the API server's authorizer, `about` being what stands before the user
    /// (`pkg/endpoints/handlers/responsewriters/errors.go` of apiserver).
    fn after<'t>(about: &str, sentence: &'t str) -> Option<(Self, &'t str)> {
        let (user, rest) = quoted(sentence.strip_prefix("User ")?)?;
        let (verb, rest) = rest.strip_prefix(" cannot ")?.split_once(' ')?;
        let denied = |right, scope| Self { user, right, scope };
        if let Some(rest) = rest.strip_prefix("path ") {
            let (path, rest) = quoted(rest)?;
            let verb = verb.to_owned();
            return Some((denied(Right::Url { path, verb }, Scope::Cluster), rest));
        }
        let (resource, rest) = quoted(rest.strip_prefix("resource ")?)?;
        let right = |group: &str| {
            let right = Right::resource(group, &resource, verb);
            match object(about) {
                Some(name) => right.named(&name),
                None => right,
            }
        };
        let Some((group, rest)) = rest.strip_prefix(" in API group ").and_then(quoted) else {
            // Cut off, but there is only one kind of nodes.
            let is_node = resource == "nodes" || resource.starts_with("nodes/");
            return is_node.then(|| (denied(right(""), Scope::Cluster), rest));
        };
        if let Some(rest) = rest.strip_prefix(" at the cluster scope") {
            return Some((denied(right(&group), Scope::Cluster), rest));
        }
        let (namespace, rest) = quoted(rest.strip_prefix(" in the namespace ")?)?;
        // A namespace is said to be in itself.
        let scope = match resource.as_str() {
            "namespaces" => Scope::Cluster,
            _ => Scope::Namespace(namespace),
        };
        Some((denied(right(&group), scope), rest))
    }

    /// The least rules that would allow all of it, one a line, as they stand in a role.
    #[must_use]
    pub fn rules(denied: &[Self]) -> String {
        let mut rules: Vec<String> = Vec::new();
        for Self { right, .. } in denied {
            let rule = match right {
                Right::Url { path, verb } => json!({"nonResourceURLs": [path], "verbs": [verb]}),
                Right::Resource {
                    group,
                    resource,
                    verb,
                    name,
                } => {
                    let mut rule =
                        json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
                    if let Some(name) = name {
                        rule["resourceNames"] = json!([name]);
                    }
                    rule
                }
            };
            let rule = rule.to_string();
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        format!(
            "ask an administrator for a role with these rules:\n  {}",
            rules.join("\n  ")
        )
    }
}

/// No name is longer, in bytes.
const LONGEST: usize = 1_000;

/// The name at the end of `nodes "n1" is forbidden: `.
fn object(about: &str) -> Option<String> {
    let about = about.strip_suffix(" is forbidden: ")?;
    let about = &about[about.ceil_char_boundary(about.len().saturating_sub(LONGEST))..];
    let quotes = about.match_indices(" \"").map(|(at, _)| &about[at + 1..]);
    quotes
        .filter_map(quoted)
        .find(|(_, rest)| rest.is_empty())
        .map(|(name, _)| name)
}

/// `get nodes/metrics`, `list pods in namespace monitoring`.
impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.right.fmt(f)?;
        match &self.scope {
            Scope::Namespace(namespace) => write!(f, " in namespace {namespace}"),
            Scope::Cluster => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_sentences_of_the_authorizer_are_understood() {
        for (message, shown, rule) in [
            (
                r#"nodes "n1" is forbidden: User "system:serviceaccount:m:sa" cannot get resource "nodes/proxy" in API group "" at the cluster scope"#,
                "get nodes/proxy n1",
                r#"{"apiGroups":[""],"resources":["nodes/proxy"],"verbs":["get"],"resourceNames":["n1"]}"#,
            ),
            (
                r#"servicemonitors.monitoring.coreos.com is forbidden: User "jane" cannot list resource "servicemonitors" in API group "monitoring.coreos.com" in the namespace "monitoring""#,
                "list servicemonitors.monitoring.coreos.com in namespace monitoring",
                r#"{"apiGroups":["monitoring.coreos.com"],"resources":["servicemonitors"],"verbs":["list"]}"#,
            ),
            (
                r#"forbidden: User "jane" cannot get path "/metrics": RBAC: clusterrole.rbac.authorization.k8s.io "x" not found"#,
                "get /metrics",
                r#"{"nonResourceURLs":["/metrics"],"verbs":["get"]}"#,
            ),
        ] {
            let denied = Denied::parse(message).unwrap_or_else(|| panic!("{message}"));
            assert_eq!(denied.to_string(), shown);
            assert!(Denied::rules(&[denied]).ends_with(rule), "{rule}");
        }
    }

    #[test]
    fn a_user_s_name_is_read_to_its_end() {
        let message = r#"forbidden: User "a \"b\" cannot &lt;c&gt;" cannot get path "/x""#;
        let denied = Denied::parse(message).expect("a denial");
        assert_eq!(denied.user, r#"a "b" cannot <c>"#);
        assert_eq!(denied.right, Right::get_url("/x"));
    }

    #[test]
    fn sentences_are_found_within_others_and_cut_off_ones_are_not_guessed_at() {
        let pods = r#"User "a" cannot list resource "pods" in API group "" "#;
        let line = format!(
            r#"E "watch" err="pods is forbidden: {pods}at the cluster scope", nodes "n" is forbidden: User "b" cannot get resource "nodes/proxy" ..."#
        );
        let found = Denied::all(&line);
        let shown: Vec<String> = found
            .iter()
            .map(|(of, _)| format!("{}: {of}", of.user))
            .collect();
        assert_eq!(shown, ["a: list pods", "b: get nodes/proxy n"]);
        assert_eq!(found[1].1, " ...");
        for cut in [
            pods,
            &format!("{pods}in the namesp"),
            &format!(r#"{pods}in the namespace "m"#),
        ] {
            assert_eq!(Denied::parse(cut), None, "{cut}");
        }
    }
}
