//! Users who may not read Namespace `kube-system`.

use std::path::Path;

use serde_json::{Value, json};
use testbed::{Scope, User};

use super::{Pair, uid};
use crate::support::{Monconf, Run};

/// Everything that a plan for files reads, but for `kube-system`.
fn reading(scope: &Scope) -> Value {
    json!([
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [scope.namespace], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["serviceaccounts", "secrets"], "verbs": ["get", "list"]},
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["get", "list"]},
    ])
}

/// The same, and what a second apply writes.
fn writing(scope: &Scope) -> Value {
    let mut rules = reading(scope);
    let more = json!([
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["serviceaccounts", "serviceaccounts/token", "secrets"], "verbs": ["*"]},
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["*"]},
    ]);
    rules
        .as_array_mut()
        .unwrap()
        .extend(more.as_array().unwrap().clone());
    rules
}

fn limited(scope: &Scope, rules: &Value) -> User {
    scope.cp.limited_user("no-kube-system", rules)
}

fn run(pair: &Pair, kubeconfig: &Path, words: &[&str]) -> Run {
    Monconf::new(["prometheus", "--jobs", "kubelet"])
        .args(["--name", &pair.here.name])
        .args(["--namespace", &pair.here.namespace])
        .args(words)
        .kubeconfig(kubeconfig)
        .current_dir(pair.folder.path())
        .run()
}

#[test]
fn without_a_look_at_kube_system_a_plan_finds_no_difference() {
    let pair = Pair::new("viewer");
    std::fs::write(pair.path("main.yml"), "scrape_configs: []\n").unwrap();
    let viewer = limited(&pair.here, &reading(&pair.here));
    for place in [
        &["--drop-in", "jobs.yml"][..],
        &["--config", "main.yml", "--token-dir", "token"],
    ] {
        let apply = [place, &["--apply"]].concat();
        run(&pair, pair.here.kubeconfig(), &apply).ok();
        let written = pair.files();
        let plan = [place, &["--detailed-exitcode"]].concat();
        run(&pair, &viewer.kubeconfig, &plan).ok();
        assert_eq!(pair.files(), written);
    }
    let asked = pair.here.cp.audit(&viewer.name);
    assert!(
        asked
            .iter()
            .any(|event| event.uri == super::KUBE_SYSTEM && event.code == 403)
    );
}

#[test]
fn a_writer_without_it_names_the_ca_and_an_administrator_adds_the_uid_once() {
    let pair = Pair::new("writer");
    let place = ["--drop-in", "jobs.yml"];
    let apply = [&place[..], &["--apply"]].concat();
    let plan = [&place[..], &["--detailed-exitcode"]].concat();
    let writer = limited(&pair.here, &writing(&pair.here));
    run(&pair, &writer.kubeconfig, &apply).ok();
    let first = pair.text("jobs.yml");
    assert!(!first.contains(", cluster "), "{first}");
    assert!(first.contains(", ca "), "{first}");
    // Another cluster is told apart by the CA alone.
    let stranger = run(&pair, pair.there.kubeconfig(), &apply).exit(1);
    assert!(
        stranger.stderr.contains("on another cluster (CA sha256:"),
        "{}",
        stranger.stderr
    );
    assert_eq!(pair.text("jobs.yml"), first);

    run(&pair, pair.here.kubeconfig(), &apply).ok();
    let second = pair.text("jobs.yml");
    assert!(second.contains(&uid(&pair.here)), "{second}");
    assert!(
        pair.text("jobs-credentials/ca.crt")
            .contains(&uid(&pair.here))
    );
    run(&pair, &writer.kubeconfig, &plan).ok();
    run(&pair, pair.here.kubeconfig(), &plan).ok();
    run(&pair, &writer.kubeconfig, &apply).ok();
    assert_eq!(pair.text("jobs.yml"), second);
}

/// Where no file is written, nobody asks for it.
#[test]
fn kube_system_is_read_for_files_alone() {
    let pair = Pair::new("asked");
    let asked = |words: &[&str]| {
        let before = pair.here.cp.audit(&pair.here.user.name).len();
        run(&pair, pair.here.kubeconfig(), words);
        let events = pair.here.cp.audit(&pair.here.user.name).split_off(before);
        events
            .iter()
            .filter(|event| event.uri == super::KUBE_SYSTEM)
            .count()
    };
    assert_eq!(asked(&["--format", "raw"]), 0);
    assert_eq!(
        asked(&["--configmap", "prometheus:prometheus.yml"]),
        0,
        "a key is of the cluster that it lies in"
    );
    assert_eq!(asked(&["--drop-in", "jobs.yml"]), 1);
    assert_eq!(asked(&["--config", "main.yml"]), 1);
    assert_eq!(asked(&["--format", "raw", "--rules-file", "rules.yml"]), 1);
}
