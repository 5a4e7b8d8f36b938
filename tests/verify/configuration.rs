//! A configuration of Prometheus that somebody else wrote, with a token of their own.

use std::fs;

use serde_json::{Value, json};
use testbed::ControlPlane;

use super::support::codes;
use crate::support::{Monconf, Run};

const CONFIGURATION: &str = "\
global: {scrape_interval: 30s}
scrape_configs:
- job_name: itself
  static_configs: [{targets: ['localhost:9090']}]
- job_name: nodes
  scheme: https
  kubernetes_sd_configs:
  - role: node
    api_server: SERVER
    authorization: {credentials_file: by-hand.token}
    tls_config: {ca_file: ca.crt}
  authorization: {credentials_file: by-hand.token}
  tls_config: {ca_file: ca.crt}
- job_name: own-pod
  kubernetes_sd_configs: [{role: pod}]
";

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}\n{}", run.stdout, run.stderr))
}

#[test]
fn it_is_verified_with_the_token_and_the_address_that_stand_in_it() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("verify-config");
    scope.create_namespace();
    let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", scope.namespace);
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "by-hand"}});
    cp.admin().post(&accounts, &account).unwrap();
    let token = cp
        .admin()
        .token(&scope.namespace, "by-hand", 3_600)
        .unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(
        path("prometheus.yml"),
        CONFIGURATION.replace("SERVER", cp.url()),
    )
    .unwrap();
    fs::write(path("by-hand.token"), token).unwrap();
    fs::write(path("ca.crt"), cp.ca_pem()).unwrap();
    let verify =
        || Monconf::new(["verify", "-o", "json", "--config"]).args([path("prometheus.yml")]);
    // Nobody but the token itself can be asked: what is missing is told, not why.
    let run = verify().run().exit(1);
    let told = report(&run);
    assert_eq!(codes(&told), ["missing-right"], "{told:#}");
    assert_eq!(
        told["user"],
        format!("system:serviceaccount:{}:by-hand", scope.namespace)
    );
    assert_eq!(
        told["causes"][0]["denied"],
        json!(["list nodes", "watch nodes", "get nodes/metrics"])
    );
    assert!(
        run.stderr.contains("own-pod: targets are found as the ServiceAccount of the pod that scrapes, whose token is not to be had here"),
        "{}",
        run.stderr
    );
    // With a kubeconfig the roles tell more.
    let told = report(&verify().kubeconfig(scope.kubeconfig()).run().exit(1));
    assert_eq!(codes(&told), ["missing-rule"], "{told:#}");
    // What is granted is found to be enough.
    let rules = json!([
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    ]);
    cp.grant(
        &format!("system:serviceaccount:{}:by-hand", scope.namespace),
        None,
        &rules,
    );
    testbed::poll::until("nothing is missing", || {
        codes(&report(&verify().run())).is_empty()
    });
}

#[test]
fn what_cannot_be_verified_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prometheus.yml");
    for (text, expected) in [
        ("scrape_configs: []\n", "no job of "),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: nodes}]\n",
            ":3: unknown Kubernetes SD role \"nodes\"",
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: node\n    api_server: https://127.0.0.1:1\n    authorization: {credentials_file: missing}\n",
            "cannot read ",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let run = Monconf::new(["verify", "--config"])
            .args([&file])
            .run()
            .exit(1);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}
