//! What goes wrong at an installation, and that the next one mends it.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;

use serde_json::{Value, json};
use testbed::poll::{poll, until};
use testbed::{Cluster, Crds, Helm, Options, root};

use super::release::Release;
use crate::support::{Monconf, Run, image, token};

/// Without any kind of prometheus-operator, until a test installs them.
#[test]
fn where_the_kinds_are_missing_it_fails_or_falls_back_as_the_values_say() {
    let options = Options {
        crds: Crds::None,
        ..Options::default()
    };
    let Some(cluster) = Cluster::start(options) else {
        return;
    };
    image::import(&cluster);
    let release = Release::new(&cluster.cp, Helm::V4, "chart-kinds");
    let operator = json!({"format": "operator"});
    let failed = release.install(&operator, &json!({}));
    assert_ne!(failed.code, 0, "{}", failed.stdout);
    let results = release.results(&release.own("apply"));
    assert_eq!(
        results.len(),
        1,
        "what a repetition does not mend is not repeated"
    );
    let error = "this cluster does not serve ServiceMonitor and ScrapeConfig: the CRDs of prometheus-operator are not installed";
    assert!(
        results[0]["error"].as_str().unwrap().contains(error),
        "{}",
        results[0]
    );
    assert_eq!(results[0]["exitCode"], 1);
    // As `kubectl describe pod` has it.
    let described = release.kubectl(&["describe", "pods"]);
    assert!(described.contains(error), "{described}");
    let secret = format!("v1/secrets/{}-k8s-token", release.scope.name);
    assert_eq!(release.get(&secret), None, "and nothing is half made");

    let fallen_back = release.upgrade(&json!({"format": "auto"}), &json!({})).ok();
    let said = fallen_back.stdout + &fallen_back.stderr;
    assert!(
        said.contains("scrape_configs:") && said.contains("credentials_file:"),
        "{said}"
    );
    assert!(release.get(&secret).is_some());
    let first = token::of_secret(&release.scope);

    cluster.cp.install_crds(Crds::Minimal);
    release.upgrade(&operator, &json!({})).ok();
    assert!(
        release
            .get(&format!(
                "monitoring.coreos.com/v1/servicemonitors/{}-k8s",
                release.scope.name
            ))
            .is_some()
    );
    assert_eq!(
        token::of_secret(&release.scope),
        first,
        "the token serves on"
    );
}

/// The cluster of those that end Pods.
fn cluster() -> Option<&'static Cluster> {
    static SHARED: LazyLock<Option<Cluster>> = LazyLock::new(|| {
        let cluster = Cluster::start(Options::default())?;
        image::import(&cluster);
        Some(cluster)
    });
    root::is_available("a cluster with a node").then(|| SHARED.as_ref())?
}

/// Has the API server wait whenever a ServiceMonitor of the release is made; as long as it exists.
struct Hold<'a> {
    release: &'a Release<'a>,
    _silent: TcpListener,
}

const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

impl<'a> Hold<'a> {
    fn new(release: &'a Release<'a>) -> Self {
        // It is connected to, and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", silent.local_addr().unwrap());
        ask(release, &url, "CREATE", "servicemonitors");
        // Nobody tells when the API server has begun to ask it.
        let probe = json!({
            "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "probe"},
            "spec": {"selector": {}, "endpoints": []},
        });
        let path = format!(
            "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors?dryRun=All&timeout=1s",
            release.scope.namespace
        );
        until("the webhook is asked", || {
            release.scope.admin().post(&path, &probe).is_err()
        });
        Self {
            release,
            _silent: silent,
        }
    }
}

/// Has the API server ask a webhook, named after the release, about such requests in its namespace.
fn ask(release: &Release, url: &str, operation: &str, resource: &str) {
    let webhook = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": release.scope.name},
        "webhooks": [{
            "name": "silent.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "failurePolicy": "Fail", "timeoutSeconds": 30,
            "clientConfig": {"url": url},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": release.scope.namespace}},
            "rules": [{
                "operations": [operation], "apiGroups": ["monitoring.coreos.com"], "apiVersions": ["*"],
                "resources": [resource],
            }],
        }],
    });
    release.scope.admin().post(WEBHOOKS, &webhook).unwrap();
}

fn ask_no_more(release: &Release) {
    let path = format!("{WEBHOOKS}/{}", release.scope.name);
    let _ = release.scope.admin().delete(&path);
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        ask_no_more(self.release);
    }
}

/// Installs while `end` is done to the Pod of the hook once it has written the token and waits for its monitor.
fn interrupted(release: &Release, values: &Value, end: impl FnOnce(&Value)) -> Run {
    let hold = Hold::new(release);
    thread::scope(|threads| {
        let installing = threads.spawn(|| release.install(&json!({"format": "operator"}), values));
        let secret = format!("v1/secrets/{}-k8s-token", release.scope.name);
        until("the token is written", || release.get(&secret).is_some());
        let pod = poll(|| release.pods(&release.own("apply")).into_iter().next()).unwrap();
        end(&pod);
        drop(hold);
        installing.join().unwrap()
    })
}

/// SIGKILL to the program in a Pod.
fn kill(pod: &Value) {
    let uid = pod["metadata"]["uid"].as_str().unwrap();
    let of_pod = |process: &fs::DirEntry| {
        let read = |file: &str| fs::read_to_string(process.path().join(file)).unwrap_or_default();
        read("cgroup").contains(uid) && read("cmdline").starts_with("/monconf")
    };
    let process = poll(|| {
        let mut processes = fs::read_dir("/proc").unwrap().flatten();
        processes.find(of_pod).map(|process| process.file_name())
    });
    let killed = Command::new("kill")
        .arg("-KILL")
        .arg(process.unwrap())
        .status();
    assert!(killed.unwrap().success());
}

/// Everything is there, once.
fn is_whole(release: &Release) {
    let name = &release.scope.name;
    let secrets = release.list("v1/secrets");
    let ours = secrets
        .iter()
        .filter(|secret| secret.starts_with(&format!("{name}-k8s-token")));
    assert_eq!(ours.count(), 2, "a token and its handle: {secrets:?}");
    assert_eq!(
        release.list("monitoring.coreos.com/v1/servicemonitors"),
        [format!("{name}-k8s")]
    );
    let token = token::of_secret(&release.scope);
    assert!(token::is_accepted(release.scope.cp, &token));
}

#[test]
fn a_hook_that_is_killed_is_mended_by_the_next_upgrade() {
    let Some(cluster) = cluster() else {
        return;
    };
    let release = Release::new(&cluster.cp, Helm::V4, "chart-killed");
    let once = json!({"hook": {"backoffLimit": 0}});
    let failed = interrupted(&release, &once, kill);
    assert_ne!(failed.code, 0, "{}", failed.stdout);
    assert_eq!(
        release.list("monitoring.coreos.com/v1/servicemonitors"),
        Vec::<String>::new()
    );
    let first = token::of_secret(&release.scope);
    release
        .upgrade(&json!({"format": "operator"}), &json!({}))
        .ok();
    is_whole(&release);
    assert_eq!(
        token::of_secret(&release.scope),
        first,
        "the token serves on"
    );
}

#[test]
fn a_hook_that_is_killed_is_tried_again_by_its_job() {
    let Some(cluster) = cluster() else {
        return;
    };
    let release = Release::new(&cluster.cp, Helm::V3, "chart-retried");
    interrupted(&release, &json!({}), kill).ok();
    is_whole(&release);
}

/// As when its node goes away.
#[test]
fn a_hook_whose_pod_is_gone_is_tried_again_by_its_job() {
    let Some(cluster) = cluster() else {
        return;
    };
    let release = Release::new(&cluster.cp, Helm::V4, "chart-evicted");
    let evict = |pod: &Value| {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let path = format!(
            "/api/v1/namespaces/{}/pods/{name}?gracePeriodSeconds=0",
            release.scope.namespace
        );
        release.scope.admin().delete(&path).unwrap();
    };
    interrupted(&release, &json!({}), evict).ok();
    is_whole(&release);
}

fn wanting(jobs: &[&str]) -> Value {
    json!({
        "format": "operator", "jobs": jobs,
        "ownJobs": [{"name": "shop", "role": "pod", "namespaces": ["default"], "port": "web"}],
    })
}

const MONITORS: [&str; 3] = [
    "monitoring.coreos.com/v1/servicemonitors",
    "monitoring.coreos.com/v1/podmonitors",
    "monitoring.coreos.com/v1alpha1/scrapeconfigs",
];

/// The names of the jobs whose monitors are there.
fn monitored(release: &Release) -> Vec<String> {
    let monitors = MONITORS.into_iter().flat_map(|kind| release.list(kind));
    let prefix = format!("{}-k8s", release.scope.name);
    let jobs = monitors.map(|name| name.strip_prefix(&prefix).unwrap().to_owned());
    jobs.collect()
}

#[test]
fn what_an_upgrade_has_left_that_failed_is_deleted_by_the_next_one_and_by_an_uninstallation() {
    let Some(cluster) = cluster() else {
        return;
    };
    let release = Release::new(&cluster.cp, Helm::V4, "chart-left");
    let all = wanting(&["apiserver", "pods", "shop"]);
    let fewer = json!({"format": "operator", "jobs": ["apiserver"]});
    let once = json!({"hook": {"backoffLimit": 0}});
    let fails = || {
        // Nobody answers there.
        ask(&release, "https://127.0.0.1:1/", "DELETE", "podmonitors");
        for _ in 0..2 {
            let failed = release.upgrade(&fewer, &once);
            assert_ne!(failed.code, 0, "{}", failed.stdout);
        }
        assert_eq!(monitored(&release), ["", "-pods", "-shop"]);
        ask_no_more(&release);
    };
    release.install(&all, &json!({})).ok();
    fails();
    release.upgrade(&fewer, &json!({})).ok();
    assert_eq!(monitored(&release), [""]);
    release.upgrade(&all, &json!({})).ok();
    fails();
    release.uninstall().ok();
    assert_eq!(monitored(&release), Vec::<String>::new());
}

#[test]
fn a_rollback_takes_away_what_came_later() {
    let Some(cluster) = cluster() else {
        return;
    };
    let release = Release::new(&cluster.cp, Helm::V3, "chart-rollback");
    release.install(&wanting(&["apiserver"]), &json!({})).ok();
    release
        .upgrade(&wanting(&["apiserver", "kubelet", "pods"]), &json!({}))
        .ok();
    assert_eq!(monitored(&release), ["", "-pods", "-kubelet"]);
    release
        .helm(&["rollback", &release.scope.name, "1", "--timeout", "3m"])
        .ok();
    assert_eq!(monitored(&release), [""]);

    // Whoever runs monconf itself sees whose account it is.
    let status = Monconf::for_consumer("status", &release.scope, &["--existing-access"])
        .run()
        .ok();
    let row = status
        .stdout
        .lines()
        .find(|line| line.contains(&format!("{}-sa", release.scope.name)));
    assert!(
        row.is_some_and(|row| row.contains("89d")),
        "{}",
        status.stdout
    );
}

#[test]
fn the_place_of_the_jobs_cannot_be_changed() {
    let Some(cluster) = cluster() else {
        return;
    };
    let release = Release::new(&cluster.cp, Helm::V4, "chart-place");
    release
        .install(
            &json!({"additionalScrapeConfigs": "jobs:k8s.yaml"}),
            &json!({}),
        )
        .ok();
    assert!(release.get("v1/secrets/jobs").is_some());
    for config in [
        json!({"format": "operator"}),
        json!({"additionalScrapeConfigs": "others:k8s.yaml"}),
    ] {
        let refused = release.upgrade(&config, &json!({}));
        let place = format!(
            "the jobs of this release are in secrets {}/jobs",
            release.scope.namespace
        );
        assert!(refused.stderr.contains(&place), "{}", refused.stderr);
    }
    release.uninstall().ok();
    assert_eq!(release.get("v1/secrets/jobs"), None);
}
