//! Jobs in keys of objects: taken out, and the key goes where monconf made it.

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use super::remove;
use crate::support::{Monconf, token};

const PLACE: [&str; 2] = ["--additional-scrape-configs", "more:jobs.yaml"];

fn scope(test: &str) -> Scope<'static> {
    let scope = ControlPlane::shared().scope(test);
    scope.create_namespace();
    scope
}

fn collection(scope: &Scope, plural: &str) -> String {
    format!("/api/v1/namespaces/{}/{plural}", scope.namespace)
}

fn live(scope: &Scope, plural: &str, name: &str) -> Value {
    scope
        .admin()
        .get(&format!("{}/{name}", collection(scope, plural)))
        .unwrap()
}

fn apply(scope: &Scope, place: &[&str]) {
    Monconf::prometheus(scope, &["--apply", "--jobs", "kubelet"])
        .args(place)
        .run()
        .ok();
}

fn without(scope: &Scope, place: &[&str]) -> String {
    let run = remove("prometheus", scope, &["--apply"])
        .args(place)
        .run()
        .ok();
    run.stdout + &run.stderr
}

/// What somebody made, without what the server counts.
fn value(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.remove("resourceVersion");
    metadata.remove("managedFields");
    object
}

#[test]
fn a_secret_that_monconf_made_goes_with_its_last_job() {
    let scope = scope("made-secret");
    apply(&scope, &PLACE);
    assert_eq!(live(&scope, "secrets", "more")["type"], "Opaque");
    let said = without(&scope, &PLACE);
    assert!(said.contains("more deleted\n"), "{said}");
    assert!(
        scope
            .admin()
            .is_absent(&format!("{}/more", collection(&scope, "secrets")))
    );
}

#[test]
fn a_secret_of_others_is_what_it_was() {
    let scope = scope("others-secret");
    for data in [
        json!({"jobs.yaml": "# mine\r\n- job_name: a\r\n  static_configs: []", "other": "x"}),
        json!({"jobs.yaml": "[]\n"}),
        json!({"other": "x"}),
    ] {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "more", "labels": {"team": "infra"}},
            "stringData": data,
        });
        scope
            .admin()
            .post(&collection(&scope, "secrets"), &secret)
            .unwrap();
        let before = value(live(&scope, "secrets", "more"));
        apply(&scope, &PLACE);
        assert_ne!(value(live(&scope, "secrets", "more")), before);
        without(&scope, &PLACE);
        assert_eq!(value(live(&scope, "secrets", "more")), before);
        scope
            .admin()
            .delete(&format!("{}/more", collection(&scope, "secrets")))
            .unwrap();
    }
}

/// An operator refuses a Prometheus that names a key which is not there.
#[test]
fn a_key_that_a_prometheus_names_stays_and_is_empty() {
    let scope = scope("named-key");
    apply(&scope, &PLACE);
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"},
        "spec": {"additionalScrapeConfigs": {"name": "more", "key": "jobs.yaml"}},
    });
    let path = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheuses",
        scope.namespace
    );
    scope.admin().post(&path, &prometheus).unwrap();
    let said = without(&scope, &PLACE);
    let words = format!(
        "the key stays, because Prometheus {}/main names it",
        scope.namespace
    );
    assert!(said.contains(&words), "{said}");
    assert_eq!(
        token::decoded(&live(&scope, "secrets", "more"), "jobs.yaml"),
        ""
    );
    let again = without(&scope, &PLACE);
    assert!(again.contains("Nothing to remove"), "{again}");
}

#[test]
fn a_config_map_of_a_chart_is_what_it_was() {
    let scope = scope("chart");
    for (key, text) in [
        (
            "prometheus.yml",
            "global: {}\nscrape_configs:  # ours\n- job_name: a\n  static_configs: []\nalerting: {}\n",
        ),
        ("prometheus.yml", "global: {}\n"),
        (
            "agent.yaml",
            "metrics:\n  configs:\n  - name: one\n    scrape_configs: []  # none\n",
        ),
    ] {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config", "labels": {"app.kubernetes.io/managed-by": "Helm"}},
            "data": {key: text, "rules": "{}"},
        });
        scope
            .admin()
            .post(&collection(&scope, "configmaps"), &object)
            .unwrap();
        let before = value(live(&scope, "configmaps", "config"));
        let place = ["--configmap", &format!("config:{key}")];
        apply(&scope, &place);
        assert_ne!(value(live(&scope, "configmaps", "config")), before);
        let said = without(&scope, &place);
        assert!(!said.contains("takes these jobs out"), "{said}");
        assert_eq!(value(live(&scope, "configmaps", "config")), before);
        scope
            .admin()
            .delete(&format!("{}/config", collection(&scope, "configmaps")))
            .unwrap();
    }
}

#[test]
fn a_place_that_is_gone_or_holds_nothing_of_ours_is_no_error() {
    let scope = scope("gone-place");
    for place in [["--configmap", "none:prometheus.yml"], PLACE] {
        let said = without(&scope, &place);
        assert!(said.contains("Nothing to remove"), "{said}");
    }
}

/// The Secret has a name of somebody's choosing: without the flag it is not ours to delete, and is not left in silence.
#[test]
fn a_secret_that_was_made_for_jobs_and_is_not_named_is_told() {
    let scope = scope("unnamed-secret");
    apply(&scope, &PLACE);
    let said = without(&scope, &[]);
    let hint = format!(
        "hint: Secret {}/more carries this instance's labels and stays; jobs in it go with --additional-scrape-configs more:KEY\n",
        scope.namespace
    );
    assert!(said.contains(&hint), "{said}");
    let said = without(&scope, &PLACE);
    assert!(said.contains("more deleted\n"), "{said}");
    assert!(!said.contains("carries this instance's labels"), "{said}");
}
