//! With jobs in a key of a Secret or ConfigMap: what the Prometheus that reads it lacks.

use crate::cluster::Snapshot;
use crate::object::Kind;
use crate::render::{Readers, readers};
use crate::spec::{KeyPlace, Spec};

/// What whoever runs that Prometheus has to know.
pub(super) fn beside_key(
    spec: &Spec,
    place: &KeyPlace,
    mount_dir: &str,
    snapshot: &Snapshot,
) -> Readers {
    let prometheuses = snapshot.prometheuses.as_deref();
    let mut found = match prometheuses.filter(|_| place.at.object.kind == Kind::Secret) {
        Some(prometheuses) => readers(place, mount_dir, &spec.names, prometheuses),
        None => Readers::default(),
    };
    if spec.names.namespace != place.namespace() {
        found.warnings.push(elsewhere(spec, place));
    }
    found
}

fn elsewhere(spec: &Spec, place: &KeyPlace) -> String {
    let (namespace, names) = (place.namespace(), &spec.names);
    format!(
        "the token's Secret {} is in namespace {}, and a Prometheus in namespace {namespace} cannot mount it: use --namespace {namespace}",
        names.token_secret(),
        names.namespace
    )
}
