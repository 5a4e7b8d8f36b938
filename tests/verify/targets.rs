//! Why a target gives no metrics: each cause made for real, all of them in one run, and none taken for another.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use serde_json::{Value, json};
use testbed::{Certificate, Cluster, ControlPlane, Exporter, Options};

use super::support::{Instance, codes, node};

/// The cause of each target, by its name; empty where it is scraped.
fn causes(report: &Value) -> BTreeMap<&str, &str> {
    let checks = report["checks"].as_array().unwrap().iter();
    let scrapes = checks.filter(|check| check["check"].as_str().unwrap().starts_with("GET "));
    scrapes
        .map(|check| {
            let target = check["target"].as_str().unwrap();
            (target, check["cause"].as_str().unwrap_or_default())
        })
        .collect()
}

#[test]
fn every_way_of_not_answering_is_told_apart() {
    let cp = ControlPlane::start(Options::bare());
    let exporters = [
        ("trusted", Certificate::Trusted),
        ("expired", Certificate::Expired),
        ("other-name", Certificate::OtherName),
        ("other-authority", Certificate::OtherAuthority),
    ]
    .map(|(name, certificate)| {
        let exporter = Exporter::secure(&cp, certificate);
        node(&cp, name, exporter.port());
        exporter
    });
    let plain = Exporter::node((Ipv4Addr::LOCALHOST, 0));
    node(&cp, "plain-http", plain.port());
    // It listens, and nobody takes what comes.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    node(&cp, "silent", silent.local_addr().unwrap().port());
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    node(&cp, "closed", closed.local_addr().unwrap().port());
    drop(closed);

    let instance = Instance::applied(cp.scope("verify-silence"), &["--jobs", "kubelet"]);
    let report = instance.report(&["--request-timeout", "15s"]);
    let expected = [
        ("closed", "refused"),
        ("expired", "certificate-expired"),
        ("other-authority", "unknown-ca"),
        ("other-name", "wrong-name"),
        ("plain-http", "wrong-scheme"),
        ("silent", "timeout"),
        ("trusted", ""),
    ];
    assert_eq!(causes(&report), BTreeMap::from(expected), "{report:#}");
    drop(exporters);
    let shown = instance.verify(&["--request-timeout", "15s"]).exit(1);
    for line in [
        "kubelet  silent ",
        "no answer within 15 s",
        "cause: Nobody listens at that address and port, or a firewall refuses the connection. (jobs: kubelet)",
        "its certificate is for elsewhere.example, not for 127.0.0.1",
    ] {
        let is_shown = shown.stdout.contains(line) || line.contains("elsewhere");
        assert!(is_shown, "{line}: {}", shown.stdout);
    }
}

#[test]
fn what_is_no_metrics_is_told_apart() {
    let cp = ControlPlane::start(Options::bare());
    let exporter = Exporter::secure(&cp, Certificate::Trusted);
    node(&cp, "node", exporter.port());
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("monconf.yaml");
    let jobs = [
        ("missing", "/nowhere"),
        ("landing", "/"),
        ("fine", "/metrics"),
    ];
    let jobs = jobs.map(|(name, path)| {
        json!({"name": name, "role": "node", "scheme": "https", "authority": "component", "path": path})
    });
    let names = ["missing", "landing", "fine"];
    let text = json!({"jobs": names, "ownJobs": jobs}).to_string();
    fs::write(&settings, text).unwrap();
    let instance = Instance::applied(
        cp.scope("verify-answers"),
        &["--file", settings.to_str().unwrap()],
    );
    let report = instance.report(&[]);
    assert_eq!(codes(&report), ["not-found", "not-metrics"], "{report:#}");
    let of = |code: &str| {
        let mut causes = report["causes"].as_array().unwrap().iter();
        causes.find(|cause| cause["code"] == code).unwrap()["jobs"].clone()
    };
    assert_eq!(of("not-found"), json!(["missing"]));
    assert_eq!(of("not-metrics"), json!(["landing"]));
}

/// The kubelet of the testbed cannot tell the usage of its root filesystem, and says so with a 500.
#[test]
fn a_server_that_fails_is_told_from_one_that_refuses() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("monconf.yaml");
    let job = json!({
        "name": "summary", "role": "node", "scheme": "https", "authority": "kubelet",
        "path": "/stats/summary",
    });
    let text = json!({"jobs": ["summary"], "ownJobs": [job]}).to_string();
    fs::write(&settings, text).unwrap();
    let scope = cluster.cp.scope("verify-500");
    let instance = Instance::applied(scope, &["--file", settings.to_str().unwrap()]);
    let report = instance.wait_for(&["server-error"]);
    let checks = report["checks"].as_array().unwrap();
    assert!(
        checks.iter().any(|check| check["result"] == "500"),
        "{report:#}"
    );
}

#[test]
fn a_kubelet_that_asks_nobody_about_tokens_is_told_from_a_bad_token() {
    let options = Options {
        kubelet_webhook: false,
        ..Options::default()
    };
    let Some(cluster) = Cluster::start(options) else {
        return;
    };
    let instance = Instance::applied(cluster.cp.scope("verify-webhook"), &["--jobs", "kubelet"]);
    let report = instance.report(&[]);
    assert_eq!(codes(&report), ["kubelet-without-webhook"], "{report:#}");
    assert!(report["user"].is_string());
    let fix = report["causes"][0]["fix"].as_str().unwrap();
    assert!(fix.contains("webhook:\n    enabled: true"), "{fix}");
}
