//! Rotation under load: a real Prometheus in a Pod mounts the token Secret, which the kubelet refreshes.

use testbed::Cluster;
use testbed::poll::until;

use super::load::no_scrape_failed;
use crate::support::prometheus_pod::SECRET;
use crate::support::{Monconf, PrometheusPod, token};

const MAIN: &str =
    "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_config_files: [k8s.yml]\n";

#[test]
fn no_scrape_fails_through_three_rotations_of_a_mounted_secret() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = cluster.cp.scope("rotate-mounted");
    let call = |verb: &str, arguments: &[&str]| {
        let form = ["--format", "raw", "--mount-dir", SECRET];
        Monconf::for_consumer(verb, &scope, &["--jobs", "apiserver,kubelet,cadvisor"])
            .args(form)
            .args(arguments)
            .run()
            .ok()
    };
    let configs = call("prometheus", &["--apply"]).stdout;
    let prometheus = PrometheusPod::start(cluster, &scope, (MAIN, &configs), &[]);
    until("every target is up", || {
        let targets = prometheus.targets();
        targets.len() == 3 && targets.iter().all(|target| target.health == "up")
    });
    let mut old = Vec::new();
    for _ in 0..3 {
        old.push(token::of_secret(&scope));
        // Many times what the kubelet of the testbed takes to refresh what a Pod mounts.
        let run = call("rotate", &["--apply", "--overlap", "20s", "--wait"]);
        assert!(
            run.stderr.contains("The old token is revoked."),
            "{}",
            run.stderr
        );
    }
    for token in &old {
        token::wait_until_refused(&cluster.cp, token);
    }
    let log = cluster.pod_log(&scope.namespace, "prometheus");
    no_scrape_failed(3, &log, |promql| prometheus.query(promql));
}
