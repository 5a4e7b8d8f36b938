//! The real Grafana Agent in both of its modes, and a Prometheus that it writes to.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::poll::until;
use testbed::prometheus::Target;
use testbed::{ControlPlane, GrafanaAgent, Prometheus, grafana_agent};

#[test]
fn static_mode_scrapes_the_api_server_and_writes_the_samples() {
    let cp = ControlPlane::shared();
    let (folder, prometheus) = (reader(cp, "agent-static"), receiver());
    let file = folder.path().join("agent.yaml");
    let config = format!(
        "metrics:
  global:
    scrape_interval: 1s
    scrape_timeout: 1s
    remote_write: [{{url: '{}/api/v1/write', queue_config: {{batch_send_deadline: 100ms}}}}]
  configs:
  - name: main
    scrape_configs:
    - job_name: apiserver
      scheme: https
      authorization: {{credentials_file: '{folder}/token'}}
      tls_config: {{ca_file: '{folder}/ca.crt'}}
      static_configs: [{{targets: ['127.0.0.1:{}'], labels: {{shard: '${{SHARD}}'}}}}]
",
        prometheus.url(),
        cp.port(),
        folder = folder.path().display(),
    );
    fs::write(&file, config).expect("writable");

    let agent = GrafanaAgent::start_static(&file, &[], &[("SHARD", "7")]);
    let targets = agent.wait_for("apiserver", "up");
    is_the_api_server(&targets, cp);
    assert_eq!(targets[0].labels["shard"], "7");
    assert_eq!(targets[0].discovered["__scheme__"], "https");
    let address = agent.url().trim_start_matches("http://");
    assert!(agent.log().contains(address), "{}", agent.log());
    samples_arrive(&prometheus);

    fs::write(folder.path().join("token"), "nonsense").expect("writable");
    let targets = agent.wait_for("apiserver", "down");
    assert!(targets[0].last_error.contains("401"), "{targets:?}");
}

#[test]
fn flow_mode_scrapes_the_api_server_and_writes_the_samples() {
    let cp = ControlPlane::shared();
    let (folder, prometheus) = (reader(cp, "agent-flow"), receiver());
    let file = folder.path().join("config.river");
    let config = format!(
        r#"
prometheus.remote_write "main" {{
	endpoint {{
		url = "{}/api/v1/write"
		queue_config {{ batch_send_deadline = "100ms" }}
	}}
}}
prometheus.scrape "apiserver" {{
	job_name = "apiserver"
	targets = [{{"__address__" = "127.0.0.1:{}", "shard" = "7"}}]
	forward_to = [prometheus.remote_write.main.receiver]
	scheme = "https"
	scrape_interval = "1s"
	scrape_timeout = "1s"
	authorization {{
		type = "Bearer"
		credentials_file = "{folder}/token"
	}}
	tls_config {{ ca_file = "{folder}/ca.crt" }}
}}
"#,
        prometheus.url(),
        cp.port(),
        folder = folder.path().display(),
    );
    fs::write(&file, config).expect("writable");

    let agent = GrafanaAgent::start_flow(&file);
    let targets = agent.wait_for("apiserver", "up");
    is_the_api_server(&targets, cp);
    assert_eq!(targets[0].labels["shard"], "7");
    samples_arrive(&prometheus);
    let health = |component: &Value| component["health"]["state"] == "healthy";
    let components = agent.components();
    assert!(
        components.len() == 2 && components.iter().all(health),
        "{components:?}"
    );

    fs::write(folder.path().join("token"), "nonsense").expect("writable");
    let targets = agent.wait_for("apiserver", "down");
    assert!(targets[0].last_error.contains("401"), "{targets:?}");
}

#[test]
fn flow_modes_formatter_tells_what_it_cannot_read() {
    let formatted = grafana_agent::fmt("a \"b\" {\nc=[1,2]\n}\n").expect("it is River");
    assert_eq!(formatted, "a \"b\" {\n\tc = [1, 2]\n}\n");
    let refusal = grafana_agent::fmt("a \"b\" {").expect_err("a brace is missing");
    assert!(refusal.contains("config.river:1:"), "{refusal}");
}

/// A folder with the token of somebody who may read the API server's metrics, and with its authority.
fn reader(cp: &ControlPlane, name: &str) -> TempDir {
    cp.wait_for_namespace("default");
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    cp.admin()
        .post(accounts, &account)
        .expect("an administrator");
    let user = format!("system:serviceaccount:default:{name}");
    let rules = json!([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]);
    cp.grant(&user, None, &rules);
    let token = cp.admin().token("default", name, 3600).expect("a token");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("ca.crt"), cp.ca_pem()).expect("writable");
    fs::write(folder.path().join("token"), token).expect("writable");
    folder
}

/// A Prometheus that scrapes nothing and takes what others write to it.
fn receiver() -> Prometheus {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path: &Path = file.path();
    fs::write(path, "{}\n").expect("writable");
    Prometheus::start(path, &["--web.enable-remote-write-receiver"])
}

fn is_the_api_server(targets: &[Target], cp: &ControlPlane) {
    assert_eq!(targets.len(), 1, "{targets:?}");
    let url = format!("https://127.0.0.1:{}/metrics", cp.port());
    assert_eq!(targets[0].scrape_url, url);
    assert_eq!(targets[0].last_error, "");
}

fn samples_arrive(prometheus: &Prometheus) {
    until("a sample of the API server arrives", || {
        let up = prometheus.query("up{job='apiserver', shard='7'}");
        let requests = prometheus.query("count(apiserver_request_total{job='apiserver'})");
        up[0]["value"][1] == "1" && requests[0]["value"][1].is_string()
    });
}
