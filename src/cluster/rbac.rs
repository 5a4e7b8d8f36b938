//! Roles and bindings of the whole cluster, and what the API server says that others may do.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::{Value, json};

use super::failure::Cause;
use super::{Call, Cluster, Failure};
use crate::access::bindings::{Identity, Roles};
use crate::access::{Right, Scope};
use crate::object::Kind;

const ROOT: &str = "/apis/rbac.authorization.k8s.io/v1";
/// Kind and collection of everything that RBAC consists of.
const KINDS: [(&str, &str); 4] = [
    ("ClusterRole", "clusterroles"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("Role", "roles"),
    ("RoleBinding", "rolebindings"),
];
/// How many objects one answer holds at most; as kubectl asks.
const PAGE: usize = 500;
/// How many questions are under way at the same time.
const AT_ONCE: usize = 16;
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

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

impl Cluster {
    /// Every role and binding, read in one wave of lists.
    ///
    /// # Errors
    /// Lists that cannot be read: all refusals together, or the first failure of another kind.
    pub async fn roles(&self) -> Result<Roles, Box<Failure>> {
        let lists = join_all(KINDS.map(|(kind, plural)| self.list(kind, plural))).await;
        let mut roles = Roles::default();
        let mut failures = Vec::new();
        for ((kind, _), items) in KINDS.iter().zip(lists) {
            match items {
                Ok(items) => {
                    for item in items {
                        roles.add(&item, None).map_err(|wrong| {
                            let reason = format!("{}: {}", wrong.pointer, wrong.reason);
                            Failure::unexpected(&format!("read {kind}s"), &reason)
                        })?;
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        match Failure::together(failures) {
            Some(failure) => Err(failure),
            None => Ok(roles),
        }
    }

    async fn list(&self, kind: &str, plural: &str) -> Result<Vec<Value>, Box<Failure>> {
        let subject = format!("{kind}s");
        let mut items = Vec::new();
        let mut next = format!("{ROOT}/{plural}?limit={PAGE}");
        loop {
            let mut page = match self.send(Call::read(&subject, &next)).await {
                Ok(answer) => answer.body,
                // The place where the last page ended is forgotten after some minutes: then all at once.
                Err(failure) if is_expired(&failure) && next.contains("continue=") => {
                    items.clear();
                    let all = format!("{ROOT}/{plural}");
                    self.send(Call::read(&subject, &all)).await?.body
                }
                Err(failure) => return Err(failure),
            };
            if let Value::Array(found) = page["items"].take() {
                items.extend(found.into_iter().map(|mut item| {
                    // Items of a list come without what the list says once.
                    item["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
                    item["kind"] = kind.into();
                    item
                }));
            }
            match page["metadata"]["continue"].as_str() {
                Some(place) if !place.is_empty() => {
                    next = format!("{ROOT}/{plural}?limit={PAGE}&continue={}", query(place));
                }
                _ => return Ok(items),
            }
        }
    }

    /// Whether the cluster serves all of these kinds of monitors.
    ///
    /// # Errors
    /// A discovery document that cannot be read.
    pub async fn serves(&self, kinds: &BTreeSet<Kind>) -> Result<bool, Box<Failure>> {
        let served = join_all(kinds.iter().map(|kind| self.served(*kind))).await;
        let served: Vec<Vec<Kind>> = served.into_iter().collect::<Result<_, _>>()?;
        Ok(served.iter().all(|kinds| !kinds.is_empty()))
    }

    /// Who the API server says we are.
    pub async fn who_am_i(&self) -> Option<String> {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let call = Call::review("SelfSubjectReview", path, review);
        let answer = self.send(call).await.ok()?.body;
        let name = answer.pointer("/status/userInfo/username")?.as_str()?;
        Some(name.to_owned())
    }

    /// Asks the API server's authorizers, some questions at a time.
    ///
    /// # Errors
    /// Whatever keeps the server from answering, other than that it does not answer this caller.
    pub async fn ask(&self, questions: &[Question]) -> Result<Answers, Box<Failure>> {
        let Some((first, others)) = questions.split_first() else {
            return Ok(Answers::Known(Vec::new()));
        };
        let mut answers = match self.review(first).await {
            Ok(answer) => vec![answer],
            Err(failure) if failure.denied().is_some() => {
                return Ok(Answers::NotForUs(failure.to_string()));
            }
            Err(failure) => return Err(failure),
        };
        let mut others =
            stream::iter(others.iter().map(|question| self.review(question))).buffered(AT_ONCE);
        while let Some(answer) = others.next().await {
            answers.push(answer?);
        }
        Ok(Answers::Known(answers))
    }

    async fn review(&self, question: &Question) -> Result<bool, Box<Failure>> {
        let mut spec = match &question.right {
            Right::Url { path, verb } => {
                json!({"nonResourceAttributes": {"path": path, "verb": verb}})
            }
            Right::Resource {
                group,
                resource,
                verb,
                name,
            } => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let namespace = match &question.scope {
                    Scope::Cluster => "",
                    Scope::Namespace(namespace) => namespace,
                };
                json!({"resourceAttributes": {
                    "group": group, "resource": resource, "subresource": subresource,
                    "verb": verb, "name": name, "namespace": namespace,
                }})
            }
        };
        spec["user"] = question.identity.user.clone().into();
        spec["groups"] = question.identity.groups.clone().into();
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
        });
        let answer = self
            .send(Call::review("SubjectAccessReview", REVIEWS, review))
            .await?;
        Ok(answer.body["status"]["allowed"] == true)
    }
}

fn is_expired(failure: &Failure) -> bool {
    matches!(&failure.cause, Cause::Refused(refusal) if refusal.code == 410)
}

/// As part of a query: the API server's tokens are base64 and may end in `=`.
fn query(text: &str) -> String {
    text.replace('%', "%25")
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('&', "%26")
}
