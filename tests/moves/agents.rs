//! Between the destinations of Grafana Agent and of Alloy.

use std::fs;

use testbed::{ControlPlane, Options, Scope};

use super::{is_in_order, names, report};
use crate::support::{Monconf, Run, token};

const GRAFANA: &str = "/apis/monitoring.grafana.com/v1alpha1";
const MONITORING: &str = "/apis/monitoring.coreos.com/v1";

fn agent(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::for_consumer("grafana-agent", scope, arguments)
        .args(["--yes"])
        .run()
        .ok()
}

/// What exists of an agent's objects.
fn objects(scope: &Scope) -> Vec<String> {
    [
        (GRAFANA, "grafanaagents"),
        (GRAFANA, "metricsinstances"),
        (MONITORING, "servicemonitors"),
    ]
    .iter()
    .flat_map(|(api, plural)| names(scope, api, plural))
    .collect()
}

#[test]
fn from_the_agents_objects_and_monitors_to_its_file_nothing_is_left() {
    let cp = ControlPlane::start(Options {
        agent_crds: true,
        ..Options::default()
    });
    for format in ["operator", "monitors"] {
        let scope = cp.scope("agent-moves");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.yaml");
        fs::write(
            &file,
            "metrics:\n  configs:\n  - name: default\n    scrape_configs: []\n",
        )
        .unwrap();
        let write = ["--remote-write", "http://127.0.0.1:1/api/v1/write"];
        let jobs = ["--jobs", "apiserver,kubelet", "--apply", "--format", format];
        agent(&scope, &[&write[..], &jobs].concat());
        assert!(objects(&scope).len() >= 2, "{:?}", objects(&scope));
        let before = token::of_secret(&scope);

        let place = [
            "--jobs",
            "apiserver,kubelet",
            "--config",
            file.to_str().unwrap(),
        ];
        let plan = agent(&scope, &[&place[..], &["-o", "json"]].concat());
        assert_eq!(report(&plan)["moves"], true);
        agent(&scope, &[&place[..], &["--apply"]].concat());
        assert_eq!(objects(&scope), Vec::<String>::new());
        // The Secret of the jobs and the token's are gone too; the one that the new token is bound to is not.
        let secrets = names(&scope, "/api/v1", "secrets");
        assert_eq!(secrets.len(), 1, "{secrets:?}");
        is_in_order(&scope);
        token::wait_until_refused(&cp, &before);
        let again = agent(&scope, &[&place[..], &["--apply"]].concat());
        assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    }
}

#[test]
fn between_the_agents_objects_and_monitors_what_named_a_secret_goes_before_it() {
    let cp = ControlPlane::start(Options {
        agent_crds: true,
        ..Options::default()
    });
    let scope = cp.scope("agent-forms");
    let write = [
        "--remote-write",
        "http://127.0.0.1:1/api/v1/write",
        "--apply",
    ];
    let jobs = ["--jobs", "apiserver"];
    agent(
        &scope,
        &[&write[..], &jobs, &["--format", "operator"]].concat(),
    );
    let plan = agent(
        &scope,
        &[&write[..2], &jobs, &["--format", "monitors", "-o", "json"]].concat(),
    );
    assert_eq!(report(&plan)["moves"], true);
    agent(
        &scope,
        &[&write[..], &jobs, &["--format", "monitors"]].concat(),
    );
    assert_eq!(names(&scope, MONITORING, "servicemonitors").len(), 1);
    let jobs_secret = format!("{}-k8s-agent-jobs", scope.name);
    assert!(!names(&scope, "/api/v1", "secrets").contains(&jobs_secret));
    agent(
        &scope,
        &[&write[..], &jobs, &["--format", "operator"]].concat(),
    );
    assert_eq!(
        names(&scope, MONITORING, "servicemonitors"),
        Vec::<String>::new()
    );
    assert!(names(&scope, "/api/v1", "secrets").contains(&jobs_secret));
}

#[test]
fn from_a_config_map_of_alloy_to_a_file_and_another_config_map() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("alloy-moves");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.alloy");
    let alloy = |arguments: &[&str]| {
        Monconf::for_consumer("alloy", &scope, &["--forward-to", "a.b.receiver"])
            .args(arguments)
            .args(["--yes"])
            .run()
            .ok()
    };
    let maps = || {
        let mut maps = names(&scope, "/api/v1", "configmaps");
        maps.retain(|name| name != "kube-root-ca.crt");
        maps
    };
    alloy(&[
        "--apply",
        "--configmap",
        "one:config.alloy",
        "--token-from",
        "secret",
    ]);
    assert_eq!(maps(), ["one"]);
    let plan = alloy(&[
        "--configmap",
        "two:config.alloy",
        "--token-from",
        "secret",
        "-o",
        "json",
    ]);
    assert_eq!(report(&plan)["moves"], true);
    alloy(&[
        "--apply",
        "--configmap",
        "two:config.alloy",
        "--token-from",
        "secret",
    ]);
    assert_eq!(maps(), ["two"]);
    let before = token::of_secret(&scope);
    alloy(&["--apply", "--config", file.to_str().unwrap()]);
    assert_eq!(maps(), Vec::<String>::new());
    assert!(cp.admin().is_absent(&token::secret_path(&scope)));
    is_in_order(&scope);
    token::wait_until_refused(cp, &before);
    let new = fs::read_to_string(
        folder
            .path()
            .join(format!("{}-credentials/token", scope.name)),
    )
    .unwrap();
    assert!(token::is_accepted(cp, &new));
}
