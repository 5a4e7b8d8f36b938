//! One request in the audit log.

use jiff::Timestamp;
use serde_json::Value;

/// A request as the API server recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The server's id of the request.
    pub id: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for other paths the method.
    pub verb: String,
    /// Path and query.
    pub uri: String,
    /// The HTTP status of the answer.
    pub code: u16,
    /// Who sent it.
    pub user: String,
    /// The groups of the sender.
    pub groups: Vec<String>,
    /// Whom the sender acted as.
    pub impersonated: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The plural; empty when the path names no resource.
    pub resource: String,
    /// The part after the object's name, such as `token`; empty as a rule.
    pub subresource: String,
    /// The object's name; empty for collections.
    pub name: String,
    /// The object's namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Why the authorizer allowed or forbade it.
    pub reason: String,
    /// `Metadata`, as the policy says.
    pub level: String,
    /// When the server began to work on it.
    pub received: Timestamp,
    /// When the server had answered it (a watch that still runs: when it began).
    pub finished: Timestamp,
}

impl Event {
    /// From a line of the log; none where that lacks a time.
    pub fn parse(json: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let object = &json["objectRef"];
        Some(Self {
            id: text(&json["auditID"]),
            verb: text(&json["verb"]),
            uri: text(&json["requestURI"]),
            code: u16::try_from(json["responseStatus"]["code"].as_u64().unwrap_or_default())
                .ok()?,
            user: text(&json["user"]["username"]),
            groups: json["user"]["groups"]
                .as_array()
                .map_or_else(Vec::new, |groups| groups.iter().map(text).collect()),
            impersonated: json["impersonatedUser"]["username"]
                .as_str()
                .map(str::to_owned),
            user_agent: text(&json["userAgent"]),
            group: text(&object["apiGroup"]),
            resource: text(&object["resource"]),
            subresource: text(&object["subresource"]),
            name: text(&object["name"]),
            namespace: text(&object["namespace"]),
            reason: text(&json["annotations"]["authorization.k8s.io/reason"]),
            level: text(&json["level"]),
            received: json["requestReceivedTimestamp"].as_str()?.parse().ok()?,
            finished: json["stageTimestamp"].as_str()?.parse().ok()?,
        })
    }

    /// Whether it only asks a question in the form of a POST, such as `SelfSubjectAccessReview` and `TokenReview`.
    pub fn is_review(&self) -> bool {
        matches!(
            self.group.as_str(),
            "authorization.k8s.io" | "authentication.k8s.io"
        )
    }

    /// Whether it only tries a write.
    pub fn is_dry_run(&self) -> bool {
        self.uri.contains("dryRun=")
    }

    /// Whether it was meant to change something, successful or not: reviews and dry runs are not.
    pub fn is_write(&self) -> bool {
        let verbs = ["create", "update", "patch", "delete", "deletecollection"];
        verbs.contains(&self.verb.as_str()) && !self.is_review() && !self.is_dry_run()
    }
}
