//! `monconf status`: what is there, how its tokens are, and what is due.

mod access;
mod compared;
mod exposition;
mod files;
mod token;

use serde_json::Value;
use testbed::Scope;

use crate::support::{Monconf, Run};

/// `monconf status` for the instance of a test.
fn status(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::for_consumer("status", scope, arguments).run()
}

/// The rows of `-o json` about the instance of a test.
fn rows(scope: &Scope, arguments: &[&str]) -> Vec<Value> {
    let run = status(scope, &[&["-o", "json"], arguments].concat());
    let report: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|_| panic!("stdout:\n{}\nstderr:\n{}", run.stdout, run.stderr));
    let rows = report["instances"].as_array().unwrap().iter();
    rows.filter(|row| row["namespace"] == scope.namespace.as_str())
        .cloned()
        .collect()
}

/// The only one.
#[track_caller]
fn row(scope: &Scope, arguments: &[&str]) -> Value {
    let mut rows = rows(scope, arguments);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.remove(0)
}
