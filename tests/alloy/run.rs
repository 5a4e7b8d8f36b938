//! `monconf alloy --apply`: what it writes is loaded unchanged, scrapes everything and sends it on.

use std::fs;

use serde_json::{Value, json};
use testbed::{Cluster, GrafanaAgent, Scope, grafana_agent};

use crate::support::receiver::DEFAULT_JOBS;
use crate::support::rights::refused;
use crate::support::{Monconf, Receiver, token};

fn monconf(scope: &Scope, arguments: &[&str]) -> Monconf {
    Monconf::for_consumer("alloy", scope, arguments)
}

#[test]
fn an_alloy_outside_the_cluster_runs_its_file_through_a_rotation() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = cluster.cp.scope("alloy");
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start());
    let file = folder.path().join("k8s.alloy");
    let arguments = [
        "--apply",
        "--config",
        file.to_str().unwrap(),
        "--remote-write",
        &receiver.write_url(),
        "--interval",
        "1s",
    ];
    let run = monconf(&scope, &arguments).run().ok();
    assert!(run.stdout.contains("k8s.alloy"), "{}", run.stdout);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(grafana_agent::fmt(&text).as_deref(), Ok(text.as_str()));
    let again = monconf(&scope, &arguments)
        .args(["--detailed-exitcode"])
        .run()
        .ok();
    assert!(!again.stdout.contains("\n  + "), "{}", again.stdout);

    let running = GrafanaAgent::start_flow(&file);
    receiver.wait_for_default_jobs(&running, &scope);
    assert!(refused(&scope).is_empty(), "{:#?}", refused(&scope));

    // A new token is taken from the file, without a reload and without a failed scrape.
    monconf(&scope, &arguments)
        .args(["--duration", "30d"])
        .run()
        .ok();
    for job in DEFAULT_JOBS {
        let job = format!("{}-kubernetes-{job}", scope.name);
        receiver.wait_for_more_scrapes(&job);
        let least = receiver
            .prometheus()
            .query(&format!("min_over_time(up{{job=\"{job}\"}}[5m])"));
        assert_eq!(least.pointer("/0/value/1"), Some(&json!("1")), "{job}");
    }
}

#[test]
fn the_config_map_is_ours_and_nobody_else_s_is_touched() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = cluster.cp.scope("alloy-map");
    // Nobody listens there.
    let write = "http://127.0.0.1:9/api/v1/write";
    let arguments = [
        "--configmap",
        "k8s:config.alloy",
        "--token-from",
        "secret",
        "--remote-write",
        write,
    ];
    monconf(&scope, &arguments).args(["--apply"]).run().ok();
    let path = format!("/api/v1/namespaces/{}/configmaps/k8s", scope.namespace);
    let text = |live: &Value| live["data"]["config.alloy"].as_str().unwrap().to_owned();
    let before = text(&scope.admin().get(&path).unwrap());
    assert_eq!(grafana_agent::fmt(&before).as_deref(), Ok(before.as_str()));
    let secret = format!("{}-k8s-token", scope.name);
    assert!(before.contains(&format!("\"{secret}\"")), "{before}");
    assert!(
        !before.contains(&token::of_secret(&scope)),
        "no token is in it"
    );

    // The right to read that one Secret is derived, and nothing else of Secrets.
    let role = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles/{}-role",
        scope.namespace, scope.name
    );
    let rules = scope.admin().get(&role).unwrap()["rules"].clone();
    assert_eq!(
        rules,
        json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["get"]}])
    );

    // A change is shown line by line.
    let run = monconf(&scope, &arguments)
        .args(["--interval", "15s"])
        .run()
        .ok();
    assert!(
        run.stdout.contains("+    \tscrape_interval  = \"15s\""),
        "{}",
        run.stdout
    );
    let run = monconf(&scope, &arguments)
        .args(["--detailed-exitcode"])
        .run()
        .ok();
    assert!(!run.stdout.contains("\n  ~ "), "{}", run.stdout);

    let theirs = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"config.alloy": "// theirs\n"},
    });
    let maps = format!("/api/v1/namespaces/{}/configmaps", scope.namespace);
    scope.admin().post(&maps, &theirs).unwrap();
    let run = monconf(&scope, &["--configmap", "theirs:config.alloy", "--apply"])
        .args(["--remote-write", write])
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("exists and was not made by monconf"),
        "{}",
        run.stderr
    );
}
