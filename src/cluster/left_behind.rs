//! What a destination that is no longer wanted holds, and what still needs it.

use serde_json::Value;

use super::read::{Outcome, items};
use crate::client::{Call, Cluster};
use crate::object::{Kind, ObjectRef};
use crate::reads::Selecting;

impl Cluster {
    /// Every object of a kind in a namespace, none where the cluster does not serve the kind.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn every(&self, kind: Kind, namespace: &str) -> Outcome<Vec<(ObjectRef, Value)>> {
        let subject = format!("{}s in {namespace}", kind.name());
        let path = kind.collection(Some(namespace));
        let kind_name = (kind.api_version(), kind.name());
        let call = Call::list(&subject, &path, kind_name, Some(namespace));
        match self.send(call).await {
            Ok(answer) => Ok(referenced(kind, answer.body)),
            Err(failure) if failure.is_not_found() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// The objects of an operator in a namespace that read Secrets there, each with what it is called; none where the
    /// cluster does not serve the kind.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn readers(
        &self,
        selecting: Selecting,
        namespace: &str,
    ) -> Outcome<Vec<(String, Value)>> {
        let (_, resource) = selecting.resource();
        let path = selecting
            .path()
            .replace(resource, &format!("namespaces/{namespace}/{resource}"));
        let title = selecting.title();
        let subject = format!("{title} in {namespace}");
        let kind = selecting.kind();
        let call = Call::list(&subject, &path, kind, Some(namespace));
        match self.send(call).await {
            Ok(answer) => Ok(items(answer.body)
                .into_iter()
                .map(|object| {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    (format!("{} {namespace}/{name}", kind.1), object)
                })
                .collect()),
            Err(failure) if failure.is_not_found() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// The Pods of a namespace.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn pods(&self, namespace: &str) -> Outcome<Vec<Value>> {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let subject = format!("Pods in {namespace}");
        let call = Call::list(&subject, &path, ("v1", "Pod"), Some(namespace));
        Ok(items(self.send(call).await?.body))
    }
}

/// The items of a list, each with what the list says once.
pub(super) fn referenced(kind: Kind, list: Value) -> Vec<(ObjectRef, Value)> {
    let objects = items(list).into_iter();
    objects
        .filter_map(|mut object| {
            object["apiVersion"] = kind.api_version().into();
            object["kind"] = kind.name().into();
            let text = |field: &str| Some(object["metadata"][field].as_str()?.to_owned());
            let reference = ObjectRef::namespaced(kind, &text("namespace")?, &text("name")?);
            Some((reference, object))
        })
        .collect()
}
