//! What `monconf rbac diff` says of an account that lacks a right.

use monconf::rbac::Scope as Place;
use serde_json::{Value, json};
use testbed::Scope;

use super::case::{Case, Form};
use super::right::Held;
use crate::support::Monconf;

/// Holds it to what monconf's account lacks: exactly `taken`, for exactly the jobs that need it, and nothing is
/// superfluous.
pub(super) fn exactly(scope: &Scope, case: &Case, taken: Option<&Held>) -> Result<(), String> {
    let expected: Vec<Value> = taken.map(|held| missing(case, held)).into_iter().collect();
    let expected = json!({"missing": expected, "surplus": []});
    let mut report = report(scope, case);
    let told = json!({"missing": report["missing"].take(), "surplus": report["surplus"].take()});
    if told == expected {
        Ok(())
    } else {
        Err(format!("rbac diff says {told} instead of {expected}"))
    }
}

fn missing(case: &Case, held: &Held) -> Value {
    let namespace = match &held.place {
        Place::Cluster => None,
        Place::Namespace(namespace) => Some(namespace),
    };
    json!({"right": held.right.to_string(), "namespace": namespace, "jobs": case.needing(held)})
}

/// The report, with the jobs of each missing right by name.
fn report(scope: &Scope, case: &Case) -> Value {
    let consumer = case.form.consumer().name();
    let format = match case.form {
        Form::DropIn | Form::Mounted => "raw",
        Form::Operator => "operator",
        Form::Agent => "static",
        Form::AgentMonitors => "monitors",
        Form::Alloy => "auto",
    };
    let run = Monconf::new([
        "rbac", "diff", consumer, "--output", "json", "--format", format,
    ])
    .args(["--name", &scope.name, "--namespace", &scope.namespace])
    .args(case.flags())
    .kubeconfig(scope.kubeconfig())
    .run()
    .ok();
    let mut report: Value = serde_json::from_str(&run.stdout).unwrap();
    for need in report["missing"].as_array_mut().unwrap() {
        let mut jobs: Vec<String> = serde_json::from_value(need["jobs"].take()).unwrap();
        jobs.sort();
        need["jobs"] = json!(jobs);
    }
    report
}
