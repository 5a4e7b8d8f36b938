//! Without a cluster the needs are printed.

use super::documents;
use crate::support::Monconf;
use crate::support::docs::{block, is_printed};

fn offline(arguments: &[&str]) -> Monconf {
    // No kubeconfig, no home: nothing that leads to a cluster.
    Monconf::new(["preflight", "--offline"]).args(arguments)
}

#[test]
fn the_needs_of_every_command_and_consumer_are_printed_without_a_cluster() {
    let remote_write = ["--remote-write", "https://metrics.example.com/push"];
    for consumer in ["prometheus", "grafana-agent", "alloy"] {
        for verb in ["apply", "plan", "rotate", "verify", "status", "remove"] {
            let run = offline(&[consumer, "--for", verb])
                .args(remote_write.iter().filter(|_| consumer != "prometheus"));
            let run = run.run();
            if consumer == "alloy" && verb == "rotate" {
                // Its Pod has a token of its own, and `monconf rotate alloy` says the same.
                let words = "there is no token to replace";
                assert!(run.code == 1 && run.stderr.contains(words), "{run:?}");
            } else {
                assert_eq!(run.code, 0, "{consumer} {verb}: {run:?}");
            }
        }
    }
}

#[test]
fn a_removal_and_an_apply_together_are_one_role() {
    let run = offline(&[
        "--for",
        "apply,remove",
        "-o",
        "yaml",
        "--as",
        "system:serviceaccount:ci:deployer",
    ])
    .run()
    .ok();
    let documents = documents(&run.stdout);
    let kinds: Vec<String> = documents
        .iter()
        .map(|document| {
            let name = document["metadata"]["name"].as_str().unwrap();
            let namespace = document["metadata"]["namespace"].as_str().unwrap_or("-");
            format!("{} {namespace} {name}", document["kind"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "Namespace - monitoring",
            "ClusterRole - monitoring-monconf-apply-remove",
            "ClusterRoleBinding - monitoring-monconf-apply-remove:system:serviceaccount:ci:deployer",
            "Role default monitoring-monconf-apply-remove",
            "RoleBinding default monitoring-monconf-apply-remove:system:serviceaccount:ci:deployer",
            "Role monitoring monitoring-monconf-apply-remove",
            "RoleBinding monitoring monitoring-monconf-apply-remove:system:serviceaccount:ci:deployer",
        ]
    );
    assert_eq!(documents[2]["subjects"][0]["kind"], "ServiceAccount");
    assert_eq!(documents[2]["subjects"][0]["namespace"], "ci");
    assert!(
        run.stdout.contains(
            "# Left out: list secrets in namespace monitoring, which opens every Secret there"
        ),
        "{}",
        run.stdout
    );
}

#[test]
fn nobody_is_bound_where_nobody_is_named() {
    let run = offline(&["-o", "yaml", "--required"]).run().ok();
    let documents = documents(&run.stdout);
    assert!(
        documents
            .iter()
            .all(|document| !document["kind"].as_str().unwrap().ends_with("Binding"))
    );
    assert!(run.stdout.contains("--as USER"), "{}", run.stdout);
    assert!(!run.stdout.contains("without it"), "{}", run.stdout);
}

/// Access that is somebody else's takes what the Helm chart's runner has, and no more.
#[test]
fn with_existing_access_it_is_what_a_runner_has() {
    let run = offline(&[
        "--existing-access",
        "--for",
        "apply,rotate,remove",
        "--format",
        "operator",
        "-o",
        "yaml",
    ])
    .run()
    .ok();
    let documents = documents(&run.stdout);
    let shown: Vec<String> = documents
        .iter()
        .flat_map(|document| {
            let place = document["metadata"]["namespace"]
                .as_str()
                .unwrap_or("everywhere")
                .to_owned();
            let rules = document["rules"].as_array().unwrap().iter();
            rules
                .map(move |rule| {
                    let list = |key: &str| {
                        let items = rule[key].as_array().into_iter().flatten();
                        items
                            .filter_map(|item| item.as_str())
                            .collect::<Vec<_>>()
                            .join(",")
                    };
                    format!(
                        "{place}: {} {} {}",
                        list("verbs"),
                        list("resources"),
                        list("resourceNames")
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(
        shown,
        [
            "everywhere: list prometheusagents,prometheuses ",
            "everywhere: list grafanaagents,metricsinstances ",
            "monitoring: get namespaces monitoring",
            "monitoring: create,delete,get,patch secrets prometheus-k8s-token",
            "monitoring: create,delete,get,patch secrets prometheus-k8s-token-a,prometheus-k8s-token-b",
            "monitoring: get serviceaccounts monitoring-sa",
            "monitoring: create serviceaccounts/token monitoring-sa",
            "monitoring: list podmonitors,prometheusrules,scrapeconfigs,servicemonitors ",
            "monitoring: create,delete,get,patch scrapeconfigs k8s-cadvisor,k8s-kubelet",
            "monitoring: create,delete,get,patch servicemonitors k8s",
        ]
    );
}

#[test]
fn the_documented_example_is_what_is_printed() {
    let document = include_str!("../../docs/preflight.md");
    let shown = block(document, "text");
    let (command, shown) = shown.split_once('\n').unwrap();
    let arguments: Vec<&str> = command.split_whitespace().skip(2).collect();
    let run = Monconf::new(arguments).run().ok();
    is_printed(shown, &run.stdout);
}
