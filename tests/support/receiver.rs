//! Where samples are sent.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::poll::until;
use testbed::{GrafanaAgent, Prometheus, Scope};

/// What the default jobs are called behind `kubernetes-`.
pub(crate) const DEFAULT_JOBS: [&str; 3] = ["apiservers", "nodes", "cadvisor"];

/// A Prometheus that scrapes nothing and takes what is sent to it.
pub(crate) struct Receiver {
    prometheus: Prometheus,
    _folder: TempDir,
}

impl Receiver {
    /// The flag that has a Prometheus take samples.
    pub(crate) const FLAG: &str = "--web.enable-remote-write-receiver";
    /// Where it takes them.
    pub(crate) const PATH: &str = "/api/v1/write";

    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, "{}\n").unwrap();
        Self {
            prometheus: Prometheus::start(&file, &[Self::FLAG]),
            _folder: folder,
        }
    }

    /// For `--remote-write`.
    pub(crate) fn write_url(&self) -> String {
        format!("{}{}", self.prometheus.url(), Self::PATH)
    }

    /// To ask it.
    pub(crate) fn prometheus(&self) -> &Prometheus {
        &self.prometheus
    }

    /// The labels of each series that a selector finds.
    pub(crate) fn series(&self, selector: &str) -> Vec<Value> {
        let found = self.prometheus.query(selector);
        let found = found.as_array().into_iter().flatten();
        found.map(|series| series["metric"].clone()).collect()
    }

    /// Waits until an agent scrapes the one target of each default job of a test's instance, and has sent that.
    #[track_caller]
    pub(crate) fn wait_for_default_jobs(&self, agent: &GrafanaAgent, scope: &Scope) {
        for job in DEFAULT_JOBS {
            let job = format!("{}-kubernetes-{job}", scope.name);
            let targets = agent.wait_for(&job, "up");
            assert_eq!(targets.len(), 1, "{targets:?}");
            self.wait_until_up(&job);
        }
    }

    /// Waits until scrapes of a job have arrived that began after this call.
    #[track_caller]
    pub(crate) fn wait_for_more_scrapes(&self, job: &str) {
        let query = format!("count_over_time(up{{job={}}}[1h])", json!(job));
        let count = || {
            let value = self.prometheus.query(&query);
            let value = value.pointer("/0/value/1").and_then(Value::as_str);
            value.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
        };
        let seen = count();
        // One more may have begun before the call, or be on its way.
        until("more scrapes", || count() >= seen + 5);
    }

    /// Waits until a job's last scrape was a success, as it was told.
    #[track_caller]
    pub(crate) fn wait_until_up(&self, job: &str) {
        let query = format!("up{{job={}}}", json!(job));
        until("samples arrive", || {
            self.prometheus.query(&query).pointer("/0/value/1") == Some(&json!("1"))
        });
    }
}
