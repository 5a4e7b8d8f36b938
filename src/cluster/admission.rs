//! What a cluster serves, and what it makes of a Pod, asked without storing anything.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::Value;

use super::read::Outcome;
use crate::client::{Call, Cause, Cluster};
use crate::object::{Kind, ObjectRef};

/// What an API server says of a Pod that it need not store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It would be admitted.
    Admitted,
    /// Pod Security admission refuses it; in the server's words.
    Refused(String),
    /// The caller may not create Pods there.
    NotForUs,
    /// It does not come to that: something else is in the way, as a quota or a webhook; in the server's words.
    Unknown(String),
}

impl Cluster {
    /// The resource of each kind in these API versions, and whether its objects are in namespaces. Discovery is open to
    /// everybody who can log in.
    ///
    /// # Errors
    /// A discovery document that cannot be read.
    pub async fn kinds(
        &self,
        versions: BTreeSet<String>,
    ) -> Outcome<BTreeMap<(String, String), (String, bool)>> {
        let documents = join_all(versions.into_iter().map(async |version| {
            let root = if version.contains('/') { "apis" } else { "api" };
            let call = Call::kinds(&format!("/{root}/{version}"));
            match self.send(call).await {
                Err(failure) if failure.is_not_found() => Ok((version, Value::Null)),
                answer => answer.map(|answer| (version, answer.body)),
            }
        }));
        let mut kinds = BTreeMap::new();
        for document in documents.await {
            let (version, document) = document?;
            for resource in document["resources"].as_array().into_iter().flatten() {
                let (Some(kind), Some(name)) =
                    (resource["kind"].as_str(), resource["name"].as_str())
                else {
                    continue;
                };
                if !name.contains('/') {
                    let served = (name.to_owned(), resource["namespaced"] == true);
                    kinds.insert((version.clone(), kind.to_owned()), served);
                }
            }
        }
        Ok(kinds)
    }

    /// An object, if it exists and may be read.
    pub async fn seen(&self, object: &ObjectRef) -> Option<Value> {
        self.send(Call::get(object))
            .await
            .ok()
            .map(|answer| answer.body)
    }

    /// Whether it is certain that a Namespace does not exist.
    pub async fn lacks_namespace(&self, name: &str) -> bool {
        let namespace = ObjectRef::cluster(Kind::Namespace, name);
        let answer = self.send(Call::get(&namespace)).await;
        answer.is_err_and(|failure| failure.is_not_found())
    }

    /// Has a Pod admitted without being stored (`dryRun=All`).
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn try_pod(&self, namespace: &str, pod: Value) -> Outcome<Tried> {
        let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
        let subject = format!("a Pod in {namespace}, as a dry run");
        match self.send(Call::review(&subject, &path, pod)).await {
            Ok(_) => Ok(Tried::Admitted),
            Err(failure) => match &failure.cause {
                Cause::Refused(_) if failure.denied().is_some() => Ok(Tried::NotForUs),
                Cause::Refused(refusal) => Ok(said(&refusal.message)),
                _ => Err(failure),
            },
        }
    }
}

/// `pods "p" is forbidden: violates PodSecurity "restricted:latest": …`
/// (`k8s.io/pod-security-admission/admission`).
fn said(message: &str) -> Tried {
    match message.split_once("violates PodSecurity ") {
        Some((_, why)) => Tried::Refused(why.to_owned()),
        None => Tried::Unknown(message.to_owned()),
    }
}
