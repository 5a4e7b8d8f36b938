//! What the README shows is what the program prints.

use testbed::{ControlPlane, Options};

use crate::support::Monconf;
use crate::support::docs::{block, is_printed};

const README: &str = include_str!("../README.md");

/// What differs from run to run, as the README writes it.
fn settled(output: &str, url: &str) -> String {
    let output = output.replace(url, "https://127.0.0.1:6443");
    let (before, after) = output.split_once("sha256:").unwrap();
    let (_, after) = after.split_once('…').unwrap();
    format!("{before}sha256:…{after}")
}

#[test]
fn the_diff_in_the_readme_is_the_one_that_the_first_command_prints() {
    let cp = ControlPlane::start(Options::default());
    let user = cp.user("playground", &["system:masters"]);
    // As the playground has it.
    let prometheus = serde_json::json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
        "metadata": {"name": "main", "namespace": "monitoring"},
        "spec": {
            "serviceMonitorSelector": {"matchLabels": {"release": "main"}}, "serviceMonitorNamespaceSelector": {},
            "scrapeConfigSelector": {"matchLabels": {"release": "main"}}, "scrapeConfigNamespaceSelector": {},
        },
    });
    let namespace = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}});
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    cp.admin()
        .post(
            "/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses",
            &prometheus,
        )
        .unwrap();

    let run = Monconf::new(["prometheus", "--apply"])
        .kubeconfig(&user.kubeconfig)
        .run()
        .ok();
    let printed = settled(&run.stdout, cp.url());
    is_printed(block(README, "diff"), &printed);
}

#[test]
fn the_two_commands_are_what_they_say() {
    let commands: Vec<&str> = README
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    let [job, tests] = commands.as_slice() else {
        panic!("the README has two commands, not {commands:?}");
    };
    let arguments = job.strip_prefix("cargo playground monconf ").unwrap();
    assert_eq!(arguments, "prometheus --apply");
    let ci = include_str!("../.ci/run");
    assert_eq!(ci.lines().last(), Some(*tests));
    assert!(include_str!("../.cargo/config.toml").contains("playground = "));
}

#[test]
fn every_command_in_the_table_exists() {
    let rows = README
        .lines()
        .filter_map(|line| line.strip_prefix("| `monconf "));
    let verbs: Vec<&str> = rows
        .filter_map(|row| row.split(['`', ' ']).next())
        .collect();
    assert!(verbs.len() > 4, "{verbs:?}");
    for verb in verbs {
        Monconf::new([verb, "--help"]).run().ok();
    }
}
