//! Flow mode of Grafana Agent takes what is written, discovers and scrapes by it.

use promconf::RelabelConfig;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use monconf::alloy::Settings;
use serde_json::{Value, json};
use testbed::{ControlPlane, GrafanaAgent, Mounts, Network, Options, Scope, poll};

use super::{every_kind, everything, render};

const ACCOUNT: &str = "/run/secrets/kubernetes.io/serviceaccount";

#[test]
fn every_job_of_the_catalogue_runs_with_every_kind_of_credentials() {
    // The Service `kubernetes` has endpoints only where the API server has an address beside loopback.
    let (Some(mounts), Some(network)) = (Mounts::new(), Network::new()) else {
        return;
    };
    let cp = ControlPlane::start(Options {
        address: Some(network.address()),
        ..Options::default()
    });
    // As in a Pod: the account's files lie where a kubelet puts them.
    mounts.mount(&["-t", "tmpfs", "tmpfs"], Path::new("/run"));
    let scope = cp.scope("alloy-flow");
    let token = account(&scope);
    let inside = mounts.path(Path::new(ACCOUNT));
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir_all(&inside).unwrap();
    for folder in [inside.as_path(), outside.path()] {
        fs::write(folder.join("token"), &token).unwrap();
        fs::write(folder.join("ca.crt"), cp.ca_pem()).unwrap();
    }
    let dir = outside.path().to_str().unwrap();
    for settings in every_kind(dir, cp.url(), &scope.namespace) {
        runs(&settings, &mounts, &cp);
    }
}

fn runs(settings: &Settings, mounts: &Mounts, cp: &ControlPlane) {
    let mut spec = everything();
    for job in &mut spec.jobs {
        job.interval = Some(promconf::Duration::from_secs(1));
        // Other than Prometheus, Alloy relabels before it knows the path.
        let path = RelabelConfig::copy("__metrics_path__", "path");
        job.relabelling.push(path);
    }
    let mut config = render(&spec, settings).unwrap();
    if settings == &super::pod() {
        config.push_str("\nprometheus.remote_write \"theirs\" { }\n");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &config).unwrap();
    let address = cp.url().trim_start_matches("https://");
    let (host, port) = address.split_once(':').unwrap();
    let environment = [
        ("KUBERNETES_SERVICE_HOST", host),
        ("KUBERNETES_SERVICE_PORT", port),
    ];
    let agent = GrafanaAgent::start_flow_within(&mounts.entrance(), file.path(), &environment);

    let targets = agent.wait_for("kubernetes-apiservers", "up");
    assert_eq!(targets.len(), 1, "{targets:?}");
    assert_eq!(targets[0].labels["path"], "/metrics");
    let components = agent.components();
    for kind in ["discovery.kubernetes", "prometheus.scrape"] {
        let found = components.iter().filter(|found| found["name"] == kind);
        assert_eq!(found.count(), spec.jobs.len(), "{kind}: {components:?}");
    }
    poll::until("every component is healthy", || {
        let is_healthy = |component: &Value| component["health"]["state"] == "healthy";
        agent.components().iter().all(is_healthy)
    });
}

/// An account that may do everything, and Secrets with its token and with what remote write needs; its token.
fn account(scope: &Scope) -> String {
    scope.create_namespace();
    let (admin, namespace) = (scope.admin(), scope.namespace.as_str());
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "alloy"}});
    let path = format!("/api/v1/namespaces/{namespace}");
    admin
        .post(&format!("{path}/serviceaccounts"), &account)
        .unwrap();
    let all = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]);
    let user = format!("system:serviceaccount:{namespace}:alloy");
    scope.cp.grant(&user, None, &all);
    let token = admin.token(namespace, "alloy", 3_600).unwrap();
    for (name, data) in [
        (
            "alloy-k8s-token",
            json!({"token": STANDARD.encode(&token), "ca.crt": STANDARD.encode(scope.cp.ca_pem())}),
        ),
        (
            "remote",
            json!({"user": STANDARD.encode("u"), "pass.word": STANDARD.encode("p")}),
        ),
    ] {
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
        admin.post(&format!("{path}/secrets"), &secret).unwrap();
    }
    token
}
