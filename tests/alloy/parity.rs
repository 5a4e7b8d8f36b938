//! The same jobs give the same series, whoever scrapes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use testbed::poll::poll;
use testbed::{Cluster, GrafanaAgent, Prometheus, Scope};

use crate::support::receiver::DEFAULT_JOBS;
use crate::support::{Monconf, Receiver};

/// Of every job some, with few labels and with many; none that a busy cluster makes more of.
const METRICS: [&str; 21] = [
    "up",
    "scrape_samples_post_metric_relabeling",
    "go_goroutines",
    "go_info",
    "go_threads",
    "go_memstats_heap_objects",
    "process_start_time_seconds",
    "process_max_fds",
    "process_resident_memory_bytes",
    "kubernetes_build_info",
    "kubernetes_feature_enabled",
    "apiserver_current_inqueue_requests",
    "apiserver_tls_handshake_errors_total",
    "kubelet_node_name",
    "kubelet_running_pods",
    "kubelet_started_pods_total",
    "cadvisor_version_info",
    "machine_cpu_cores",
    "machine_memory_bytes",
    "machine_nvm_avg_power_budget_watts",
    "container_scrape_error",
];

/// The series of one metric, without the instance's name in their job.
fn series(prometheus: &Prometheus, scope: &Scope, metric: &str) -> BTreeSet<String> {
    let found = prometheus.query(&format!("{metric}{{job=~\"{}-.*\"}}", scope.name));
    let found = found.as_array().into_iter().flatten();
    found
        .map(|series| {
            let labels = serde_json::to_string(&series["metric"]).unwrap();
            labels.replace(&format!("{}-", scope.name), "")
        })
        .collect()
}

/// Writes the file of a consumer, with the same interval for all.
fn write(consumer: &str, scope: &Scope, file: &Path, arguments: &[&str]) {
    let common = [
        "--apply",
        "--interval",
        "1s",
        "--config",
        file.to_str().unwrap(),
    ];
    Monconf::for_consumer(consumer, scope, &common)
        .args(arguments)
        .run()
        .ok();
}

#[test]
fn prometheus_agent_and_alloy_give_the_same_series() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let cp = &cluster.cp;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);

    let raw = cp.scope("same-raw");
    fs::write(file("prometheus.yml"), "scrape_configs: []\n").unwrap();
    write("prometheus", &raw, &file("prometheus.yml"), &[]);
    let prometheus = Prometheus::start(&file("prometheus.yml"), &[]);

    let agent = cp.scope("same-agent");
    let of_agent = Receiver::start();
    let url = of_agent.write_url();
    let own = format!("metrics:\n  configs:\n  - name: own\n    remote_write:\n    - url: {url}\n");
    fs::write(file("agent.yaml"), own).unwrap();
    write("grafana-agent", &agent, &file("agent.yaml"), &[]);
    let static_mode = GrafanaAgent::start_static(&file("agent.yaml"), &[], &[]);

    let alloy = cp.scope("same-alloy");
    let of_alloy = Receiver::start();
    write(
        "alloy",
        &alloy,
        &file("k8s.alloy"),
        &["--remote-write", &of_alloy.write_url()],
    );
    let flow_mode = GrafanaAgent::start_flow(&file("k8s.alloy"));

    let consumers = [
        (&prometheus, &raw),
        (of_agent.prometheus(), &agent),
        (of_alloy.prometheus(), &alloy),
    ];
    for job in DEFAULT_JOBS {
        prometheus.wait_for(&format!("{}-kubernetes-{job}", raw.name), "up");
        static_mode.wait_for(&format!("{}-kubernetes-{job}", agent.name), "up");
        flow_mode.wait_for(&format!("{}-kubernetes-{job}", alloy.name), "up");
        for (receiver, scope) in [(&of_agent, &agent), (&of_alloy, &alloy)] {
            receiver.wait_until_up(&format!("{}-kubernetes-{job}", scope.name));
        }
    }
    for metric in METRICS {
        let mut last = Vec::new();
        // What a cluster tells may change between two scrapes.
        let same = poll(|| {
            last = consumers
                .map(|(prometheus, scope)| series(prometheus, scope, metric))
                .into();
            (last[0] == last[1] && last[0] == last[2]).then_some(())
        });
        assert!(same.is_some(), "{metric}: {last:#?}");
        assert!(!last[0].is_empty(), "{metric} is not there");
    }
}
