//! What a plan asks where the instance moves to another destination.

use super::Selecting;
use crate::object::{Kind, ObjectRef};
use crate::rbac::Right;
use crate::spec::{Consumer, Names};

/// The objects of prometheus-operator that read Secrets of their namespace beside those that monitors name.
#[must_use]
pub const fn readers_of_secrets(consumer: Consumer) -> &'static [Selecting] {
    match consumer {
        Consumer::Prometheus => &[Selecting::Prometheus, Selecting::PrometheusAgent],
        Consumer::GrafanaAgent | Consumer::Alloy => &[],
    }
}

/// The Secret of jobs, which a plan for another destination does not read.
#[must_use]
pub fn secret_of_jobs(names: &Names) -> Option<ObjectRef> {
    let has_one = names.consumer == Consumer::GrafanaAgent;
    has_one.then(|| ObjectRef::namespaced(Kind::Secret, &names.namespace, &names.agent_jobs()))
}

/// The permissions in the instance's namespace to find what the destination before holds and what still needs it.
#[must_use]
pub fn for_a_move(names: &Names) -> Vec<Right> {
    let consumer = names.consumer;
    let kinds = consumer.kinds().into_iter();
    let kinds = kinds.map(|kind| Right::resource(kind.group(), kind.plural(), "list"));
    let readers = readers_of_secrets(consumer).iter().map(|kind| {
        let (group, resource) = kind.resource();
        Right::resource(group, resource, "list")
    });
    kinds
        .chain(readers)
        .chain([Right::resource("", "pods", "list")])
        .chain(secret_of_jobs(names).map(|secret| {
            let right = Right::resource("", "secrets", "get");
            right.named(&secret.name)
        }))
        .collect()
}
