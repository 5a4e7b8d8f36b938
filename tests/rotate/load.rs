//! Rotation under load: a real Prometheus scrapes every second, and no scrape fails.

use std::fs;

use serde_json::Value;
use testbed::{Cluster, Prometheus};

use crate::support::prometheus_pod::TELLS_FAILURES;
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
    let prometheus = Prometheus::start(&path("prometheus.yml"), &[TELLS_FAILURES]);
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
    no_scrape_failed(3, &prometheus.log(), |promql| prometheus.query(promql));
}

/// No scrape of as many targets failed, by what Prometheus says in its log. That a busy target did not answer in time is
/// no fault of a token. The last token has been alone for longer than the API server remembers the others.
#[track_caller]
pub(super) fn no_scrape_failed(targets: usize, log: &str, query: impl Fn(&str) -> Value) {
    let each = query("count_over_time(up[30m])");
    let each: Vec<&Value> = each.as_array().unwrap().iter().collect();
    assert_eq!(each.len(), targets, "{each:#?}");
    for of_target in each {
        let scrapes = of_target["value"][1].as_str().unwrap();
        let scrapes: f64 = scrapes.parse().unwrap();
        assert!(scrapes > 10.0, "{of_target:#}");
    }
    let failed = log.lines().filter(|line| line.contains("Scrape failed"));
    let refused: Vec<&str> = failed
        .filter(|line| !line.contains("context deadline exceeded"))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}
