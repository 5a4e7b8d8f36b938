//! The schemas of monitors as the cluster's own operator has them.

use serde::Deserialize;

use super::{Call, Cluster};
use crate::object::Kind;
use crate::render::Schema;

impl Cluster {
    /// The schema of a monitor kind: from its CRD, or where the caller may not read that from the `OpenAPI` document,
    /// which is larger and open to everybody who can log in. None where neither can be had.
    pub(super) async fn schema(&self, kind: Kind) -> Option<(Kind, Schema)> {
        let crd = format!("{}.{}", kind.plural(), kind.group());
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd}");
        let schema = match self
            .send(Call::read(
                &format!("CustomResourceDefinition {crd}"),
                &path,
            ))
            .await
        {
            Ok(answer) => Schema::of_crd(&answer.body, version(kind)),
            Err(failure) if failure.is_not_found() => None,
            Err(_) => self.published(kind).await,
        };
        schema.map(|schema| (kind, schema))
    }

    /// `components.schemas` of the document names a kind by its group in reverse: `com.coreos.monitoring.v1.PodMonitor`.
    async fn published(&self, kind: Kind) -> Option<Schema> {
        let path = format!("/openapi/v3/apis/{}", kind.api_version());
        let answer = self
            .send(Call::read("the OpenAPI document", &path))
            .await
            .ok()?;
        let mut group: Vec<&str> = kind.group().split('.').collect();
        group.reverse();
        let name = format!("{}.{}.{}", group.join("."), version(kind), kind.name());
        Schema::deserialize(&answer.body["components"]["schemas"][name]).ok()
    }
}

fn version(kind: Kind) -> &'static str {
    kind.api_version().rsplit('/').next().unwrap_or_default()
}
