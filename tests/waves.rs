//! How often a run waits for the API server, as its audit log tells.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use testbed::{ControlPlane, Event, Options, Scope, waves};

use crate::support::Monconf;

/// A busy machine may add as much between requests of one wave as a short latency adds between waves. A wave too many is
/// there however long the latency is.
const LATENCIES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(9),
    Duration::from_secs(27),
];

/// Asks with longer and longer latencies until that is so many waves; what was asked then.
#[track_caller]
fn counted(number: usize, mut ask: impl FnMut(Duration) -> Vec<Event>) -> Vec<Event> {
    let mut counts = Vec::new();
    for latency in LATENCIES {
        let events = ask(latency);
        let count = waves(&events, latency / 2);
        if count == number {
            return events;
        }
        counts.push(count);
    }
    panic!("{counts:?} waves instead of {number}");
}

/// What `monconf prometheus ARGUMENTS` asks through a slow connection.
fn asked(scope: &Scope, latency: Duration, arguments: &[&str]) -> Vec<Event> {
    let relay = scope.cp.latency(latency);
    let before = scope.cp.audit(&scope.user.name).len();
    let slow = scope.user.via(&relay.url());
    Monconf::prometheus(scope, arguments)
        .kubeconfig(&slow)
        .args(["--request-timeout", "5m", "--timeout", "30m"])
        .run()
        .ok();
    scope.cp.audit(&scope.user.name).split_off(before)
}

fn written(events: &[Event]) -> usize {
    events.iter().filter(|event| event.is_write()).count()
}

#[test]
fn a_plan_is_one_wave_of_reads_a_cold_apply_six_waves_and_a_second_one_writes_nothing() {
    let cp = ControlPlane::shared();
    let mut scope = cp.scope("waves");
    let plan = counted(1, |latency| asked(&scope, latency, &[]));
    assert!(plan.len() > 10);
    assert!(
        plan.iter()
            .all(|event| ["get", "list"].contains(&event.verb.as_str()) || event.is_review())
    );

    let cold = counted(documented_waves(), |latency| {
        scope = cp.scope("waves");
        asked(&scope, latency, &["--apply"])
    });
    assert_eq!(
        cold.iter()
            .filter(|event| event.subresource == "token")
            .count(),
        1
    );

    let again = counted(1, |latency| asked(&scope, latency, &["--apply"]));
    assert_eq!(written(&again), 0);
}

/// Whose rights are asked about depends on who selects the monitors.
#[test]
fn with_a_prometheus_that_selects_a_plan_is_two_waves() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("selected-waves");
    let selectors = json!({"serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {}});
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"}, "spec": selectors,
    });
    scope.create_namespace();
    let path = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheuses",
        scope.namespace
    );
    cp.admin().post(&path, &prometheus).unwrap();
    let plan = counted(2, |latency| asked(&scope, latency, &[]));
    let last: Vec<&str> = plan
        .iter()
        .rev()
        .take(6)
        .map(|event| event.resource.as_str())
        .collect();
    assert_eq!(last, ["subjectaccessreviews"; 6]);
}

#[test]
fn a_status_is_two_waves_of_reads() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("status-waves");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let asked = counted(2, |latency| {
        let before = cp.audit(&scope.user.name).len();
        let relay = cp.latency(latency);
        Monconf::new(["status"])
            .kubeconfig(&scope.user.via(&relay.url()))
            .args(["--request-timeout", "5m", "--timeout", "30m"])
            .run()
            .ok();
        cp.audit(&scope.user.name).split_off(before)
    });
    assert!(asked.len() > 6, "{asked:#?}");
    assert!(
        asked
            .iter()
            .all(|event| ["get", "list"].contains(&event.verb.as_str()) || event.is_review())
    );
}

#[test]
fn with_files_a_cold_apply_is_a_wave_shorter() {
    let cp = ControlPlane::shared();
    let mut scope = cp.scope("file-waves");
    let mut folder = tempfile::tempdir().unwrap();
    let apply = |scope: &Scope, folder: &Path, latency| {
        let file = folder.join("k8s.yml");
        let arguments = ["--apply", "--drop-in", file.to_str().unwrap()];
        asked(scope, latency, &arguments)
    };
    counted(documented_waves() - 1, |latency| {
        scope = cp.scope("file-waves");
        folder = tempfile::tempdir().unwrap();
        apply(&scope, folder.path(), latency)
    });
    let again = counted(1, |latency| apply(&scope, folder.path(), latency));
    assert_eq!(written(&again), 0);
}

#[test]
fn with_a_key_of_a_secret_nothing_is_waited_for_longer() {
    let cp = ControlPlane::shared();
    let mut scope = cp.scope("key-waves");
    let place = ["--additional-scrape-configs", "more:jobs.yaml"];
    let plan = counted(1, |latency| asked(&scope, latency, &place));
    assert_eq!(written(&plan), 0);
    let apply = ["--apply", place[0], place[1]];
    counted(documented_waves(), |latency| {
        scope = cp.scope("key-waves");
        asked(&scope, latency, &apply)
    });
    let again = counted(1, |latency| asked(&scope, latency, &apply));
    assert_eq!(written(&again), 0);
}

/// The page says `A first `--apply` is waves 1 to N`.
fn documented_waves() -> usize {
    let page = include_str!("../docs/requests.md");
    let (_, after) = page.split_once("A first `--apply` is waves 1 to ").unwrap();
    let number: usize = after.split('.').next().unwrap().parse().unwrap();
    assert!(number <= 6);
    number
}
