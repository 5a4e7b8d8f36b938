//! The real Grafana Agent Operator: what it makes of its kinds.

use std::fs;

use serde_json::{Value, json};
use testbed::agent_operator::EXTRA_SECRETS;
use testbed::poll::poll;
use testbed::{AgentOperator, ControlPlane, Crds, GrafanaAgent, Options};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const AGENTS: &str = "/apis/monitoring.grafana.com/v1alpha1/namespaces/default";

#[test]
fn its_kinds_are_served_beside_or_without_the_prometheus_operators() {
    let version = |cp: &ControlPlane| {
        let crd = format!("{CRDS}/servicemonitors.monitoring.coreos.com");
        let crd = cp.admin().get(&crd).expect("an administrator");
        crd["metadata"]["annotations"]["operator.prometheus.io/version"].clone()
    };
    for (crds, kinds, newest) in [(Crds::None, 8, false), (Crds::Minimal, 11, true)] {
        let cp = ControlPlane::start(Options {
            crds,
            agent_crds: true,
            ..Options::bare()
        });
        let served = cp.admin().get(CRDS).expect("an administrator");
        assert_eq!(served["items"].as_array().map(Vec::len), Some(kinds));
        assert_eq!(version(&cp) == "0.93.0", newest);
        let agents = format!("{AGENTS}/grafanaagents");
        cp.admin().get(&agents).expect("it is served");
    }
}

#[test]
fn its_configuration_holds_jobs_of_a_secret() {
    let cp = ControlPlane::start(Options {
        crds: Crds::None,
        agent_crds: true,
        ..Options::default()
    });
    cp.wait_for_namespace("default");
    let jobs = "- job_name: ours
  static_configs:
  - targets: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3', '127.0.0.1:4', '127.0.0.1:5', '127.0.0.1:6']
  authorization: {credentials_file: /var/lib/grafana-agent/extra-secrets/tok/token}
  relabel_configs:
  - {action: hashmod, modulus: $(SHARDS), source_labels: [__address__], target_label: __tmp_hash}
  - {action: keep, regex: $(SHARD), source_labels: [__tmp_hash]}
";
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "jobs"},
        "stringData": {"jobs.yaml": jobs},
    });
    create(&cp, "/api/v1/namespaces/default/secrets", &secret);
    let instance = json!({
        "apiVersion": "monitoring.grafana.com/v1alpha1", "kind": "MetricsInstance",
        "metadata": {"name": "main", "labels": {"agent": "main"}},
        "spec": {"additionalScrapeConfigs": {"name": "jobs", "key": "jobs.yaml"}},
    });
    create(&cp, &format!("{AGENTS}/metricsinstances"), &instance);
    let agent = json!({
        "apiVersion": "monitoring.grafana.com/v1alpha1", "kind": "GrafanaAgent", "metadata": {"name": "agent"},
        "spec": {
            "serviceAccountName": "default",
            "secrets": ["tok"],
            "metrics": {"shards": 2, "instanceSelector": {"matchLabels": {"agent": "main"}}},
        },
    });
    create(&cp, &format!("{AGENTS}/grafanaagents"), &agent);

    let operator = AgentOperator::start(&cp);
    let config = operator.generated_config("default", "agent");
    assert!(config.contains("job_name: ours"), "{config}");
    assert!(config.contains("$(SHARDS)"), "{config}");

    let variables = operator.environment("default", "agent", "grafana-agent");
    for expected in [("SHARDS", "2"), ("SHARD", "0"), ("POD_NAME", "agent-0")] {
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert!(variables.contains(&expected), "{variables:?}");
    }
    let pod = operator.stateful_set("default", "agent")["spec"]["template"]["spec"].clone();
    let mounts = pod["containers"][1]["volumeMounts"].as_array();
    let token = format!("{EXTRA_SECRETS}/tok");
    assert!(
        mounts.is_some_and(|mounts| mounts.iter().any(|mount| mount["mountPath"] == *token)),
        "{pod:#}"
    );

    let rendered = operator.rendered_config("default", "agent");
    assert!(rendered.contains("modulus: 2"), "{rendered}");
    assert!(!rendered.contains("$("), "{rendered}");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("agent.yml");
    fs::write(&file, &rendered).expect("writable");
    let agent = GrafanaAgent::start_static(&file, &["-enable-features=integrations-next"], &[]);
    let targets = poll(|| Some(agent.targets()).filter(|targets| !targets.is_empty()));
    let targets = targets.unwrap_or_else(|| panic!("no targets: {}", agent.log()));
    assert!(
        targets.len() < 6,
        "the other shard's are dropped: {targets:?}"
    );

    // It follows, also to a configuration that is long enough to be compressed.
    let more: Vec<String> = (0..2000)
        .map(|number| format!("- job_name: more-{number}\n  scheme: https\n"))
        .collect();
    let more = more.concat();
    let path = "/api/v1/namespaces/default/secrets/jobs";
    let change = json!({"stringData": {"jobs.yaml": format!("{jobs}{more}")}});
    cp.admin()
        .patch_merge(path, &change)
        .expect("an administrator");
    let config = poll(|| {
        let config = operator.generated_config("default", "agent");
        config.contains("job_name: more-1999").then_some(config)
    });
    let config = config.unwrap_or_else(|| panic!("it does not follow: {}", operator.log()));
    assert!(
        config.len() > 100 * 1024,
        "it is not compressed: {}",
        config.len()
    );
}

fn create(cp: &ControlPlane, path: &str, object: &Value) {
    cp.admin().post(path, object).expect("an administrator");
}
