//! What an operator's objects and Events say of whether a monitor is picked up.

use serde_json::Value;

use super::call::query;
use super::read::items;
use super::{Call, Cluster, Failure};
use crate::object::ObjectRef;

const PROMETHEUS_AGENTS: &str = "/apis/monitoring.coreos.com/v1alpha1/prometheusagents";

impl Cluster {
    /// Every `PrometheusAgent`; none where the cluster does not serve that kind.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn prometheus_agents(&self) -> Result<Vec<Value>, Box<Failure>> {
        let kind = ("monitoring.coreos.com/v1alpha1", "PrometheusAgent");
        let call = Call::list("PrometheusAgent objects", PROMETHEUS_AGENTS, kind, None);
        match self.send(call).await {
            Ok(answer) => Ok(items(answer.body)),
            Err(failure) if failure.is_not_found() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

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
