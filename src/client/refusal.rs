//! What the API server says when it refuses, taken apart.

use std::fmt;

use kube::core::Status;

use super::credentials::Credentials;
use crate::mask::hide;
use crate::quoted::quoted;
use crate::rbac::{Denied, Escalation};

/// A status of failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// Rights that somebody would grant without holding them.
    pub escalation: Option<Box<Escalation>>,
    /// Whether the server names the object; it does not where it does not know the kind.
    pub is_known_kind: bool,
    /// With what the request was made, for one that was not accepted.
    pub credentials: Option<Box<Credentials>>,
    /// How often the request was sent.
    pub tries: u32,
    /// Whether an earlier try may have been carried out, whose answer was lost.
    pub uncertain: bool,
}

/// No more of a server's text than this is kept, in characters.
const LONGEST: usize = 2_000;
/// No more fields than this.
const MOST_FIELDS: usize = 50;

impl Refusal {
    /// From a Status, or from whatever else came with the HTTP status `code`. Of `secrets`, which the request held,
    /// nothing is kept.
    pub(crate) fn new(code: u16, body: &[u8], secrets: &[&str]) -> Self {
        let status: Option<Status> = serde_json::from_slice(body).ok();
        let is_status = |status: &Status| !status.reason.is_empty() || !status.message.is_empty();
        let (status, text) = match status.filter(is_status) {
            Some(status) => (status.clone(), status.message),
            None => (Status::default(), page(&String::from_utf8_lossy(body))),
        };
        let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let (is_known_kind, causes) = match status.details {
            Some(details) => (!details.name.is_empty(), details.causes),
            None => (false, Vec::new()),
        };
        let fields = causes.iter().filter(|cause| !cause.field.is_empty());
        Self {
            code,
            denied: (code == 403).then(|| Denied::parse(&text)).flatten(),
            escalation: (code == 403)
                .then(|| Escalation::parse(&text))
                .flatten()
                .map(Box::new),
            fields: fields
                .take(MOST_FIELDS)
                .map(|cause| {
                    let message = hide(&one_line(&cause.message), secrets);
                    (cut(&cause.field, 300), cut(&message, 300))
                })
                .collect(),
            reason: status.reason,
            message: cut(&hide(&one_line(&text), secrets), LONGEST),
            is_known_kind,
            ..Self::default()
        }
    }

    /// An update of an object that is no longer the one that was read, or of one that was deleted since.
    pub(crate) fn is_stale(&self) -> bool {
        let said = |words: &str| self.message.contains(words);
        let conflict = self.code == 409 && self.fields.is_empty() && self.reason != "AlreadyExists";
        conflict && (said("Operation cannot be fulfilled on") || said("uid mismatch"))
            || said("resourceVersion should not be set on objects to be created")
    }

    /// Whether the cluster does not serve the kind at all.
    pub(crate) fn is_kind_not_served(&self) -> bool {
        self.code == 404 && !self.is_known_kind
    }

    /// The fields of a server-side apply that others own: manager and field.
    pub(crate) fn conflicts(&self) -> Vec<(&str, &str)> {
        let conflicts = self.fields.iter().filter(|_| self.code == 409);
        conflicts
            .filter_map(|(field, message)| {
                let (manager, _) = message.strip_prefix("conflict with \"")?.split_once('"')?;
                Some((manager, field.as_str()))
            })
            .collect()
    }

    fn is_terminating(&self) -> bool {
        self.code == 403 && self.message.contains("because it is being terminated")
    }

    fn is_too_large(&self) -> bool {
        self.code == 413
            || self.message.contains("request is too large")
            || self.message.contains("Too long: ")
    }

    /// What server-side apply says of an unknown field is a 500, but nobody's fault but ours.
    fn is_unknown_field(&self) -> bool {
        self.code == 500 && self.message.contains("field not declared in schema")
    }

    /// The admission webhook that denied it, with its reason; or that could not be asked.
    fn webhook(&self) -> Option<(String, &str, bool)> {
        let part = |before: &str| {
            let at = self.message.find(before)? + before.len();
            quoted(&self.message[at..])
        };
        if let Some((name, rest)) = part("admission webhook ") {
            let reason = rest.strip_prefix(" denied the request").unwrap_or(rest);
            return Some((name, reason.trim_start_matches([':', ' ']), true));
        }
        let (name, rest) = part("failed calling webhook ")?;
        Some((name, rest.trim_start_matches([':', ' ']), false))
    }

    /// Whether the same request may be granted later: the server, or a webhook that it asks, is in trouble; the object
    /// was changed in between; its namespace is about to go.
    pub(crate) fn is_passing(&self) -> bool {
        let trouble = self.code == 429 || self.code >= 500;
        let denied = self.webhook().is_some_and(|(_, _, denied)| denied);
        trouble && !denied && !self.is_unknown_field() && !self.is_too_large()
            || self.is_stale()
            || self.is_terminating()
    }

    /// Whether the API server itself says that it cannot answer right now: its store has no leader, or is slow.
    pub(crate) fn is_store_trouble(&self) -> bool {
        self.code == 500 && self.message.starts_with("etcdserver: ") && !self.is_too_large()
    }

    pub(crate) fn hint(&self) -> Option<String> {
        if let Some(denied) = &self.denied {
            return Some(Denied::rules(std::slice::from_ref(denied)));
        }
        if self.escalation.is_some() {
            return Some("ask someone who holds these rights to run this command, or an administrator for `escalate` on this role".into());
        }
        if self.is_terminating() {
            return Some(
                "wait until the namespace is gone, or choose another with --namespace".into(),
            );
        }
        if self.webhook().is_some() {
            return Some("`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations` lists the webhooks and whom they ask".into());
        }
        match self.code {
            401 => self.credentials.as_deref().map(Credentials::hint),
            409 if !self.fields.is_empty() => {
                Some("--take-ownership takes these fields over".into())
            }
            429 | 503 | 504 => {
                Some("the API server is overloaded or starting: try again later".into())
            }
            _ => None,
        }
    }

    fn sentence(&self) -> String {
        if let Some(Escalation { user, missing }) = self.escalation.as_deref() {
            return format!(
                "{user} may not grant rights that this user does not hold\n  missing: {}",
                missing.join("; ")
            );
        }
        if let Some(denied) = &self.denied {
            return format!("{} may not {denied}", denied.user);
        }
        if let Some((name, reason, denied)) = self.webhook() {
            let what = if denied {
                "denies it"
            } else {
                "cannot be asked"
            };
            return format!("the admission webhook {name} {what}: {reason}");
        }
        if self.is_terminating() {
            return "its namespace is being deleted, and nothing new may be created in it".into();
        }
        if self.is_too_large() {
            return format!("it is larger than the cluster accepts: {}", self.message);
        }
        let message = if self.message.is_empty() {
            "no reason given"
        } else {
            &self.message
        };
        match self.code {
            401 => match &self.credentials {
                Some(credentials) => {
                    format!("the API server does not accept {credentials} (401 Unauthorized)")
                }
                None => {
                    "the API server does not accept these credentials (401 Unauthorized)".into()
                }
            },
            404 if self.is_kind_not_served() => {
                "the cluster does not serve this kind of object (404)".into()
            }
            409 if !self.fields.is_empty() => {
                format!(
                    "other field managers set what would be changed{}",
                    self.listed()
                )
            }
            422 if !self.fields.is_empty() => {
                format!("the API server finds it invalid{}", self.listed())
            }
            500 if self.is_unknown_field() => format!("the API server finds it invalid: {message}"),
            code => format!("the API server answered {code}: {message}"),
        }
    }

    fn listed(&self) -> String {
        let mut lines = String::new();
        for (field, message) in &self.fields {
            lines = format!("{lines}\n  {field}: {message}");
        }
        lines
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())?;
        if self.tries > 1 && self.code >= 429 {
            write!(f, " ({} tries)", self.tries)?;
        }
        Ok(())
    }
}

/// An answer that is no Status: the text of a web page, or whatever it is, not too much of it.
fn page(body: &str) -> String {
    let body = body.trim();
    let mut text = String::new();
    let mut inside = false;
    let is_html = body.starts_with('<');
    for character in body.chars().take(LONGEST) {
        match character {
            '<' if is_html => inside = true,
            '>' if is_html => {
                inside = false;
                text.push(' ');
            }
            _ if inside => {}
            character => text.push(character),
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let short = words.join(" ").chars().take(300).collect::<String>();
    if is_html {
        format!("a web page: {short}")
    } else {
        short
    }
}

fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn status(code: u16, reason: &str, message: &str, details: &Value) -> Refusal {
        let body = json!({
            "kind": "Status", "status": "Failure",
            "reason": reason, "message": message, "code": code, "details": details,
        });
        Refusal::new(code, body.to_string().as_bytes(), &[])
    }

    #[test]
    fn every_refusal_is_told_in_words() {
        let none = json!({});
        for (code, reason, message, details, words) in [
            (
                404,
                "NotFound",
                "the server could not find the requested resource",
                &none,
                "the cluster does not serve this kind of object (404)",
            ),
            (
                404,
                "NotFound",
                "namespaces \"m\" not found",
                &json!({"name": "m", "kind": "namespaces"}),
                "the API server answered 404: namespaces \"m\" not found",
            ),
            (
                409,
                "Conflict",
                "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using v1: .spec.endpoints",
                &json!({"causes": [{
                    "reason": "FieldManagerConflict", "field": ".spec.endpoints",
                    "message": "conflict with \"kubectl-edit\" using v1",
                }]}),
                "other field managers set what would be changed\n  .spec.endpoints: conflict with \"kubectl-edit\" using v1",
            ),
            (
                422,
                "Invalid",
                "Secret \"s\" is invalid: metadata.name: Invalid value",
                &json!({"causes": [{"reason": "FieldValueInvalid", "field": "metadata.name", "message": "Invalid value"}]}),
                "the API server finds it invalid\n  metadata.name: Invalid value",
            ),
            (
                500,
                "",
                "failed to create typed patch object (m/k; v1): .spec.x: field not declared in schema",
                &none,
                "the API server finds it invalid: failed to create typed patch object (m/k; v1): .spec.x: field not declared in schema",
            ),
            (
                403,
                "Forbidden",
                "secrets \"s\" is forbidden: unable to create new content in namespace m because it is being terminated",
                &none,
                "its namespace is being deleted, and nothing new may be created in it",
            ),
            (
                400,
                "",
                "admission webhook \"w.corp\" denied the request: no team\nlabel",
                &none,
                "the admission webhook w.corp denies it: no team label",
            ),
            (
                500,
                "InternalError",
                "Internal error occurred: failed calling webhook \"w.corp\": failed to call webhook: Post \"https://w\": refused",
                &none,
                "the admission webhook w.corp cannot be asked: failed to call webhook: Post \"https://w\": refused",
            ),
            (
                413,
                "RequestEntityTooLarge",
                "Request entity too large: limit is 3145728",
                &none,
                "it is larger than the cluster accepts: Request entity too large: limit is 3145728",
            ),
            (
                401,
                "Unauthorized",
                "Unauthorized",
                &none,
                "the API server does not accept these credentials (401 Unauthorized)",
            ),
        ] {
            assert_eq!(status(code, reason, message, details).to_string(), words);
        }
    }

    #[test]
    fn an_escalation_is_told_in_words_whole() {
        let mut message = "clusterroles.rbac.authorization.k8s.io \"n\" is forbidden: user \"u\" (groups=[\"a\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"nodes/metrics\"], Verbs:[\"get\"]}\n{NonResourceURLs:[\"/metrics\"], Verbs:[\"get\"]}".to_owned();
        let refusal = status(403, "Forbidden", &message, &json!({}));
        assert_eq!(
            refusal.to_string(),
            "u may not grant rights that this user does not hold\n  missing: get nodes/metrics; get /metrics"
        );
        for _ in 0..100 {
            message.push_str("\n{APIGroups:[\"discovery.k8s.io\"], Resources:[\"endpointslices\"], ResourceNames:[\"x\"], Verbs:[\"list\" \"watch\"]}");
        }
        let missing = status(403, "Forbidden", &message, &json!({}))
            .escalation
            .expect("one")
            .missing;
        assert_eq!(missing.len(), 102);
        assert!(
            missing[101].ends_with("endpointslices.discovery.k8s.io x"),
            "{}",
            missing[101]
        );
    }

    #[test]
    fn a_changed_object_is_no_conflict_of_fields() {
        for (code, reason, message, stale) in [
            (
                409,
                "Conflict",
                "Operation cannot be fulfilled on secrets \"s\": the object has been modified; please apply your changes to the latest version and try again",
                true,
            ),
            (
                409,
                "Conflict",
                "Operation cannot be fulfilled on secrets \"s\": Precondition failed: UID in precondition: a, UID in object meta: b",
                true,
            ),
            (409, "AlreadyExists", "secrets \"s\" already exists", false),
            (
                500,
                "",
                "resourceVersion should not be set on objects to be created",
                true,
            ),
            (404, "NotFound", "secrets \"s\" not found", false),
        ] {
            assert_eq!(
                status(code, reason, message, &json!({})).is_stale(),
                stale,
                "{message}"
            );
        }
        let conflict = status(
            409,
            "Conflict",
            "Apply failed with 1 conflict",
            &json!({"causes": [{"field": ".a", "message": "conflict with \"helm\" using v1"}]}),
        );
        assert!(!conflict.is_stale());
        assert_eq!(conflict.conflicts(), [("helm", ".a")]);
    }

    #[test]
    fn a_secret_is_not_repeated() {
        let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=";
        let body = json!({
            "message": format!("invalid: {secret}"), "reason": "Invalid",
            "details": {"causes": [{"field": "data", "message": secret}]},
        });
        let refusal = Refusal::new(422, body.to_string().as_bytes(), &[secret]);
        assert!(!format!("{refusal:?}").contains("c2VjcmV0LX"));
    }

    #[test]
    fn a_web_page_is_told_from_an_api_server() {
        let page = Refusal::new(502, b"<html><h1>bad gateway</h1>\n nginx</html>", &[]);
        assert_eq!(
            page.to_string(),
            "the API server answered 502: a web page: bad gateway nginx"
        );
        assert_eq!(
            Refusal::new(500, b"", &[]).to_string(),
            "the API server answered 500: no reason given"
        );
        let plain = Refusal::new(404, b"404 page not found\n", &[]);
        assert!(plain.is_kind_not_served());
    }

    #[test]
    fn no_text_is_too_strange() {
        let sentences = [
            r#"nodes "n1" is forbidden: User "a" cannot get resource "nodes/proxy" in API group "" in the namespace "m": why"#,
            r#"forbidden: User "jané" cannot get path "/metrics""#,
            "r \"n\" is forbidden: user \"u\" (groups=[\"a\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"é\"], Verbs:[\"get\"]}",
            "admission webhook \"w\" denied the request: é",
            "failed calling webhook \"w\": é",
            "Apply failed with 1 conflict: conflict with \"m\" using v1: .é",
            "<html>é<body>x</body>",
            "\u{202e}\u{1b}[31m\u{0}",
        ];
        for sentence in sentences {
            let ends = sentence.char_indices().map(|(index, _)| index);
            for end in ends.chain([sentence.len()]) {
                for text in [&sentence[..end], &sentence[end..]] {
                    for code in [302, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
                        let causes = json!({"causes": [{"field": "f", "message": text}]});
                        let refusal = status(code, "", text, &causes);
                        assert!(!refusal.to_string().is_empty());
                        let _ = (refusal.hint(), refusal.conflicts(), refusal.is_stale());
                        let raw = Refusal::new(code, text.as_bytes(), &[text]);
                        assert!(!raw.to_string().is_empty());
                    }
                }
            }
        }
    }
}
