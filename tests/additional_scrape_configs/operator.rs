//! With the real prometheus-operator.

use std::fs;

use serde_json::json;
use testbed::poll::poll;
use testbed::{ControlPlane, Crds, Operator, Options, promtool_check};

use super::{made_by_hand, monconf};

#[test]
fn the_configuration_that_the_operator_generates_holds_our_jobs() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        ..Options::default()
    });
    let scope = cp.scope("generated");
    made_by_hand(
        &scope,
        "# theirs\n- job_name: node\n  static_configs:\n  - targets: ['localhost:9100']\n",
    );
    cp.wait_for_namespace(&scope.namespace);
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"},
        "spec": {
            "serviceAccountName": "default",
            // Without any selector the operator generates no configuration.
            "serviceMonitorSelector": {},
            "additionalScrapeConfigs": {"name": "more", "key": "jobs.yaml"},
            "secrets": [format!("{}-k8s-token", scope.name)],
        },
    });
    let path = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheuses",
        scope.namespace
    );
    cp.admin().post(&path, &prometheus).unwrap();
    let run = monconf(&scope, &["--apply"]).run().ok();
    assert_eq!(
        run.stderr.matches("hint: Prometheus").count(),
        0,
        "{}",
        run.stderr
    );

    let operator = Operator::start(&cp);
    let generated = |words: &str| {
        let config = poll(|| {
            let config = operator.generated_config(&scope.namespace, "main");
            config.contains(words).then_some(config)
        });
        config.unwrap_or_else(|| panic!("no {words}: {}", operator.log()))
    };
    let cadvisor = format!("job_name: {}-kubernetes-cadvisor", scope.name);
    let config = generated(&cadvisor);
    let document = yaml::parse(&config, "generated").unwrap().remove(0);
    let jobs = document["scrape_configs"].as_array().unwrap();
    let names: Vec<String> = jobs
        .iter()
        .map(|job| job["job_name"].as_str().unwrap().to_owned())
        .collect();
    let ours = |job: &str| format!("{}-kubernetes-{job}", scope.name);
    assert_eq!(
        names,
        [
            "node".to_owned(),
            ours("apiservers"),
            ours("nodes"),
            ours("cadvisor")
        ]
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, &config).unwrap();
    promtool_check(&file, true).unwrap();
    // Where the operator mounts the Secret that the object names.
    let mounted = format!("/etc/prometheus/secrets/{}-k8s-token/token", scope.name);
    assert_eq!(
        jobs[1]["authorization"]["credentials_file"],
        mounted.as_str()
    );
    let pods = format!(
        "/apis/apps/v1/namespaces/{}/statefulsets/prometheus-main",
        scope.namespace
    );
    let pods = poll(|| cp.admin().get(&pods).ok());
    let pods = pods.unwrap().to_string();
    assert!(pods.contains(mounted.trim_end_matches("/token")), "{pods}");
}
