//! Cutting a run off at one of its requests.

use std::sync::atomic::{AtomicUsize, Ordering};

use testbed::relay::Request;
use testbed::{Fault, FaultRelay, Scope};

pub(crate) fn is_write(request: &Request) -> bool {
    request.method != "GET" && !request.path.contains("selfsubject")
}

pub(crate) fn general(text: &str, scope: &Scope) -> String {
    text.replace(&scope.namespace, "NAMESPACE")
        .replace(&scope.name, "NAME")
}

pub(crate) fn name(request: &Request, scope: &Scope) -> String {
    format!("{} {}", request.method, general(&request.path, scope))
}

/// A relay that does `fault` to the `occurrence`th request called `wanted`.
pub(crate) fn relay(scope: &Scope, wanted: &str, occurrence: usize, fault: Fault) -> FaultRelay {
    let wanted = wanted.to_owned();
    let (namespace, instance) = (scope.namespace.clone(), scope.name.clone());
    let seen = AtomicUsize::new(0);
    scope.cp.relay(move |request| {
        let path = request
            .path
            .replace(&namespace, "NAMESPACE")
            .replace(&instance, "NAME");
        let this = format!("{} {path}", request.method) == wanted;
        if this && seen.fetch_add(1, Ordering::SeqCst) == occurrence {
            fault.clone()
        } else {
            Fault::Pass
        }
    })
}

/// Waits until the request is held.
pub(crate) fn wait_until_held(relay: &FaultRelay, scope: &Scope, wanted: &str, occurrence: usize) {
    let found = || {
        relay
            .seen()
            .iter()
            .filter(|request| name(request, scope) == wanted)
            .count()
    };
    testbed::poll::until(wanted, || found() > occurrence);
}

/// Each write with how many of the same name came before it.
pub(crate) fn numbered(writes: &[String]) -> Vec<(String, usize)> {
    let earlier = |index: usize| {
        writes[..index]
            .iter()
            .filter(|other| **other == writes[index])
            .count()
    };
    (0..writes.len())
        .map(|index| (writes[index].clone(), earlier(index)))
        .collect()
}
