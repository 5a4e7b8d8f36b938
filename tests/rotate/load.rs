//! Rotation under load: a real Prometheus scrapes every second, and no scrape fails.

use std::fs;

use serde_json::Value;
use testbed::{Cluster, Prometheus};

use crate::support::{Monconf, token};

#[test]
fn no_scrape_fails_through_three_rotations_of_a_file() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = cluster.cp.scope("rotate-load");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let main =
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_config_files: [k8s.yml]\n";
    fs::write(path("prometheus.yml"), main).unwrap();
    let call = |verb: &str, arguments: &[&str]| {
        Monconf::for_consumer(
            verb,
            &scope,
            &["--jobs", "apiserver,kubelet,cadvisor", "--drop-in"],
        )
        .args([path("k8s.yml")])
        .args(arguments)
        .run()
        .ok()
    };
    call("prometheus", &["--apply"]);
    let prometheus = Prometheus::start(&path("prometheus.yml"), &[]);
    for job in [
        "kubernetes-apiservers",
        "kubernetes-nodes",
        "kubernetes-cadvisor",
    ] {
        prometheus.wait_for(&format!("{}-{job}", scope.name), "up");
    }
    let token_file = path("k8s-credentials/token");
    let mut old = Vec::new();
    for _ in 0..3 {
        old.push(fs::read_to_string(&token_file).unwrap());
        let url = prometheus.url();
        let run = call(
            "rotate",
            &[
                "--apply",
                "--overlap",
                "3s",
                "--wait",
                "--prometheus-url",
                url,
            ],
        );
        assert!(
            run.stderr
                .contains("has scraped 3 targets with the new token"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("The old token is revoked."),
            "{}",
            run.stderr
        );
    }
    for token in &old {
        token::wait_until_refused(&cluster.cp, token);
    }
    no_scrape_failed(3, |promql| prometheus.query(promql));
}

/// Every scrape of as many targets was a success. The last token has been alone for longer than the API server remembers
/// the others.
#[track_caller]
pub(super) fn no_scrape_failed(targets: usize, query: impl Fn(&str) -> Value) {
    let value = |promql: &str| {
        let value = query(promql).pointer("/0/value/1").cloned();
        value.as_ref().and_then(Value::as_str).map(str::to_owned)
    };
    let each = query("min_over_time(up[30m])");
    assert_eq!(each.as_array().map(Vec::len), Some(targets), "{each:#}");
    assert_eq!(
        value("min(min_over_time(up[30m]))").as_deref(),
        Some("1"),
        "{each:#}"
    );
    let scrapes = value("min(count_over_time(up[30m]))").unwrap();
    assert!(scrapes.parse::<f64>().unwrap() > 10.0, "{scrapes} scrapes");
}
