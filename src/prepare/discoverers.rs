//! With prometheus-operator: what the cluster's own operator and Prometheus make of the monitors.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use crate::access::Grants;
use crate::client::Cluster;
use crate::cluster::Snapshot;
use crate::object::Kind;
use crate::plan::differs;
use crate::render::{Desired, Discoverer};

/// Kinds of monitors that would be written, and whose fields the cluster may not all know.
pub(super) fn unfitted(desired: &Desired, snapshot: &Snapshot) -> BTreeSet<Kind> {
    let written = desired.objects.iter().filter(|object| {
        let live = snapshot.objects.get(&object.reference);
        live.is_none_or(|live| differs(live, &object.value))
    });
    let kinds = written.map(|object| object.reference.kind);
    kinds
        .filter(|kind| snapshot.unfamiliar.contains(kind))
        .collect()
}

/// A sentence for a Prometheus that does not look where targets are.
pub(super) fn confined(discoverer: &Discoverer) -> Option<String> {
    (!discoverer.confined.is_empty()).then(|| {
        format!(
            "{} has ignoreNamespaceSelectors: it looks into the monitors' own namespace only, and finds no targets of {} elsewhere",
            discoverer.who,
            discoverer.confined.join(", ")
        )
    })
}

/// A sentence for each Prometheus that may not find what it is given to scrape.
pub(super) async fn lacking(cluster: &Cluster, discoverers: &[Discoverer]) -> Vec<String> {
    let unknown =
        |who: &str, why: &str| format!("{who}; whether that account may do so is not known: {why}");
    let asked = discoverers.iter().map(|discoverer| async move {
        let who = format!(
            "{} discovers as ServiceAccount {}/{}",
            discoverer.who, discoverer.namespace, discoverer.service_account
        );
        match cluster.lacking(discoverer).await {
            Ok(Ok(lacking)) if lacking.is_empty() => None,
            Ok(Ok(lacking)) => Some(format!("{who}, which lacks {}", Grants::of(&lacking))),
            Ok(Err(why)) => Some(unknown(&who, &why)),
            Err(failure) => Some(unknown(&who, &failure.to_string())),
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}
