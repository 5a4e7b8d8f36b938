//! All is well: and what is asked is what Prometheus scrapes.

use serde_json::Value;
use testbed::Prometheus;

use super::support::{Instance, codes};
use crate::least_access::World;

const JOBS: &str = "apiserver,kubelet,cadvisor,kubelet-resource,kubelet-probes,kubelet-slis,controller-manager,scheduler,coredns,kube-proxy,kube-state-metrics,node-exporter,pods,services,ingresses";

#[test]
fn every_job_is_asked_by_the_urls_that_prometheus_scrapes() {
    let Some(world) = World::shared() else {
        return;
    };
    let blackbox = world.blackbox.to_string();
    let arguments = ["--jobs", JOBS, "--blackbox-exporter", &blackbox];
    let instance = Instance::applied(world.cluster.cp.scope("verify-all"), &arguments);
    let report = instance.report(&["--nodes", "all"]);
    assert_eq!(report["good"], true, "{report:#}");
    assert_eq!(codes(&report), [""; 0]);
    let checks = report["checks"].as_array().unwrap();
    let mut asked: Vec<String> = checks
        .iter()
        .filter_map(|check| check["check"].as_str()?.strip_prefix("GET "))
        .map(str::to_owned)
        .collect();
    asked.sort();

    let prometheus = Prometheus::start(&instance.path("prometheus.yml"), &[]);
    let scraped = testbed::poll::poll(|| {
        let targets = prometheus.targets();
        let mut all = targets.iter();
        let are_up = targets.len() >= asked.len() && all.all(|target| target.health == "up");
        are_up.then_some(targets)
    });
    let scraped = scraped.unwrap_or_else(|| panic!("{:#?}", prometheus.targets()));
    let mut urls: Vec<String> = scraped
        .into_iter()
        .map(|target| target.scrape_url)
        .collect();
    urls.sort();
    assert_eq!(asked, urls);
    // Each right once, each job's discovery, and samples from every target.
    for check in checks {
        assert_eq!(check["outcome"], "passed", "{check}");
    }
    let samples = |check: &Value| {
        let result = check["result"].as_str().unwrap();
        result
            .strip_suffix(" samples")
            .map(|count| count.parse::<u64>().unwrap())
    };
    let counts: Vec<u64> = checks.iter().filter_map(samples).collect();
    assert_eq!(counts.len(), asked.len());
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
}
