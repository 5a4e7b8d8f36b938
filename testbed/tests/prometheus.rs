//! The real Prometheus and its checker.

use std::fs;

use serde_json::json;
use testbed::poll::until;
use testbed::{Client, ControlPlane, Prometheus, promtool_check};

#[test]
fn scrapes_the_api_server() {
    let cp = ControlPlane::shared();
    let robot = "system:serviceaccount:default:default";
    cp.wait_for_namespace("default");
    cp.grant(
        robot,
        None,
        &json!([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]),
    );
    let token = cp
        .admin()
        .token("default", "default", 3600)
        .expect("a token");
    Client::with_token(cp, &token)
        .get("/metrics")
        .expect("the rule allows it");

    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("ca.crt"), cp.ca_pem()).expect("writable");
    fs::write(folder.path().join("token"), token).expect("writable");
    let config = format!(
        "global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: apiserver
  scheme: https
  authorization: {{credentials_file: token}}
  tls_config: {{ca_file: ca.crt}}
  static_configs: [{{targets: ['127.0.0.1:{}']}}]
",
        cp.port()
    );
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, &config).expect("writable");
    promtool_check(&file, false).expect("a good configuration");

    let prometheus = Prometheus::start(folder.path(), &[]);
    let targets = prometheus.wait_for("apiserver", "up");
    assert_eq!(targets.len(), 1);
    until("the scrape can be queried", || {
        prometheus.query("up{job='apiserver'}")[0]["value"][1] == json!("1")
    });
    assert!(prometheus.config().contains("token"));

    fs::write(&file, config.replace("1s", "soon")).expect("writable");
    promtool_check(&file, true).expect_err("a bad configuration");
    prometheus.reload().expect_err("a bad configuration");
}
