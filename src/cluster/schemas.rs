//! Monitors as the cluster's own operator knows them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde::Deserialize;

use crate::client::shape::OPENAPI;
use crate::client::{Call, Cluster};
use crate::object::{Kind, metadata};
use crate::render::{OPERATOR_VERSION, Schema};

/// In which prometheus-operator says of a CRD which version it belongs to.
const VERSION: &str = "operator.prometheus.io/version";
const CRD: (&str, &str) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");

impl Cluster {
    /// The kind again, if its CRD is not known to be of the version whose schemas monconf carries. Only the CRD's
    /// metadata is asked for, and of the API server's cache: a whole one has hundreds of kilobytes, and takes twenty times
    /// as long to be read from etcd.
    pub(super) async fn unfamiliar(&self, kind: Kind) -> Option<Kind> {
        let path = format!("{}?resourceVersion=0", path(kind));
        let call = Call::get_named(&subject(kind), &path, CRD, &crd(kind)).metadata_only();
        let is_known = match self.send(call).await {
            Ok(answer) => metadata(&answer.body, "annotations", VERSION) == Some(OPERATOR_VERSION),
            Err(failure) => failure.is_not_found(),
        };
        (!is_known).then_some(kind)
    }

    /// The schemas of these kinds, as far as they can be had; of the document that is open to everybody where CRDs are
    /// not to be asked for.
    pub async fn schemas(&self, kinds: BTreeSet<Kind>, of_crds: bool) -> BTreeMap<Kind, Schema> {
        let schemas = join_all(kinds.into_iter().map(async |kind| {
            let schema = if of_crds {
                self.schema(kind).await
            } else {
                self.published(kind).await
            };
            schema.map(|schema| (kind, schema))
        }));
        schemas.await.into_iter().flatten().collect()
    }

    /// From the CRD, or where the caller may not read that from the `OpenAPI` document, which is larger and open to
    /// everybody who can log in.
    async fn schema(&self, kind: Kind) -> Option<Schema> {
        let call = Call::get_named(&subject(kind), &path(kind), CRD, &crd(kind));
        match self.send(call).await {
            Ok(answer) => Schema::of_crd(&answer.body, version(kind)),
            Err(failure) if failure.is_not_found() => None,
            Err(_) => self.published(kind).await,
        }
    }

    /// `components.schemas` of the document names a kind by its group in reverse: `com.coreos.monitoring.v1.PodMonitor`.
    async fn published(&self, kind: Kind) -> Option<Schema> {
        let path = format!("/openapi/v3/apis/{}", kind.api_version());
        let call = Call::document("the OpenAPI document", &path, &OPENAPI);
        let answer = self.send(call).await.ok()?;
        let mut group: Vec<&str> = kind.group().split('.').collect();
        group.reverse();
        let name = format!("{}.{}.{}", group.join("."), version(kind), kind.name());
        Schema::deserialize(&answer.body["components"]["schemas"][name]).ok()
    }
}

fn crd(kind: Kind) -> String {
    format!("{}.{}", kind.plural(), kind.group())
}

fn subject(kind: Kind) -> String {
    format!("CustomResourceDefinition {}", crd(kind))
}

fn path(kind: Kind) -> String {
    format!(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}",
        crd(kind)
    )
}

fn version(kind: Kind) -> &'static str {
    kind.api_version().rsplit('/').next().unwrap_or_default()
}
