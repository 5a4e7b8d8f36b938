//! Tokens of an account made by hand that nobody's time ends.

use serde_json::Value;

use crate::client::Cluster;
use crate::cluster::Snapshot;
use crate::object::{Kind, ObjectRef, metadata};
use crate::plan::is_ours;
use crate::spec::Spec;

/// Which account a legacy token is of (`ServiceAccountNameKey` in `core/v1` of the Kubernetes API).
const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// A sentence for each legacy token of a ServiceAccount that exists and is not monconf's yet. Whoever may not list
/// Secrets is told nothing.
pub(super) async fn legacy(spec: &Spec, cluster: &Cluster, snapshot: &Snapshot) -> Vec<String> {
    let names = &spec.names;
    let account = ObjectRef::namespaced(
        Kind::ServiceAccount,
        &names.namespace,
        &names.service_account(),
    );
    let live = snapshot.objects.get(&account);
    if live.is_none_or(|live| is_ours(live, names)) {
        return Vec::new();
    }
    let secrets = cluster.legacy_tokens(&names.namespace).await;
    let of_account = |secret: &&Value| {
        metadata(secret, "annotations", ACCOUNT) == Some(account.name.as_str())
            // That one is replaced.
            && secret["metadata"]["name"] != names.token_secret().as_str()
    };
    let secrets = secrets.unwrap_or_default();
    let secrets = secrets.iter().filter(of_account);
    secrets
        .filter_map(|secret| secret["metadata"]["name"].as_str())
        .map(|name| {
            let namespace = &names.namespace;
            format!(
                "Secret {namespace}/{name} holds a token of {account} that never expires; once nobody uses it, delete it, which revokes it: kubectl -n {namespace} delete secret {name}"
            )
        })
        .collect()
}
