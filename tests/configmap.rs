//! Jobs in a key of a chart's ConfigMap: a prometheus.yml, or the agent.yaml of an agent.

use std::fs;

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope, promtool_check};

use crate::support::Monconf;

/// As a chart writes it, with something that a user has put in.
const PROMETHEUS: &str = "global:\n  scrape_interval: 1m\nrule_files:\n- /etc/config/rules\nscrape_configs:\n\
- job_name: prometheus   # itself\n  static_configs:\n  - targets:\n    - localhost:9090\n\
alerting:\n  alertmanagers: []\n";

const AGENT: &str = "server: {log_level: info}\nmetrics:\n  global:\n    scrape_interval: 30s # often\n  configs:\n\
\x20   - name: default\n      remote_write:\n      - url: https://jane:hunter2-hunter2@example.com/push\n      scrape_configs:\n\
\x20       # the agent itself\n        - job_name: agent\n          static_configs: [{targets: ['localhost:80']}]\n\
integrations: {}\n";

fn monconf(scope: &Scope, place: &str, arguments: &[&str]) -> Monconf {
    Monconf::prometheus(scope, &["--jobs", "kubelet", "--configmap", place]).args(arguments)
}

fn path(scope: &Scope) -> String {
    format!("/api/v1/namespaces/{}/configmaps/config", scope.namespace)
}

fn live(scope: &Scope) -> Value {
    scope.admin().get(&path(scope)).unwrap()
}

fn text(scope: &Scope, key: &str) -> String {
    live(scope)["data"][key].as_str().unwrap().to_owned()
}

/// A release of a chart, as Helm leaves it.
fn released(scope: &Scope, key: &str, text: &str) {
    scope.create_namespace();
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "config", "labels": {"app.kubernetes.io/managed-by": "Helm"}},
        "data": {key: text, "rules": "{}\n"},
        "binaryData": {"logo": "/9j/"},
    });
    let path = format!(
        "/api/v1/namespaces/{}/configmaps?fieldManager=helm",
        scope.namespace
    );
    scope.admin().post(&path, &object).unwrap();
}

fn writes(scope: &Scope) -> usize {
    let events = scope.cp.audit(&scope.user.name);
    events.iter().filter(|event| event.is_write()).count()
}

/// What an apply says that is refused and writes nothing.
fn refused(scope: &Scope, place: &str, arguments: &[&str]) -> String {
    let before = writes(scope);
    let run = monconf(scope, place, &["--apply"])
        .args(arguments)
        .run()
        .exit(1);
    assert_eq!(writes(scope), before);
    run.stderr
        .replace(&scope.namespace, "NS")
        .replace(&scope.name, "NAME")
}

fn checked(config: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, config).unwrap();
    promtool_check(&file, true).unwrap();
}

#[test]
fn jobs_go_into_the_prometheus_yml_of_a_chart_and_everything_else_stays() {
    let scope = ControlPlane::shared().scope("chart");
    released(&scope, "prometheus.yml", PROMETHEUS);
    let before = live(&scope);
    let planned = monconf(&scope, "config:prometheus.yml", &[]).run().ok();
    let place = format!("ConfigMap {}/config, key prometheus.yml", scope.namespace);
    assert!(
        planned
            .stdout
            .contains(&format!("\n--- {place}\n+++ {place}\n@@ -7,5 +7,")),
        "{}",
        planned.stdout
    );
    let warning = format!(
        "warning: ConfigMap {}/config is not monconf's (field managers helm; label app.kubernetes.io/managed-by=Helm): whoever writes it again, as Helm",
        scope.namespace
    );
    assert!(planned.stderr.contains(&warning), "{}", planned.stderr);
    monconf(&scope, "config:prometheus.yml", &["--apply"])
        .run()
        .ok();

    let merged = text(&scope, "prometheus.yml");
    let (head, tail) = PROMETHEUS.split_at(PROMETHEUS.find("alerting:").unwrap());
    assert!(
        merged.starts_with(head) && merged.ends_with(tail),
        "{merged}"
    );
    assert_eq!(merged.matches("# by monconf").count(), 1, "{merged}");
    checked(&merged);
    let after = live(&scope);
    assert_eq!(after["binaryData"], before["binaryData"]);
    assert_eq!(after["data"]["rules"], before["data"]["rules"]);
    assert_eq!(after["metadata"]["labels"], before["metadata"]["labels"]);

    let count = writes(&scope);
    let again = monconf(&scope, "config:prometheus.yml", &["--apply"])
        .run()
        .ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    assert_eq!(writes(&scope), count);
    assert_eq!(again.stderr, "");

    // Helm has its way with the next upgrade; a second run brings the jobs back.
    let change = json!({"data": {"prometheus.yml": PROMETHEUS}});
    scope.admin().patch_merge(&path(&scope), &change).unwrap();
    let run = monconf(
        &scope,
        "config:prometheus.yml",
        &["--apply", "--jobs", "kubelet"],
    )
    .run()
    .ok();
    assert!(run.stderr.contains("✓ ConfigMap "), "{}", run.stderr);
    assert_eq!(text(&scope, "prometheus.yml"), merged);
}

/// The jobs of an agent's config, as a prometheus.yml that promtool reads.
fn jobs_of(agent: &str, index: usize) -> Vec<String> {
    let document = yaml::parse(agent, "agent").unwrap().remove(0);
    let jobs = document["metrics"]["configs"][index]["scrape_configs"].clone();
    checked(&yaml::emit(&json!({"scrape_configs": jobs})));
    let jobs = jobs.as_array().into_iter().flatten();
    jobs.map(|job| job["job_name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn jobs_go_into_the_only_config_of_an_agent() {
    let scope = ControlPlane::shared().scope("agent");
    released(&scope, "agent.yaml", AGENT);
    let planned = monconf(&scope, "config:agent.yaml", &[]).run().ok();
    assert!(!planned.stdout.contains("hunter2"), "{}", planned.stdout);
    monconf(&scope, "config:agent.yaml", &["--apply"])
        .run()
        .ok();
    let merged = text(&scope, "agent.yaml");
    let (head, tail) = AGENT.split_at(AGENT.find("integrations:").unwrap());
    assert!(
        merged.starts_with(head) && merged.ends_with(tail),
        "{merged}"
    );
    let ours = format!("{}-kubernetes-nodes", scope.name);
    assert_eq!(jobs_of(&merged, 0), ["agent", ours.as_str()]);
    let named = monconf(&scope, "config:agent.yaml#default", &[]).run().ok();
    assert!(named.stdout.contains("No changes"), "{}", named.stdout);
    let said = refused(&scope, "config:agent.yaml#infra", &[]);
    assert!(said.contains("error: ConfigMap NS/config, key agent.yaml: metrics.configs has no infra, but default\n"), "{said}");
}

#[test]
fn of_an_agents_several_configs_one_has_to_be_named() {
    let scope = ControlPlane::shared().scope("two-agents");
    let two = AGENT.replace("integrations", "    - name: infra # empty\nintegrations");
    released(&scope, "agent.yaml", &two);
    let said = refused(&scope, "config:agent.yaml", &[]);
    assert!(
        said.contains("error: ConfigMap NS/config, key agent.yaml: metrics.configs has default, infra, and it is not said which is meant\nhint: name one of them: --configmap NS/config:agent.yaml#CONFIG\n"),
        "{said}"
    );
    monconf(&scope, "config:agent.yaml#infra", &["--apply"])
        .run()
        .ok();
    let merged = text(&scope, "agent.yaml");
    let ours = format!("{}-kubernetes-nodes", scope.name);
    assert_eq!(jobs_of(&merged, 1), [ours]);
    assert_eq!(jobs_of(&merged, 0), ["agent"]);
    let without: String = merged
        .split_inclusive('\n')
        .take(two.lines().count() - 1)
        .chain(["integrations: {}\n"])
        .collect();
    assert_eq!(without, two);
    let said = refused(&scope, "config:rules#infra", &[]);
    assert!(said.contains("key rules: this is no agent's configuration: it has no metrics.configs\nhint: leave the name out"), "{said}");
}

#[test]
fn what_the_chart_has_not_made_is_not_made_up() {
    let scope = ControlPlane::shared().scope("no-chart");
    let said = refused(&scope, "config:prometheus.yml", &[]);
    assert!(
        said.contains("error: there is no ConfigMap NS/config to edit\nhint: it is made by the chart that it belongs to; `kubectl -n NS get configmaps` lists"),
        "{said}"
    );
    released(&scope, "prometheus.yml", PROMETHEUS);
    let said = refused(&scope, "config:prometheus.yaml", &[]);
    assert!(
        said.contains("error: ConfigMap NS/config has no key prometheus.yaml, but prometheus.yml, rules\nhint: name the one that is Prometheus' configuration: --configmap NS/config:KEY\n"),
        "{said}"
    );
    let said = refused(&scope, "config:logo", &[]);
    assert!(
        said.contains("error: ConfigMap NS/config, key logo: it is not UTF-8\n"),
        "{said}"
    );
    let run = Monconf::new([
        "prometheus",
        "--offline",
        "--configmap",
        "config:prometheus.yml",
    ])
    .run()
    .exit(1);
    assert!(run.stderr.contains("without a cluster it is not known what ConfigMap monitoring/config, key prometheus.yml holds\n"), "{}", run.stderr);
}

#[test]
fn a_configmap_that_would_be_too_large_is_found_out_before_anything_is_written() {
    let scope = ControlPlane::shared().scope("large-chart");
    released(&scope, "prometheus.yml", PROMETHEUS);
    let change = json!({"data": {"filler": "x".repeat((1 << 20) - 800)}});
    scope.admin().patch_merge(&path(&scope), &change).unwrap();
    let said = refused(&scope, "config:prometheus.yml", &[]);
    assert!(
        said.contains("error: ConfigMap NS/config would hold 10")
            && said.contains("; the API server accepts 1048576\n"),
        "{said}"
    );
}

#[test]
fn a_token_elsewhere_and_a_job_of_others_are_told() {
    let cp = ControlPlane::shared();
    let (scope, chart) = (cp.scope("token-elsewhere"), cp.scope("elsewhere-chart"));
    let foreign = PROMETHEUS.replace(
        "job_name: prometheus ",
        &format!("job_name: {}-kubernetes-nodes ", scope.name),
    );
    released(&chart, "prometheus.yml", &foreign);
    let place = format!("{}/config:prometheus.yml", chart.namespace);
    let said = refused(&scope, &place, &[]);
    assert!(
        said.contains(
            "key prometheus.yml:6: job NAME-kubernetes-nodes was not written by monconf\n"
        ),
        "{said}"
    );
    let run = monconf(&scope, &place, &["--apply", "--take-ownership"])
        .run()
        .ok();
    let warning = format!(
        "and a Prometheus in namespace {} cannot mount it: use --namespace {}\n",
        chart.namespace, chart.namespace
    );
    assert!(run.stderr.contains(&warning), "{}", run.stderr);
    assert!(!text(&chart, "prometheus.yml").contains("# itself"));
}

#[test]
fn whoever_may_not_read_it_is_told_the_rule() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("chart-viewer");
    released(&scope, "prometheus.yml", PROMETHEUS);
    let viewer = cp.limited_user(
        "chart-viewer",
        &json!([
            {"apiGroups": [""], "resources": ["namespaces", "serviceaccounts", "secrets"], "verbs": ["get"]},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles", "clusterrolebindings", "roles", "rolebindings"], "verbs": ["get"]},
        ]),
    );
    let run = || {
        monconf(&scope, "config:prometheus.yml", &[])
            .kubeconfig(&viewer.kubeconfig)
            .run()
    };
    let said = run().exit(1).stderr;
    assert!(
        said.contains("may not get configmaps config in namespace "),
        "{said}"
    );
    assert!(said.contains(r#"{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"],"resourceNames":["config"]}"#), "{said}");
    let rule = json!([{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["config"], "verbs": ["get"]}]);
    cp.grant(&viewer.name, Some(&scope.namespace), &rule);
    run().ok();
}
