//! What an operator's objects and Events say of whether a monitor is picked up.

use serde_json::Value;

use super::read::items;
use crate::client::call::query;
use crate::client::{Call, Cluster, Failure};
use crate::object::ObjectRef;

impl Cluster {
    /// The Events of type Warning about an object.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn warnings_about(&self, object: &ObjectRef) -> Result<Vec<Value>, Box<Failure>> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let selector = format!(
            "type=Warning,involvedObject.kind={},involvedObject.name={}",
            object.kind.name(),
            object.name
        );
        let path = format!(
            "/api/v1/namespaces/{namespace}/events?fieldSelector={}",
            query(&selector)
        );
        let subject = format!("Events in namespace {namespace}");
        let call = Call::list(&subject, &path, ("v1", "Event"), Some(namespace));
        let answer = self.send(call).await?;
        Ok(items(answer.body))
    }
}
