//! Demands on one label that no value meets, and demands on labels that are monconf's own.

use serde_json::json;
use testbed::{ControlPlane, Crds, Options};

use super::{
    create_namespace, everywhere, in_own_namespace, labels, monconf, prometheus, prometheus_agent,
    release, writes,
};

#[test]
fn different_values_for_one_label_are_refused_with_the_candidates() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        ..Options::default()
    });
    let scope = cp.scope("conflict");
    scope.create_namespace();
    let at = |name: &str| format!("{}/{name}", scope.namespace);
    prometheus(&cp, &scope.namespace, "a", &in_own_namespace(&release("a")));
    prometheus_agent(&cp, &scope.namespace, "b", &in_own_namespace(&release("b")));
    let run = monconf(&scope, &["--apply"]).exit(1);
    let asked = format!(
        "Prometheus {} asks for label release=a; PrometheusAgent {} asks for label release=b",
        at("a"),
        at("b")
    );
    assert!(run.stderr.contains(&asked), "{}", run.stderr);
    let hint = format!("--selected-by {} or --selected-by {}\n", at("a"), at("b"));
    assert!(run.stderr.contains(&hint), "{}", run.stderr);
    assert_eq!(writes(&scope), Vec::<String>::new());
    for name in ["b", "a"] {
        monconf(&scope, &["--apply", "--selected-by", &at(name)]).ok();
        assert_eq!(labels(&scope)["release"], name);
    }

    // Also between two that are named and lie elsewhere.
    create_namespace(&cp, "team-a");
    prometheus(&cp, "team-a", "c", &everywhere(&release("c")));
    let named = [at("a"), "team-a/c".to_owned()].join(",");
    let run = monconf(&scope, &["--selected-by", &named]).exit(1);
    assert!(
        run.stderr
            .contains("Prometheus team-a/c asks for label release=c"),
        "{}",
        run.stderr
    );

    // One value may meet several demands.
    let among =
        json!({"matchExpressions": [{"key": "release", "operator": "In", "values": ["x", "a"]}]});
    prometheus_agent(&cp, &scope.namespace, "b", &in_own_namespace(&among));
    let run = monconf(&scope, &["--apply"]).ok();
    let both = format!(
        "selected by Prometheus {}, PrometheusAgent {} (label release=a)",
        at("a"),
        at("b")
    );
    assert!(run.stdout.contains(&both), "{}", run.stdout);
}

#[test]
fn a_selector_that_demands_another_value_of_a_label_of_monconf_does_not_select() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("own-labels");
    scope.create_namespace();
    for (key, asked, is) in [
        ("app.kubernetes.io/managed-by", "Helm", "monconf"),
        (
            "app.kubernetes.io/instance",
            "kube-prometheus-stack",
            &*scope.name,
        ),
        ("app.kubernetes.io/component", "metrics", "prometheus"),
    ] {
        let selector = json!({"matchLabels": {key: asked}});
        prometheus(&cp, &scope.namespace, "main", &in_own_namespace(&selector));
        let run = monconf(&scope, &["--apply"]).ok();
        assert!(
            run.stdout.contains("selected by no Prometheus"),
            "{}",
            run.stdout
        );
        let why = format!(
            "warning: Prometheus {}/main: its serviceMonitorSelector asks for label {key}={asked}, and monconf sets that label to {is}",
            scope.namespace
        );
        assert!(run.stderr.contains(&why), "{}", run.stderr);
        assert_eq!(labels(&scope)[key], is);
        assert!(!run.stdout.contains("receive the token"), "{}", run.stdout);
    }
    // The value that it has is no obstacle.
    let selector = json!({"matchLabels": {"app.kubernetes.io/managed-by": "monconf"}});
    prometheus(&cp, &scope.namespace, "main", &in_own_namespace(&selector));
    let run = monconf(&scope, &["--apply"]).ok();
    let who = format!("selected by Prometheus {}/main", scope.namespace);
    assert!(run.stdout.contains(&who), "{}", run.stdout);
}
