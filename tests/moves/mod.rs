//! An instance that moves to another destination: what the one before held is deleted in the same run, what names a Secret
//! before the Secret, and what is still needed stays.

mod agents;
mod needed;
mod operator;

use serde_json::Value;
use testbed::Scope;

use crate::support::{Monconf, Run};

fn monconf(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, arguments).run()
}

/// Names of the objects in a collection of the namespace.
fn names(scope: &Scope, api: &str, plural: &str) -> Vec<String> {
    let path = format!("{api}/namespaces/{}/{plural}", scope.namespace);
    let list = scope.admin().get(&path).unwrap();
    let name = |item: &Value| item["metadata"]["name"].as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(name).collect()
}

/// The Secrets and ConfigMaps that the user of a test deleted must have been deleted after everything that named them.
fn is_in_order(scope: &Scope) {
    let events = scope.cp.audit(&scope.user.name);
    let deleted = |is_secret: bool| {
        let deleted = events.iter().enumerate().filter(move |(_, event)| {
            event.verb == "delete" && (event.resource == "secrets") == is_secret
        });
        deleted.map(|(index, _)| index).collect::<Vec<_>>()
    };
    let (secrets, others) = (deleted(true), deleted(false));
    assert!(!secrets.is_empty(), "{events:#?}");
    assert!(others.iter().max() < secrets.iter().min(), "{events:#?}");
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}
