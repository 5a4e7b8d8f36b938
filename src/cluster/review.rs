//! What the API server says of us, and of what others may do.

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};

use crate::client::{Call, Cluster, Failure};
use crate::rbac::bindings::Identity;
use crate::rbac::{Right, Scope};

/// How many questions about others are under way at the same time.
const AT_ONCE: usize = 16;
/// How many questions about ourselves: those are cheap, and there are few.
const OWN_AT_ONCE: usize = 128;

/// Whether somebody may do something somewhere.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who.
    pub identity: Identity,
    /// What.
    pub right: Right,
    /// Where.
    pub scope: Scope,
}

/// What the API server said to some questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Yes or no to each.
    Known(Vec<bool>),
    /// It does not answer this caller; why.
    NotForUs(String),
}

impl Call {
    /// Who the API server says we are: `/status/userInfo/username` of the answer.
    pub(super) fn who_am_i() -> Self {
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        Self::review("SelfSubjectReview", path, review)
    }
}

/// A `SelfSubjectAccessReview`, which everybody may ask who can log in.
fn self_review(right: &Right, scope: &Scope) -> Call {
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": attributes(right, scope),
    });
    Call::review("SelfSubjectAccessReview", path, review)
}

fn attributes(right: &Right, scope: &Scope) -> Value {
    let (group, resource, verb, name) = match right {
        Right::Url { path, verb } => {
            return json!({"nonResourceAttributes": {"path": path, "verb": verb}});
        }
        Right::Resource {
            group,
            resource,
            verb,
            name,
        } => (group, resource, verb, name),
    };
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let namespace = match scope {
        // Of a request about a Namespace the API server takes that for the namespace too.
        Scope::Cluster if group.is_empty() && resource == "namespaces" => {
            name.as_deref().unwrap_or_default()
        }
        Scope::Cluster => "",
        Scope::Namespace(namespace) => namespace,
    };
    json!({"resourceAttributes": {
        "group": group, "resource": resource, "subresource": subresource,
        "verb": verb, "name": name, "namespace": namespace,
    }})
}

impl Question {
    fn call(&self) -> Call {
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let mut spec = attributes(&self.right, &self.scope);
        spec["user"] = self.identity.user.clone().into();
        spec["groups"] = self.identity.groups.clone().into();
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
        });
        Call::review("SubjectAccessReview", path, review)
    }
}

impl Cluster {
    /// Who the API server says we are.
    pub async fn who_am_i(&self) -> Option<String> {
        let (user, _) = self.identify().await.ok()?;
        (!user.is_empty()).then_some(user)
    }

    /// Whether we may do it.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub async fn may_i(&self, right: &Right, scope: &Scope) -> Result<bool, Box<Failure>> {
        let answer = self.send(self_review(right, scope)).await?;
        Ok(answer.body["status"]["allowed"] == true)
    }

    /// Whether we may do each of these.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub async fn may_i_each(&self, rights: &[(Right, Scope)]) -> Result<Vec<bool>, Box<Failure>> {
        let asked = rights.iter().map(|(right, scope)| self.may_i(right, scope));
        let mut answered = stream::iter(asked).buffered(OWN_AT_ONCE);
        let mut allowed = Vec::new();
        while let Some(answer) = answered.next().await {
            allowed.push(answer?);
        }
        Ok(allowed)
    }

    /// Asks the API server's authorizers, some questions at a time.
    ///
    /// # Errors
    /// Whatever keeps the server from answering, other than that it does not answer this caller.
    pub async fn ask(&self, questions: &[Question]) -> Result<Answers, Box<Failure>> {
        let asked = questions.iter().map(|question| self.send(question.call()));
        let mut answered = stream::iter(asked).buffered(AT_ONCE);
        let mut allowed = Vec::new();
        while let Some(answer) = answered.next().await {
            match answer {
                Ok(answer) => allowed.push(answer.body["status"]["allowed"] == true),
                Err(failure) if failure.denied().is_some() => {
                    return Ok(Answers::NotForUs(failure.to_string()));
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(Answers::Known(allowed))
    }
}
