//! A real Prometheus runs on the file while its jobs come, change and go.

use std::fs;

use monconf::splice::{Splice, splice};
use testbed::{ControlPlane, Network, Options, Prometheus, Scope};
use yaml::Step;

use super::Folder;
use crate::support::{Monconf, Run};

const BY_HAND: &str = "global: {scrape_interval: 1s, scrape_timeout: 1s}\n\nscrape_configs:\n\
# ourselves\n- job_name: itself\n  static_configs:\n  - targets: []\n\n# the end\n";

fn apply(folder: &Folder, scope: &Scope, arguments: &[&str]) -> Run {
    let main = folder.main();
    Monconf::prometheus(scope, &["--apply", "--config", main.to_str().unwrap()])
        .args(arguments)
        .run()
        .ok()
}

#[test]
fn jobs_come_are_scraped_through_a_rotation_and_go() {
    // The Service `kubernetes` has endpoints only where the API server has an address beside loopback.
    let Some(network) = Network::new() else {
        return;
    };
    let cp = ControlPlane::start(Options {
        address: Some(network.address()),
        ..Options::default()
    });
    let scope = cp.scope("config-file");
    let folder = Folder::with(BY_HAND);
    let prometheus = Prometheus::start(&folder.main(), &[]);

    let run = apply(&folder, &scope, &["--jobs", "apiserver,kubelet"]);
    assert!(run.stdout.contains(" adds 2 jobs\n"), "{}", run.stdout);
    prometheus.reload().unwrap();
    let job = format!("{}-kubernetes-apiservers", scope.name);
    prometheus.wait_for(&job, "up");
    let up = |query: &str| {
        testbed::poll::until(query, || {
            prometheus
                .query(query)
                .pointer("/0/value/1")
                .is_some_and(|value| value == "1")
        });
    };
    up(&format!("up{{job=\"{job}\"}}"));

    let added = folder.text();
    let token = folder.path(&format!("{}-credentials/token", scope.name));
    let before = fs::read_to_string(&token).unwrap();
    apply(
        &folder,
        &scope,
        &["--jobs", "apiserver,kubelet", "--duration", "30d"],
    );
    assert_ne!(fs::read_to_string(&token).unwrap(), before);
    assert_eq!(
        folder.text(),
        added,
        "a new token is no change of the configuration"
    );
    let samples = format!("count_over_time(up{{job=\"{job}\"}}[1m])");
    let count = || {
        let count = prometheus.query(&samples);
        let count = count
            .pointer("/0/value/1")
            .and_then(|count| count.as_str()?.parse::<f64>().ok());
        count.unwrap_or_default()
    };
    let seen = count();
    testbed::poll::until("more scrapes", || count() > seen + 2.0);
    up(&format!("min_over_time(up{{job=\"{job}\"}}[5m])"));

    apply(&folder, &scope, &["--jobs", "kubelet"]);
    prometheus.reload().unwrap();
    testbed::poll::until("the job is gone", || {
        prometheus.targets().iter().all(|target| target.job != job)
    });
    assert!(!prometheus.config().contains(&job));

    // With the last job goes all that came.
    let steps = [Step::Key("scrape_configs".to_owned())];
    let mark = monconf::mark::Mark::new(&scope.name, monconf::mark::ClusterIdentity::default());
    let nothing = Splice {
        steps: &steps,
        name_key: "job_name",
        mark: &mark,
        fresh: &mark,
        entries: &[],
        told: None,
    };
    let spliced = splice(&folder.text(), "file", &nothing).unwrap();
    assert_eq!(spliced.text.unwrap(), BY_HAND);
}

#[test]
fn cluster_and_file_have_one_plan_and_nothing_is_left_to_do() {
    let scope = ControlPlane::shared().scope("one-plan");
    let folder = Folder::with(super::BY_HAND);
    let run = apply(&folder, &scope, &[]);
    assert!(run.stdout.contains("+ ClusterRole "), "{}", run.stdout);
    assert!(run.stdout.contains("~ file "), "{}", run.stdout);
    assert!(
        run.stderr
            .contains("Applied: 9 created, 1 changed, 0 deleted"),
        "{}",
        run.stderr
    );
    let again = apply(&folder, &scope, &["--detailed-exitcode"]);
    assert!(
        again
            .stdout
            .contains("No changes: everything is as wanted."),
        "{}",
        again.stdout
    );
    // One job less is one change in the file, one in the role.
    let less = apply(&folder, &scope, &["--jobs", "apiserver"]);
    assert!(less.stdout.contains(" removes 2 jobs\n"), "{}", less.stdout);
    assert!(less.stdout.contains("~ ClusterRole "), "{}", less.stdout);
}
