//! Answers with any Content-Type: `verify` says of each what the real Prometheus says.

use std::collections::BTreeMap;

use serde_json::Value;
use testbed::listener::answer;
use testbed::poll::poll;
use testbed::{ControlPlane, Listener, Options, Prometheus};

use super::support::{Instance, codes, node};

const TEXT: &str = "# TYPE answered gauge\nanswered 1\n";
const OPEN: &str = "# TYPE answered gauge\nanswered 1\n# EOF\n";
const PAGE: &str = "<!DOCTYPE html><title>Log in</title>\n";

/// Header lines and body; in the end whether Prometheus takes it.
const ANSWERS: [(&[&str], &str, bool); 21] = [
    (&["content-type: text/plain; version=0.0.4"], TEXT, true),
    (
        &["content-type: text/plain; version=1.0.0; escaping=values"],
        TEXT,
        true,
    ),
    (&["content-type: text/plain; version=99"], TEXT, true),
    (&["content-type: TEXT/PLAIN;"], TEXT, true),
    (&["content-type: text/plain; a=\"x;y\""], TEXT, true),
    (
        &["content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"],
        OPEN,
        true,
    ),
    (
        &["content-type: application/openmetrics-text; version=7"],
        OPEN,
        true,
    ),
    (&["content-type: application/openmetrics-text"], TEXT, false),
    (&["content-type: text/html"], TEXT, false),
    (&["content-type: text/html"], PAGE, false),
    (&["content-type: text/plain"], PAGE, false),
    (&["content-type: application/json"], TEXT, false),
    (&[], TEXT, false),
    (&["content-type:"], TEXT, false),
    (&["content-type: garbage"], TEXT, false),
    (&["content-type: text/plain; charset"], TEXT, false),
    (&["content-type: text/plain; a=1; a=2"], TEXT, false),
    (&["content-type: text/plain, text/html"], TEXT, false),
    (&["content-type: text/plain\u{e4}"], TEXT, false),
    (
        &["content-type: text/html", "content-type: text/plain"],
        TEXT,
        false,
    ),
    // An empty answer is no fault, whatever it says of itself.
    (&["content-type: text/html"], "", true),
];

#[test]
fn a_target_is_judged_as_prometheus_judges_it() {
    let cp = ControlPlane::start(Options::bare());
    let mut expected: BTreeMap<String, bool> = BTreeMap::new();
    for (number, (headers, body, is_taken)) in ANSWERS.iter().enumerate() {
        let target = Listener::https(&cp, |_| answer("200 OK", headers, body));
        node(&cp, &format!("n{number:02}"), target.port());
        expected.insert(format!("{}/metrics", target.url()), *is_taken);
    }
    let scope = cp.scope("content-types");
    let job = format!("{}-kubernetes-nodes", scope.name);
    let instance = Instance::applied(scope, &["--jobs", "kubelet"]);

    let prometheus = Prometheus::start(&instance.path("prometheus.yml"), &[]);
    let health = poll(|| {
        let targets = prometheus.targets().into_iter();
        let targets = targets.filter(|target| target.job == job && target.health != "unknown");
        let health: BTreeMap<String, bool> = targets
            .map(|target| (target.scrape_url, target.health == "up"))
            .collect();
        (health.len() == expected.len()).then_some(health)
    });
    let health = health.unwrap_or_else(|| panic!("{:#?}", prometheus.targets()));
    assert_eq!(health, expected, "{:#?}", prometheus.targets());

    let report = instance.report(&["--nodes", "all"]);
    let judged: BTreeMap<String, bool> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|check| {
            let url = check["check"].as_str()?.strip_prefix("GET ")?;
            Some((url.to_owned(), check["outcome"] == "passed"))
        })
        .collect();
    assert_eq!(judged, expected, "{report:#}");
    assert_eq!(report["good"], false);
    let found = codes(&report);
    assert!(found.contains(&"content-type") && found.contains(&"not-metrics"));

    // The running Prometheus is asked for its reasons as well, and they are the same ones.
    let url = prometheus.url();
    let report = instance.report(&["--nodes", "all", "--prometheus-url", url]);
    let asked = report["checks"].as_array().unwrap().iter();
    let down: Vec<&Value> = asked
        .filter(|check| check["check"] == "is up in Prometheus")
        .collect();
    assert_eq!(down.len(), expected.values().filter(|up| !**up).count());
    for check in down {
        let cause = check["cause"].as_str().unwrap();
        assert!(
            ["content-type", "not-metrics", "unknown"].contains(&cause),
            "{check}"
        );
    }
}

#[test]
fn the_fallback_of_a_configuration_counts() {
    let cp = ControlPlane::start(Options::bare());
    let target = Listener::https(&cp, |_| answer("200 OK", &[], TEXT));
    node(&cp, "silent", target.port());
    let scope = cp.scope("fallback");
    let job = format!("{}-kubernetes-nodes", scope.name);
    let instance = Instance::applied(scope, &["--jobs", "kubelet"]);
    let jobs = std::fs::read_to_string(instance.path("k8s.yml")).unwrap();
    for (protocol, is_taken) in [
        ("", false),
        ("  fallback_scrape_protocol: PrometheusText0.0.4\n", true),
        // Read as OpenMetrics it has no end.
        ("  fallback_scrape_protocol: OpenMetricsText1.0.0\n", false),
    ] {
        let job_name = "  metrics_path: /metrics\n";
        let changed = jobs.replace(job_name, &format!("{job_name}{protocol}"));
        assert!(changed.len() == jobs.len() + protocol.len(), "{jobs}");
        std::fs::write(instance.path("k8s.yml"), changed).unwrap();
        let main = instance.path("prometheus.yml");
        let health = if is_taken { "up" } else { "down" };
        let prometheus = Prometheus::start(&main, &[]);
        prometheus.wait_for(&job, health);
        let run = crate::support::Monconf::new(["verify", "--config", main.to_str().unwrap()])
            .kubeconfig(instance.scope.kubeconfig())
            .run();
        assert_eq!(run.code, i32::from(!is_taken), "{protocol}\n{}", run.stdout);
    }
}
