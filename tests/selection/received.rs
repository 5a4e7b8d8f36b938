//! The real operators: the namespaces of the plan are those whose generated Secrets hold the token.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use testbed::poll::until;
use testbed::{AgentOperator, ControlPlane, Crds, Operator, Options, Scope};

use super::{create_namespace, everywhere, in_own_namespace, monconf, prometheus, release, report};
use crate::support::{Monconf, token};

/// The namespaces that a plan says receive the token.
fn receivers(plan: &Value) -> Vec<&str> {
    let receivers = plan["receivers"].as_array().unwrap().iter();
    receivers
        .map(|receiver| receiver["namespace"].as_str().unwrap())
        .collect()
}

#[test]
fn the_generated_secret_of_each_prometheus_that_the_plan_names_holds_the_token_and_no_other() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        ..Options::default()
    });
    let scope = cp.scope("received");
    scope.create_namespace();
    for namespace in ["team-all", "team-label", "team-own"] {
        create_namespace(&cp, namespace);
    }
    for namespace in [&*scope.namespace, "team-all", "team-label", "team-own"] {
        cp.wait_for_namespace(namespace);
    }
    prometheus(
        &cp,
        &scope.namespace,
        "main",
        &in_own_namespace(&release("main")),
    );
    prometheus(&cp, "team-all", "main", &everywhere(&json!({})));
    prometheus(&cp, "team-label", "main", &everywhere(&release("team")));
    prometheus(&cp, "team-own", "main", &in_own_namespace(&json!({})));
    let operator = Operator::start(&cp);
    let mut named = vec![
        "--selected-by".to_owned(),
        format!("{}/main", scope.namespace),
    ];
    named.extend(["--selected-by".to_owned(), "team-all/main".to_owned()]);
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    monconf(&scope, &[&["--apply"][..], &named].concat()).ok();
    let plan = report(&monconf(&scope, &[&["-o", "json"][..], &named].concat()).ok());
    assert_eq!(receivers(&plan), [&*scope.namespace, "team-all"]);

    let issued = token::of_secret(&scope);
    let holds = |namespace: &str| {
        operator
            .generated_config(namespace, "main")
            .contains(&issued)
    };
    for namespace in receivers(&plan) {
        until("the token is copied", || holds(namespace));
    }
    // The operator has seen the monitors by now.
    for namespace in ["team-label", "team-own"] {
        assert!(!holds(namespace), "{namespace}");
    }
}

fn apply(cp: &ControlPlane, path: &str, object: &Value) {
    cp.admin().apply(path, object, "owner").unwrap();
}

/// A GrafanaAgent and a MetricsInstance that runs whatever is selected by `selector` in every namespace.
fn agent(cp: &ControlPlane, namespace: &str, selector: &Value) {
    let root = format!("/apis/monitoring.grafana.com/v1alpha1/namespaces/{namespace}");
    let api = "monitoring.grafana.com/v1alpha1";
    apply(
        cp,
        &format!("{root}/grafanaagents/theirs"),
        &json!({
            "apiVersion": api, "kind": "GrafanaAgent", "metadata": {"name": "theirs", "namespace": namespace},
            "spec": {"serviceAccountName": "default", "metrics": {"instanceSelector": {}}},
        }),
    );
    apply(
        cp,
        &format!("{root}/metricsinstances/theirs"),
        &json!({
            "apiVersion": api, "kind": "MetricsInstance", "metadata": {"name": "theirs", "namespace": namespace},
            "spec": {
                "serviceMonitorSelector": selector, "serviceMonitorNamespaceSelector": {},
                "remoteWrite": [{"url": "http://127.0.0.1:1"}],
            },
        }),
    );
}

fn is_copied(scope: &Scope, namespace: &str, token: &str) -> bool {
    let path = format!("/api/v1/namespaces/{namespace}/secrets/theirs-secrets");
    let Ok(secret) = scope.admin().get(&path) else {
        return false;
    };
    let values = secret["data"].as_object().into_iter().flatten();
    let mut values = values.filter_map(|(_, value)| BASE64_STANDARD.decode(value.as_str()?).ok());
    values.any(|value| value == token.as_bytes())
}

/// Grafana Agent's operator copies the token although the agent's configuration does not use it.
#[test]
fn a_grafana_agent_elsewhere_that_selects_the_monitors_receives_the_token_and_has_to_be_named() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        agent_crds: true,
        ..Options::default()
    });
    let scope = cp.scope("by-agent");
    scope.create_namespace();
    create_namespace(&cp, "team-agent");
    create_namespace(&cp, "team-other");
    for namespace in ["team-agent", "team-other"] {
        cp.wait_for_namespace(namespace);
    }
    prometheus(&cp, &scope.namespace, "main", &in_own_namespace(&json!({})));
    agent(&cp, "team-agent", &json!({}));
    agent(&cp, "team-other", &release("other"));
    let run = monconf(&scope, &["--apply"]).exit(1);
    let hint = format!(
        "--selected-by {}/main --selected-by team-agent/theirs",
        scope.namespace
    );
    assert!(
        run.stderr
            .contains("GrafanaAgent team-agent/theirs would select the monitors too")
            && run.stderr.contains(&hint),
        "{}",
        run.stderr
    );
    let words: Vec<&str> = hint.split(' ').collect();
    monconf(&scope, &[&["--apply"][..], &words].concat()).ok();
    let plan = report(&monconf(&scope, &[&["-o", "json"][..], &words].concat()).ok());
    assert_eq!(receivers(&plan), [&*scope.namespace, "team-agent"]);

    let _operator = AgentOperator::start(&cp);
    let issued = token::of_secret(&scope);
    until("the token is copied", || {
        is_copied(&scope, "team-agent", &issued)
    });
    assert!(!is_copied(&scope, "team-other", &issued));
}

/// The agent's own monitors are selected by a Prometheus as well.
#[test]
fn monitors_for_grafana_agent_are_kept_from_a_prometheus_elsewhere_too() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        agent_crds: true,
        ..Options::default()
    });
    let scope = cp.scope("agents-monitors");
    create_namespace(&cp, "team-all");
    prometheus(&cp, "team-all", "main", &everywhere(&json!({})));
    let call = |arguments: &[&str]| {
        Monconf::for_consumer("grafana-agent", &scope, &["--format", "monitors"])
            .args(["--remote-write", "http://127.0.0.1:1/api/v1/write"])
            .args(arguments)
            .run()
    };
    let run = call(&["--jobs", "apiserver", "--apply"]).exit(1);
    let own = format!("{}/{}-k8s-agent", scope.namespace, scope.name);
    let hint = format!("hint: --selected-by {own} --selected-by team-all/main; or");
    assert!(run.stderr.contains(&hint), "{}", run.stderr);
    let named = [
        "--jobs",
        "apiserver",
        "-o",
        "json",
        "--selected-by",
        "team-all/main",
    ];
    let plan = report(&call(&named).ok());
    assert_eq!(receivers(&plan), [&*scope.namespace, "team-all"]);
}
