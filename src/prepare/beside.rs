//! With jobs in somebody else's hands: what whoever runs them lacks.

use crate::cluster::Snapshot;
use crate::object::Kind;
use crate::render::{Readers, attached, mounted, readers};
use crate::spec::{Form, KeyPlace, Spec};

/// What the owners of other objects have to know.
pub(super) fn beside(spec: &Spec, form: &Form, snapshot: &Snapshot) -> Readers {
    match form {
        Form::Key { place, mount_dir } => beside_key(spec, place, mount_dir, snapshot),
        Form::Agent { .. } => attached(
            spec,
            &mounted(spec),
            snapshot
                .operators
                .grafana_agents
                .as_deref()
                .unwrap_or_default(),
            &snapshot.namespace_labels(spec),
        ),
        _ => Readers::default(),
    }
}

/// What whoever runs the Prometheus that reads the key has to know.
fn beside_key(spec: &Spec, place: &KeyPlace, mount_dir: &str, snapshot: &Snapshot) -> Readers {
    let prometheuses = snapshot.operators.prometheuses.as_deref();
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
    let title = names.consumer.title();
    format!(
        "the token's Secret {} is in namespace {}, and a {title} in namespace {namespace} cannot mount it: use --namespace {namespace}",
        names.token_secret(),
        names.namespace
    )
}
