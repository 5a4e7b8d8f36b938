//! What the API server says when it refuses, taken apart.

use std::fmt;

use kube::core::Status;
use serde_json::json;

/// A status of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// `Forbidden`, `Conflict`, …; empty where the answer was none of Kubernetes'.
    pub reason: String,
    /// The server's sentence.
    pub message: String,
    /// Fields that the server names, each with what it says about it.
    pub fields: Vec<(String, String)>,
    /// What the caller may not do, for a refusal by the authorizer.
    pub denied: Option<Denied>,
    /// How often the request was sent.
    pub tries: u32,
}

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

impl Refusal {
    /// From a Status, or from whatever else came with the HTTP status `code`.
    pub(super) fn new(code: u16, body: &[u8], tries: u32) -> Self {
        let status: Status = serde_json::from_slice(body).unwrap_or_default();
        let text = if status.message.is_empty() {
            String::from_utf8_lossy(body)
                .trim()
                .chars()
                .take(300)
                .collect()
        } else {
            status.message.clone()
        };
        let causes = status
            .details
            .as_ref()
            .map(|details| details.causes.as_slice())
            .unwrap_or_default();
        Self {
            code,
            denied: (code == 403).then(|| Denied::parse(&text)).flatten(),
            fields: causes
                .iter()
                .map(|cause| (cause.field.clone(), cause.message.clone()))
                .filter(|(field, _)| !field.is_empty())
                .collect(),
            reason: status.reason,
            message: text.chars().take(2_000).collect(),
            tries,
        }
    }

    /// An update of an object that is no longer the one that was read.
    pub(super) fn is_stale(&self) -> bool {
        self.code == 409
            && self.fields.is_empty()
            && self.message.contains("the object has been modified")
    }

    /// Rights that the caller does not hold and would grant, one a line as the server lists them
    /// (`pkg/registry/rbac/clusterrole/policybased` of Kubernetes).
    fn escalation(&self) -> Option<Vec<String>> {
        let (_, list) = self
            .message
            .split_once("is attempting to grant RBAC permissions not currently held:")?;
        Some(list.lines().filter_map(granted).collect())
    }

    fn is_terminating(&self) -> bool {
        self.code == 403 && self.message.contains("because it is being terminated")
    }

    pub(super) fn hint(&self) -> Option<String> {
        if let Some(denied) = &self.denied {
            return Some(Denied::rules(std::slice::from_ref(denied)));
        }
        if self.escalation().is_some() {
            return Some("ask someone who holds these rights to run this command, or an administrator for `escalate` on this role".into());
        }
        if self.is_terminating() {
            return Some(
                "wait until the namespace is gone, or choose another with --namespace".into(),
            );
        }
        match self.code {
            401 => Some("log in again, or check the kubeconfig's user: `kubectl auth whoami` asks who you are".into()),
            409 if !self.fields.is_empty() => Some("--take-ownership takes these fields over".into()),
            429 | 503 | 504 => Some("the API server is overloaded or starting: try again later".into()),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(missing) = self.escalation() {
            return write!(
                f,
                "you may not grant rights that you do not hold\n  missing: {}",
                missing.join("; ")
            );
        }
        if let Some(denied) = &self.denied {
            return write!(f, "{} may not {denied}", denied.user);
        }
        match self.code {
            401 => {
                f.write_str("the API server does not accept these credentials (401 Unauthorized)")
            }
            409 if !self.fields.is_empty() => {
                f.write_str("other field managers set what would be changed")?;
                self.fields
                    .iter()
                    .try_for_each(|(field, message)| write!(f, "\n  {field}: {message}"))
            }
            422 if !self.fields.is_empty() => {
                f.write_str("the API server finds it invalid")?;
                self.fields
                    .iter()
                    .try_for_each(|(field, message)| write!(f, "\n  {field}: {message}"))
            }
            // What server-side apply says of an unknown field is a 500, but nobody's fault but ours.
            500 if self.message.contains("field not declared in schema") => {
                write!(f, "the API server finds it invalid: {}", self.message)
            }
            code => {
                let message = if self.message.is_empty() {
                    "no reason given"
                } else {
                    &self.message
                };
                write!(f, "the API server answered {code}: {message}")?;
                if self.tries > 1 {
                    write!(f, " ({} tries)", self.tries)?;
                }
                Ok(())
            }
        }
    }
}

impl Denied {
    /// Reads the three sentences of the API server's authorizer
    /// (`pkg/endpoints/handlers/responsewriters/errors.go` of apiserver).
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        let (about, rest) = message.split_once("User \"")?;
        let (user, rest) = rest.split_once("\" cannot ")?;
        let (verb, rest) = rest.split_once(' ')?;
        let quoted = |text: &str, before: &str| -> Option<(String, usize)> {
            let start = text.find(before)? + before.len();
            let length = text[start..].find('"')?;
            Some((text[start..start + length].to_owned(), start + length))
        };
        let what = if let Some(path) = rest.strip_prefix("path \"") {
            What::Path(path.split('"').next()?.to_owned())
        } else {
            let (resource, _) = quoted(rest, "resource \"")?;
            let (group, _) = quoted(rest, "in API group \"")?;
            // A namespace is said to be in itself.
            let namespace = quoted(rest, "in the namespace \"")
                .map(|(namespace, _)| namespace)
                .filter(|_| resource != "namespaces");
            let name = quoted(about, " \"").map(|(name, _)| name);
            What::Resource {
                group,
                resource,
                name,
                namespace,
            }
        };
        Some(Self {
            user: user.to_owned(),
            verb: verb.to_owned(),
            what,
        })
    }

    /// The least rules that would allow all of it, as a manifest's `rules`.
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
    let groups = list("APIGroups").join(",");
    let group = if groups.is_empty() {
        String::new()
    } else {
        format!(".{groups}")
    };
    (!verbs.is_empty()).then(|| format!("{verbs} {what}{group}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: u16, reason: &str, message: &str) -> Refusal {
        let body = json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code});
        Refusal::new(code, body.to_string().as_bytes(), 1)
    }

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
    fn an_escalation_is_told_in_words() {
        let refusal = refusal(
            403,
            "Forbidden",
            "clusterroles.rbac.authorization.k8s.io \"n\" is forbidden: user \"u\" (groups=[\"a\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"nodes/metrics\"], Verbs:[\"get\"]}\n{NonResourceURLs:[\"/metrics\"], Verbs:[\"get\"]}",
        );
        assert_eq!(
            refusal.to_string(),
            "you may not grant rights that you do not hold\n  missing: get nodes/metrics; get /metrics"
        );
    }

    #[test]
    fn no_text_is_too_strange() {
        for text in [
            "",
            "User \"",
            "User \"a\" cannot ",
            "User \"a\" cannot get path \"",
            "{APIGroups:[",
        ] {
            for code in [400, 401, 403, 404, 409, 422, 500, 503] {
                let refusal = refusal(code, "", text);
                assert!(!refusal.to_string().is_empty());
                let _ = refusal.hint();
            }
        }
        assert_eq!(
            Refusal::new(502, b"<html>bad gateway</html>", 4).to_string(),
            "the API server answered 502: <html>bad gateway</html> (4 tries)"
        );
    }
}
