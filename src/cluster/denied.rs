//! What the API server's authorizer denies, and the least rules that would allow it.

use std::fmt;

use serde_json::json;

use super::quoted::quoted;

/// One thing that somebody may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Who.
    pub user: String,
    /// `get`, `patch`, …
    pub verb: String,
    /// Of which object, or which path.
    pub what: What,
}

/// What a right is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A resource.
    Resource {
        /// The API group.
        group: String,
        /// With `/subresource` if it is one.
        resource: String,
        /// The object's name, if it is about one.
        name: Option<String>,
        /// The namespace, `None` for the whole cluster.
        namespace: Option<String>,
    },
    /// A path that is no resource.
    Path(String),
}

impl Denied {
    /// Reads the three sentences of the API server's authorizer
    /// (`pkg/endpoints/handlers/responsewriters/errors.go` of apiserver).
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        let at = message.find("User \"")?;
        let (about, rest) = message.split_at(at);
        let (user, rest) = quoted(rest.strip_prefix("User ")?)?;
        let (verb, rest) = rest.strip_prefix(" cannot ")?.split_once(' ')?;
        let what = if let Some(rest) = rest.strip_prefix("path ") {
            What::Path(quoted(rest)?.0)
        } else {
            let (resource, rest) = quoted(rest.strip_prefix("resource ")?)?;
            let (group, rest) = quoted(rest.strip_prefix(" in API group ")?)?;
            // A namespace is said to be in itself.
            let namespace = rest
                .strip_prefix(" in the namespace ")
                .filter(|_| resource != "namespaces")
                .and_then(quoted);
            let name = about.find(" \"").and_then(|at| quoted(&about[at + 1..]));
            What::Resource {
                group,
                resource,
                name: name.map(|(name, _)| name),
                namespace: namespace.map(|(namespace, _)| namespace),
            }
        };
        Some(Self {
            user,
            verb: verb.to_owned(),
            what,
        })
    }

    /// The least rules that would allow all of it, one a line, as they stand in a role.
    #[must_use]
    pub fn rules(denied: &[Self]) -> String {
        let mut rules: Vec<String> = Vec::new();
        for Self { verb, what, .. } in denied {
            let rule = match what {
                What::Path(path) => json!({"nonResourceURLs": [path], "verbs": [verb]}),
                What::Resource {
                    group,
                    resource,
                    name,
                    ..
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

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Path(path) => write!(f, "{} {path}", self.verb),
            What::Resource {
                group,
                resource,
                name,
                namespace,
            } => {
                write!(f, "{} {resource}", self.verb)?;
                if !group.is_empty() {
                    write!(f, ".{group}")?;
                }
                if let Some(name) = name {
                    write!(f, " {name}")?;
                }
                match namespace {
                    Some(namespace) => write!(f, " in namespace {namespace}"),
                    None => Ok(()),
                }
            }
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
        assert_eq!(denied.what, What::Path("/x".into()));
    }
}
