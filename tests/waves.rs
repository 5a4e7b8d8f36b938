//! How often a run waits for the API server, as its audit log tells.

use std::time::Duration;

use serde_json::json;
use testbed::{ControlPlane, Event, LatencyRelay, Options, Scope, waves};

use crate::support::Monconf;

/// So long that what a busy machine adds between requests of one wave stays below half of it.
const RTT: Duration = Duration::from_secs(1);

/// What `monconf prometheus ARGUMENTS` asks through a slow connection.
fn asked(scope: &Scope, relay: &LatencyRelay, arguments: &[&str]) -> Vec<Event> {
    let before = scope.cp.audit(&scope.user.name).len();
    let slow = scope.user.via(&relay.url());
    Monconf::prometheus(scope, arguments)
        .kubeconfig(&slow)
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
    let scope = cp.scope("waves");
    let relay = cp.latency(RTT);
    let plan = asked(&scope, &relay, &[]);
    assert!(plan.len() > 10);
    assert!(
        plan.iter()
            .all(|event| ["get", "list"].contains(&event.verb.as_str()) || event.is_review())
    );
    assert_eq!(waves(&plan, RTT / 2), 1);

    let cold = asked(&scope, &relay, &["--apply"]);
    assert_eq!(waves(&cold, RTT / 2), documented_waves());
    assert_eq!(
        cold.iter()
            .filter(|event| event.subresource == "token")
            .count(),
        1
    );

    let again = asked(&scope, &relay, &["--apply"]);
    assert_eq!(waves(&again, RTT / 2), 1);
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
    let relay = cp.latency(RTT);
    let plan = asked(&scope, &relay, &[]);
    assert_eq!(waves(&plan, RTT / 2), 2);
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
    let before = cp.audit(&scope.user.name).len();
    let relay = cp.latency(RTT);
    Monconf::new(["status"])
        .kubeconfig(&scope.user.via(&relay.url()))
        .run()
        .ok();
    let asked = cp.audit(&scope.user.name).split_off(before);
    assert_eq!(waves(&asked, RTT / 2), 2);
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
    let scope = cp.scope("file-waves");
    let relay = cp.latency(RTT);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    let cold = asked(
        &scope,
        &relay,
        &["--apply", "--drop-in", file.to_str().unwrap()],
    );
    assert_eq!(waves(&cold, RTT / 2), documented_waves() - 1);
    let again = asked(
        &scope,
        &relay,
        &["--apply", "--drop-in", file.to_str().unwrap()],
    );
    assert_eq!((waves(&again, RTT / 2), written(&again)), (1, 0));
}

#[test]
fn with_a_key_of_a_secret_nothing_is_waited_for_longer() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("key-waves");
    let relay = cp.latency(RTT);
    let place = ["--additional-scrape-configs", "more:jobs.yaml"];
    let plan = asked(&scope, &relay, &place);
    assert_eq!((waves(&plan, RTT / 2), written(&plan)), (1, 0));
    let apply = ["--apply", place[0], place[1]];
    let cold = asked(&scope, &relay, &apply);
    assert_eq!(waves(&cold, RTT / 2), documented_waves());
    let again = asked(&scope, &relay, &apply);
    assert_eq!((waves(&again, RTT / 2), written(&again)), (1, 0));
}

/// The page says `A first `--apply` is waves 1 to N`.
fn documented_waves() -> usize {
    let page = include_str!("../docs/requests.md");
    let (_, after) = page.split_once("A first `--apply` is waves 1 to ").unwrap();
    let number: usize = after.split('.').next().unwrap().parse().unwrap();
    assert!(number <= 6);
    number
}
