//! Whoever holds what `-o yaml` grants, and nothing else, can run the command, and uses all of it.

use std::collections::BTreeSet;
use std::thread;

use serde_json::Value;
use testbed::{ControlPlane, Event, User};

use super::case::{Case, elsewhere, operator, others};
use super::{apply, documents, report};
use crate::support::rights::asked;

/// `VERB GROUP/RESOURCE NAME` of each need that is sure to be used, and of those that need not be.
fn needs(report: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut sure, mut perhaps) = (BTreeSet::new(), BTreeSet::new());
    for need in report["needs"].as_array().unwrap() {
        let text = |key: &str| need[key].as_str().unwrap_or_default();
        let right = if need["nonResourceURL"].is_string() {
            format!("{} {}", text("verb"), text("nonResourceURL"))
        } else {
            format!(
                "{} {}/{} {}",
                text("verb"),
                text("apiGroup"),
                text("resource"),
                text("resourceName")
            )
        };
        if need["required"] == true {
            sure.insert(right);
        } else {
            perhaps.insert(right);
        }
    }
    (sure, perhaps)
}

fn requests(cp: &ControlPlane, user: &User, since: usize) -> Vec<Event> {
    cp.audit(&user.name).split_off(since)
}

fn whole(cp: &ControlPlane, case: &Case) {
    let name = case.name;
    let scope = cp.scope(&format!("preflight {name}").replace([' ', '\''], "-"));
    let folder = tempfile::tempdir().unwrap();
    case.prepare(&scope, folder.path());
    let user = cp.user(&format!("caller-{}", scope.name), &[]);
    // The administrator asks for the user, and the user for themselves: the same is missing.
    let of_other = case
        .ask(&scope, folder.path(), &["--as", &user.name, "-o", "yaml"])
        .run()
        .exit(1);
    apply(&scope, &documents(&of_other.stdout));
    let ask = || {
        case.ask(&scope, folder.path(), &["-o", "json"])
            .kubeconfig(&user.kubeconfig)
            .run()
    };
    // The authorizer learns of new roles within a moment.
    let mut green = ask();
    for _ in 0..200 {
        let is_open = |need: &&Value| {
            let opens = need["resource"] == "secrets"
                && need["resourceName"].is_null()
                && need["verb"] == "list";
            need["held"] == false && !opens
        };
        let found = report(&green);
        let open = found["needs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(is_open)
            .count();
        if green.code == 0 && open == 0 {
            break;
        }
        green = ask();
    }
    let found = report(&green);
    assert_eq!(
        (green.code, &found["missing"]),
        (0, &Value::from(0)),
        "{name}: {found:#}"
    );
    let since = cp.audit(&user.name).len();
    for _ in 0..case.times {
        let run = case
            .monconf(&scope, folder.path())
            .kubeconfig(&user.kubeconfig)
            .run();
        // Targets of a test's instance need not answer.
        let is_verified = case.command[0] == "verify" && !run.stdout.contains("denied");
        assert!(run.code == 0 || is_verified, "{name}: {run:?}");
    }
    let events = requests(cp, &user, since);
    // A status looks at the instances of other tests too.
    let is_of_instance = |event: &&Event| {
        ["secrets", "clusterroles", "clusterrolebindings"].contains(&event.resource.as_str())
    };
    let is_own = |event: &&Event| {
        event.name.contains(&scope.name) || !is_of_instance(event) || event.name.is_empty()
    };
    let left_out = |event: &&Event| event.resource == "secrets" && event.verb == "list";
    let refused: Vec<String> = events
        .iter()
        .filter(|event| event.code == 403 && is_own(event) && !left_out(event))
        .flat_map(asked)
        .collect();
    assert!(refused.is_empty(), "{name}: {refused:#?}");
    let exercised: BTreeSet<String> = events.iter().flat_map(asked).collect();
    let (sure, _) = needs(&found);
    let unused: Vec<&String> = sure
        .iter()
        .filter(|right| !exercised.contains(*right))
        .collect();
    assert!(
        unused.is_empty(),
        "{name}: not used: {unused:#?}\nused: {exercised:#?}"
    );
}

#[test]
fn the_printed_roles_suffice_and_each_right_is_used() {
    let cp = ControlPlane::shared();
    let cases = operator().into_iter().chain(others());
    let cases: Vec<Case> = cases.chain(elsewhere()).collect();
    thread::scope(|threads| {
        for case in &cases {
            threads.spawn(move || whole(cp, case));
        }
    });
}
