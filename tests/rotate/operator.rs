//! Rotation under load: prometheus-operator writes the token into the configuration, which is reloaded.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::json;
use testbed::{Prometheus, Scope};

use super::load::no_scrape_failed;
use crate::least_access::{SELECTS_ALL, World, operator};
use crate::support::prometheus_pod::TELLS_FAILURES;
use crate::support::{Monconf, token};

const MONITORS: usize = 3;

/// Whoever runs Prometheus discovers for monitors; the token of an account that may.
fn discoverer(scope: &Scope) -> String {
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "discoverer"}});
    let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", scope.namespace);
    scope.admin().post(&accounts, &account).unwrap();
    let verbs = json!(["get", "list", "watch"]);
    let rules = json!([
        {"apiGroups": [""], "resources": ["nodes", "services", "endpoints", "pods"], "verbs": verbs},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs},
    ]);
    let name = format!("system:serviceaccount:{}:discoverer", scope.namespace);
    scope.cp.grant(&name, None, &rules);
    let token = scope.admin().token(&scope.namespace, "discoverer", 3_600);
    token.unwrap()
}

/// Does what the operator's config-reloader does, until the other end of `stopped` is gone.
fn reload_what_changes(
    prometheus: &Prometheus,
    file: &Path,
    stopped: &mpsc::Receiver<()>,
    generated: impl Fn() -> String,
) {
    let mut loaded = fs::read_to_string(file).unwrap();
    while stopped.recv_timeout(Duration::from_millis(200)) == Err(RecvTimeoutError::Timeout) {
        let text = generated();
        if text != loaded {
            fs::write(file, &text).unwrap();
            prometheus.reload().unwrap();
            loaded = text;
        }
    }
}

#[test]
fn no_scrape_fails_through_three_rotations_with_the_operator() {
    let Some(world) = World::shared() else {
        return;
    };
    let cp = &world.cluster.cp;
    let scope = cp.scope("rotate-operator");
    let call = |verb: &str, arguments: &[&str]| {
        let jobs = ["--jobs", "apiserver,kubelet,cadvisor", "--interval", "1s"];
        let form = ["--format", "operator", "--selected-by", SELECTS_ALL];
        Monconf::for_consumer(verb, &scope, &[&jobs[..], &form].concat())
            .args(arguments)
            .run()
            .ok()
    };
    call("prometheus", &["--apply"]);
    let folder = tempfile::tempdir().unwrap();
    let discoverer = discoverer(&scope);
    operator::configure(world, &scope, MONITORS, &discoverer, folder.path());
    let generated = || operator::generated(world, &scope, MONITORS, folder.path());
    let file = folder.path().join("prometheus.yml");
    let prometheus = Prometheus::start(&file, &[TELLS_FAILURES]);
    for job in prometheus.jobs() {
        prometheus.wait_for(&job, "up");
    }
    let mut old = Vec::new();
    thread::scope(|threads| {
        let (_running, stopped) = mpsc::channel();
        let (prometheus, file, generated) = (&prometheus, &file, &generated);
        threads.spawn(move || reload_what_changes(prometheus, file, &stopped, generated));
        for _ in 0..3 {
            old.push(token::of_secret(&scope));
            let run = call("rotate", &["--apply", "--overlap", "20s", "--wait"]);
            assert!(
                run.stderr.contains("The old token is revoked."),
                "{}",
                run.stderr
            );
            // Inside the overlap, or the scrapes after it would fail.
            let loaded = fs::read_to_string(file).unwrap();
            assert!(loaded.contains(&token::of_secret(&scope)));
        }
    });
    for token in &old {
        token::wait_until_refused(cp, token);
    }
    no_scrape_failed(MONITORS, &prometheus.log(), |promql| {
        prometheus.query(promql)
    });
}
