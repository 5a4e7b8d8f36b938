//! The object and the file.

use std::fs;

use serde_json::{Value, json};
use testbed::{
    ControlPlane, Crds, Operator, Options, Prometheus, Scope, promtool_check, promtool_check_rules,
};

use crate::support::{Monconf, Run};

fn apply(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, &["--apply"])
        .args(arguments)
        .run()
}

fn path(scope: &Scope) -> String {
    format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheusrules/{}-k8s-alerts",
        scope.namespace, scope.name
    )
}

#[test]
fn the_object_comes_and_goes_with_the_flag() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("alerts-object");
    let planned = Monconf::prometheus(&scope, &["--with-alerts"]).run().ok();
    assert!(
        planned.stdout.contains("+ PrometheusRule"),
        "{}",
        planned.stdout
    );
    apply(&scope, &["--with-alerts"]).ok();
    let rule = cp.admin().get(&path(&scope)).unwrap();
    let alerts = rule["spec"]["groups"][0]["rules"].as_array().unwrap();
    assert_eq!(alerts.len(), 4, "{rule:#}");
    let again = apply(&scope, &["--with-alerts"]).ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);

    let without = apply(&scope, &[]).ok();
    assert!(
        without.stdout.contains("- PrometheusRule"),
        "{}",
        without.stdout
    );
    assert!(cp.admin().is_absent(&path(&scope)));
}

#[test]
fn without_the_operator_a_file_is_asked_for() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("alerts-nobody");
    for arguments in [
        &["--with-alerts", "--format", "raw"][..],
        &["--with-alerts", "--drop-in", "/tmp/k8s.yml"],
    ] {
        let refused = apply(&scope, arguments).exit(1);
        assert!(
            refused
                .stderr
                .contains("hint: name a file for the rules: --rules-file FILE"),
            "{}",
            refused.stderr
        );
    }
    let contradiction = apply(
        &scope,
        &["--with-alerts=false", "--rules-file", "/tmp/r.yml"],
    );
    assert!(
        contradiction
            .exit(1)
            .stderr
            .contains("leave out one of the two")
    );
    let alloy = Monconf::for_consumer("alloy", &scope, &["--rules-file", "/tmp/r.yml"])
        .run()
        .exit(1);
    assert!(
        alloy.stderr.contains("--rules-file is not for Alloy"),
        "{}",
        alloy.stderr
    );
}

#[test]
fn the_file_is_one_that_prometheus_loads() {
    let scope = ControlPlane::shared().scope("alerts-file");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (drop_in, rules, main) = (file("k8s.yml"), file("rules.yml"), file("prometheus.yml"));
    let arguments = ["--drop-in", &drop_in, "--rules-file", &rules];
    let run = apply(&scope, &arguments).ok();
    assert!(
        run.stdout.contains("4 alerts, for rule_files"),
        "{}",
        run.stdout
    );
    promtool_check_rules(rules.as_ref()).unwrap();
    let again = apply(&scope, &arguments).ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);

    let config = json!({"rule_files": [rules], "scrape_config_files": [drop_in]});
    fs::write(&main, config.to_string()).unwrap();
    promtool_check(main.as_ref(), false).unwrap();
    // It would not start with rules that it refuses.
    Prometheus::start(main.as_ref(), &[]);

    // The rules are no configuration of jobs.
    let config = apply(&scope, &["--rules-file", &rules, "-o", "config"]).ok();
    assert!(config.stdout.contains("kind: ServiceMonitor") && !config.stdout.contains("alert:"));

    // Another's file is not overwritten.
    fs::write(&rules, "groups: []\n").unwrap();
    let refused = apply(&scope, &arguments).exit(1);
    assert!(
        refused
            .stderr
            .contains("rules.yml exists and was not written by monconf"),
        "{}",
        refused.stderr
    );
}

#[test]
fn whoever_may_not_write_the_object_is_told_the_rule_that_allows_it() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("alerts-denied");
    let everything_else = json!([
        {"apiGroups": ["", "rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": ["monitoring.coreos.com"], "resources": ["servicemonitors", "scrapeconfigs"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["get"]},
    ]);
    let user = cp.limited_user("alerts-denied", &everything_else);
    let run = || {
        Monconf::prometheus(&scope, &["--apply", "--with-alerts"])
            .kubeconfig(&user.kubeconfig)
            .run()
    };
    // First to read it, then to write it.
    for _ in 0..3 {
        let refused = run();
        if refused.code == 0 {
            return;
        }
        assert!(
            refused
                .stderr
                .contains(r#""resources":["prometheusrules"]"#),
            "{}",
            refused.stderr
        );
        let rules: Vec<Value> = refused
            .stderr
            .lines()
            .filter_map(|line| serde_json::from_str(line.trim()).ok())
            .collect();
        cp.grant(&user.name, None, &json!(rules));
    }
    run().ok();
}

#[test]
fn the_real_operator_gives_the_rules_to_a_prometheus_that_selects_by_label() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        ..Options::default()
    });
    let scope = cp.scope("alerts-operator");
    scope.create_namespace();
    cp.wait_for_namespace(&scope.namespace);
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"},
        "spec": {
            "serviceAccountName": "default",
            "ruleSelector": {"matchLabels": {"role": "alert-rules"}}, "ruleNamespaceSelector": {},
            "serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {},
            "scrapeConfigSelector": {}, "scrapeConfigNamespaceSelector": {},
        },
    });
    let prometheuses = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheuses",
        scope.namespace
    );
    cp.admin().post(&prometheuses, &prometheus).unwrap();
    let operator = Operator::start(&cp);
    let run = apply(&scope, &["--with-alerts"]).ok();
    assert!(
        run.stdout.contains(&format!(
            "4 alerts, selected by Prometheus {}/main (label role=alert-rules)",
            scope.namespace
        )),
        "{}",
        run.stdout
    );
    let rules = operator.generated_rules(&scope.namespace, "main", "MonconfTokenExpiresSoon");
    let account = format!("{}/{}-sa", scope.namespace, scope.name);
    assert!(rules.contains(&account), "{rules}");
    assert_eq!(operator.rejections(), Vec::<String>::new());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    fs::write(&file, rules).unwrap();
    promtool_check_rules(&file).unwrap();
    let _: Value = cp.admin().get(&path(&scope)).unwrap();
}
