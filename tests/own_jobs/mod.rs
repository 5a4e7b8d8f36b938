//! Jobs of the user's own in `monconf.yaml`: what is wrong is told with its line, what is right is right for Prometheus.

mod regular_expressions;
mod wrong;

use std::fs;

use serde_json::{Value, json};
use testbed::promtool_check;

use crate::support::{Monconf, Run};

fn plan(settings: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("monconf.yaml"), settings).unwrap();
    Monconf::new(["prometheus", "--offline"])
        .args(arguments)
        .current_dir(folder.path())
        .run()
}

/// Everything that an own job can say, in one file.
const OWN: &str = include_str!("../../examples/own-jobs/monconf.yaml");

#[test]
fn own_jobs_are_what_the_file_says() {
    let raw = plan(OWN, &["--format", "raw"]).ok();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prometheus.yml");
    fs::write(&config, &raw.stdout).unwrap();
    promtool_check(&config, true).unwrap();
    let config: Value = yaml::parse(&raw.stdout, "output").unwrap().remove(0);
    let jobs = config["scrape_configs"].as_array().unwrap();
    let names: Vec<&str> = jobs
        .iter()
        .map(|job| job["job_name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["kubernetes-apiservers", "shop", "billing", "node-agents"]
    );
    let shop = &jobs[1];
    let discovery = &shop["kubernetes_sd_configs"][0];
    assert_eq!(discovery["role"], "pod");
    assert_eq!(
        discovery["namespaces"]["names"],
        json!(["shop", "shop-canary"])
    );
    assert_eq!(
        discovery["selectors"],
        json!([{"role": "pod", "label": "app in (web, api)"}])
    );
    assert_eq!(
        discovery["attach_metadata"],
        json!({"node": true, "deployment": true})
    );
    assert_eq!(shop["scrape_interval"], "15s");
    assert_eq!(shop["scrape_timeout"], "5s");
    assert!(shop["authorization"].is_null(), "pods are shown no token");
    let steps = shop["relabel_configs"].as_array().unwrap();
    assert_eq!(
        steps[0],
        json!({"action": "keep", "source_labels": ["__meta_kubernetes_pod_container_port_name"], "regex": "metrics"})
    );
    assert_eq!(
        *steps.last().unwrap(),
        json!({"action": "replace", "target_label": "cluster", "replacement": "prod-eu"})
    );
    let billing = &jobs[2];
    assert!(billing["authorization"]["credentials_file"].is_string());
    assert_eq!(billing["params"], json!({"format": ["prometheus"]}));

    // A right in a namespace is granted in that namespace.
    let manifests = plan(OWN, &["--format", "raw", "-o", "yaml"]).ok().stdout;
    let objects = yaml::parse(&manifests, "output").unwrap();
    let mut roles: Vec<&str> = objects
        .iter()
        .filter(|object| object["kind"] == "Role")
        .map(|object| object["metadata"]["namespace"].as_str().unwrap())
        .collect();
    roles.sort_unstable();
    assert_eq!(roles, ["default", "finance", "shop", "shop-canary"]);
}

#[test]
fn what_the_operators_objects_cannot_say_is_refused() {
    let run = plan(OWN, &["--format", "operator"]).exit(1);
    assert_eq!(
        run.stderr,
        "error: job shop: objects of prometheus-operator attach metadata of the node only, not of the deployment\n\
         hint: write a scrape configuration instead: --format raw\n"
    );
}

#[test]
fn kubelets_through_the_api_server_cost_a_consent() {
    let run = plan("", &["--kubelet", "apiserver-proxy"]).exit(1);
    assert!(
        run.stderr.starts_with(
            "error: --kubelet apiserver-proxy needs `get nodes/proxy` for kubelet, cadvisor: whoever holds that right executes commands in every pod of every node\n\
             hint: scrape kubelets directly with nodes/metrics"
        ),
        "{}",
        run.stderr
    );
    let run = plan(
        "",
        &[
            "--format",
            "raw",
            "--kubelet",
            "apiserver-proxy",
            "--allow-nodes-proxy",
        ],
    )
    .ok();
    assert!(
        run.stderr
            .contains("warning: nodes/proxy lets whoever holds this token"),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout
            .contains("replacement: \"/api/v1/nodes/$1/proxy/metrics/cadvisor\""),
        "{}",
        run.stdout
    );
    // Nothing else than the jobs that need it takes the consent.
    plan("", &["--kubelet", "apiserver-proxy", "--jobs", "apiserver"]).ok();
}

/// The right comes only where it was asked for, whatever it is that needs it.
#[test]
fn a_path_that_takes_nodes_proxy_costs_the_same_consent() {
    let pprof = "ownJobs:
- name: profile
  role: node
  scheme: https
  authority: kubelet
  path: /debug/pprof/heap
";
    let run = plan(pprof, &[]).exit(1);
    assert!(
        run.stderr.starts_with(
            "error: job profile: a kubelet asks for `get nodes/proxy` before it answers /debug/pprof/heap: whoever holds that right executes commands in every pod of every node\n"
        ),
        "{}",
        run.stderr
    );
    plan(pprof, &["--allow-nodes-proxy"]).ok();
    let run = plan("", &["--allow-nodes-proxy"]).exit(1);
    assert!(
        run.stderr.contains("no job needs nodes/proxy"),
        "{}",
        run.stderr
    );
}

/// What was meant for a kubelet does not go for the API server before it.
#[test]
fn a_kubelet_s_own_port_and_certificate_are_not_the_api_server_s() {
    let agent = |line: &str| {
        format!(
            "ownJobs:\n- name: agent\n  role: node\n  scheme: https\n  authority: kubelet\n  {line}\n"
        )
    };
    let proxy = [
        "--format",
        "raw",
        "--kubelet",
        "apiserver-proxy",
        "--allow-nodes-proxy",
    ];
    let run = plan(&agent("port: 10350"), &proxy).exit(1);
    assert!(
        run.stderr.contains("job agent: its port, or another step that writes __address__, cannot be had through the API server"),
        "{}",
        run.stderr
    );
    let run = plan(&agent("insecureTLS: true"), &proxy).ok();
    assert!(
        !run.stdout.contains("insecure_skip_verify"),
        "{}",
        run.stdout
    );
    let run = plan(&agent("insecureTLS: true"), &["--format", "raw"]).ok();
    assert!(
        run.stdout.contains("insecure_skip_verify: true"),
        "{}",
        run.stdout
    );

    let listed = |settings: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("monconf.yaml"), settings).unwrap();
        Monconf::new(["jobs"])
            .current_dir(folder.path())
            .run()
            .ok()
            .stdout
    };
    let direct = listed(&agent("path: /metrics"));
    assert!(
        direct.contains("agent (default): ") && !direct.contains("nodes/proxy"),
        "{direct}"
    );
    let through = listed("kubelet: apiserver-proxy\n");
    assert!(
        through.contains("needs to scrape   get nodes/proxy"),
        "{through}"
    );
}
