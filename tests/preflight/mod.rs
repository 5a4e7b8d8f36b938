//! `monconf preflight`: that it tells exactly the rights that a command line takes, and that its roles give them.

mod case;
mod escalation;
mod exact;
mod manifests;
mod offline;
mod suffices;
mod wrong;

use serde_json::Value;
use testbed::{Scope, User};

use crate::support::{Monconf, Run};

/// `monconf preflight ARGUMENTS…` for a test's instance, asked by `user`.
fn preflight(scope: &Scope, user: &User, arguments: &[&str]) -> Run {
    Monconf::for_consumer("preflight", scope, arguments)
        .kubeconfig(&user.kubeconfig)
        .run()
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// The documents of `-o yaml`.
fn documents(yaml: &str) -> Vec<Value> {
    yaml::parse(yaml, "preflight").unwrap_or_else(|error| panic!("{error}:\n{yaml}"))
}

/// What an administrator's `kubectl apply` does.
fn apply(scope: &Scope, documents: &[Value]) {
    for document in documents {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        let kind = text("/kind").unwrap().to_lowercase();
        let name = text("/metadata/name").unwrap();
        let root = match kind.as_str() {
            "namespace" => "/api/v1".to_owned(),
            _ => "/apis/rbac.authorization.k8s.io/v1".to_owned(),
        };
        let place = text("/metadata/namespace");
        let place = place.map_or(String::new(), |place| format!("/namespaces/{place}"));
        let path = format!("{root}{place}/{kind}s/{name}");
        let applied = scope.cp.admin().apply(&path, document, "kubectl");
        applied.unwrap_or_else(|failure| panic!("{failure}: {document}"));
    }
}
