//! A real Prometheus is made to take the files, and is looked at when monconf says that it has.

mod before;
mod refused;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use testbed::{ControlPlane, Prometheus, Scope};

use crate::support::{Monconf, Run};

/// A folder with a main file that names `k8s.yml`, a user of the cluster and a running Prometheus.
struct Setup {
    folder: tempfile::TempDir,
    scope: Scope<'static>,
    prometheus: Prometheus,
}

const MAIN: &str = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_config_files: [k8s.yml]\n\
    scrape_configs:\n- job_name: itself\n  static_configs: [{targets: []}]\n";

impl Setup {
    fn new(name: &str) -> Self {
        Self::with(name, MAIN, &[])
    }

    fn with(name: &str, main: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, main).unwrap();
        Self {
            scope: ControlPlane::shared().scope(name),
            prometheus: Prometheus::start(&file, arguments),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `--apply --drop-in k8s.yml ARGUMENTS…`
    fn drop_in(&self, arguments: &[&str]) -> Monconf {
        let file = self.path("k8s.yml");
        Monconf::prometheus(
            &self.scope,
            &["--apply", "--drop-in", file.to_str().unwrap()],
        )
        .args(arguments)
    }

    /// The same with `--reload URL`.
    fn reload(&self, arguments: &[&str]) -> Run {
        self.drop_in(arguments)
            .args(["--reload", self.prometheus.url()])
            .run()
    }

    /// The same with `--reload PID`.
    fn signal(&self, arguments: &[&str]) -> Run {
        let pid = self.prometheus.pid().to_string();
        self.drop_in(arguments)
            .args(["--reload", &pid, "--prometheus-url", self.prometheus.url()])
            .run()
    }

    /// The job of that kind, by its name in Prometheus.
    fn job(&self, kind: &str) -> String {
        format!("{}-{kind}", self.scope.name)
    }

    /// What the running Prometheus has beside `itself`.
    fn jobs(&self) -> Vec<String> {
        let mut jobs = self.prometheus.jobs();
        jobs.retain(|job| job != "itself");
        jobs
    }

    fn loaded_at(&self) -> f64 {
        self.prometheus
            .metric("prometheus_config_last_reload_success_timestamp_seconds")
    }

    fn last_reload_succeeded(&self) -> bool {
        self.prometheus
            .metric("prometheus_config_last_reload_successful")
            > 0.5
    }
}

#[track_caller]
fn says(run: &Run, words: &str) {
    assert!(
        run.stderr.contains(words),
        "no {words:?} in\n{}",
        run.stderr
    );
}

#[test]
fn it_runs_the_jobs_when_the_program_ends_and_no_longer_those_that_go() {
    let setup = Setup::new("reload-url");
    let run = setup.reload(&[]).ok();
    let url = setup.prometheus.url();
    says(
        &run,
        &format!("Prometheus {url} runs the new configuration (3 jobs).\n"),
    );
    let mut expected: Vec<String> = [
        "kubernetes-apiservers",
        "kubernetes-cadvisor",
        "kubernetes-nodes",
    ]
    .map(|kind| setup.job(kind))
    .into();
    expected.sort_unstable();
    assert_eq!(setup.jobs(), expected);

    // What it runs already is not loaded again.
    let loaded_at = setup.loaded_at();
    let run = setup.reload(&["--detailed-exitcode"]).ok();
    says(&run, "runs this configuration already (3 jobs)");
    assert_same(setup.loaded_at(), loaded_at);

    let run = setup.signal(&["--jobs", "apiserver", "-o", "json"]).ok();
    assert_eq!(setup.jobs(), [setup.job("kubernetes-apiservers")]);
    assert!(setup.loaded_at() > loaded_at);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["prometheus"]["url"], url);
    assert_eq!(report["prometheus"]["jobs"], 1);
    assert_eq!(report["prometheus"]["reloaded"], true);
}

#[allow(clippy::float_cmp, reason = "the same sample, read twice")]
#[track_caller]
fn assert_same(now: f64, before: f64) {
    assert_eq!(now, before, "it was loaded again");
}

#[test]
fn what_a_run_wrote_without_a_reload_is_loaded_by_the_next_one() {
    let setup = Setup::new("reload-late");
    let run = setup
        .drop_in(&["--prometheus-url", setup.prometheus.url()])
        .run()
        .ok();
    says(&run, "runs what it ran before until it is reloaded");
    assert!(setup.jobs().is_empty());

    // A plan says so, and changes nothing.
    let file = setup.path("k8s.yml");
    let plan = [
        "--drop-in",
        file.to_str().unwrap(),
        "--prometheus-url",
        setup.prometheus.url(),
    ];
    let run = Monconf::prometheus(&setup.scope, &plan).run().ok();
    says(&run, "does not run ");
    says(&run, "hint: --apply with --reload");
    assert!(setup.jobs().is_empty());

    let run = setup.reload(&[]).ok();
    assert!(run.stdout.contains("No changes"), "{}", run.stdout);
    says(&run, "runs the new configuration (3 jobs)");
    assert_eq!(setup.jobs().len(), 3);

    // The same jobs, changed: their names tell nothing.
    setup.drop_in(&["--interval", "45s"]).run().ok();
    let loaded_at = setup.loaded_at();
    says(
        &setup.signal(&["--interval", "45s"]).ok(),
        "runs the new configuration (3 jobs)",
    );
    assert!(setup.loaded_at() > loaded_at);
}

#[test]
fn jobs_in_its_own_file_are_taken_too() {
    let main = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: itself\n  static_configs: [{targets: []}]\n";
    let setup = Setup::with("reload-config", main, &["--web.route-prefix=/prom"]);
    let file = setup.path("prometheus.yml");
    let url = setup.prometheus.url();
    assert!(url.ends_with("/prom"));
    // The whole address of the reload is understood as well.
    let reload = format!("{url}/-/reload");
    let arguments = [
        "--apply",
        "--config",
        file.to_str().unwrap(),
        "--reload",
        &reload,
    ];
    let run = Monconf::prometheus(&setup.scope, &arguments).run().ok();
    says(
        &run,
        &format!("Prometheus {url} runs the new configuration (4 jobs)."),
    );
    assert_eq!(setup.jobs().len(), 3);

    let drop_in = setup.path("k8s.yml");
    let second = ControlPlane::shared().scope("reload-config-second");
    let other = ["--drop-in", drop_in.to_str().unwrap()];
    let run = Monconf::prometheus(&second, &arguments)
        .args(other)
        .run()
        .ok();
    says(&run, "runs the new configuration (7 jobs).");
    assert_eq!(setup.jobs().len(), 6);
}
