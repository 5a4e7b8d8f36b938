//! `monconf rbac diff`: what is missing and what is superfluous, through whatever binding.

use serde_json::{Value, json};
use testbed::{ControlPlane, Crds, Options, Scope};

use crate::support::{Monconf, Run, rights};

const RBAC: &str = "rbac.authorization.k8s.io";
const API: &str = "/apis/rbac.authorization.k8s.io/v1";

/// `monconf rbac diff` for the instance of a test.
fn diff(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::new(["rbac", "diff", "--detailed-exitcode"])
        .args(["--name", &scope.name, "--namespace", &scope.namespace])
        .args(arguments)
        .kubeconfig(scope.kubeconfig())
        .run()
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// Every right under `key`, with its namespace.
fn listed(report: &Value, key: &str) -> Vec<String> {
    let entries = report[key].as_array().unwrap().iter();
    entries
        .map(|entry| {
            let right = entry["right"].as_str().unwrap();
            match entry["namespace"].as_str() {
                Some(namespace) => format!("{right} in {namespace}"),
                None => right.to_owned(),
            }
        })
        .collect()
}

/// A ClusterRole and its binding to `subject`; they end with the test.
fn bind(scope: &Scope, name: &str, role: &Value, subject: &Value) {
    let name = format!("{}-{name}", scope.name);
    let metadata = json!({"name": name, "labels": {"app.kubernetes.io/instance": scope.name}});
    let mut role = role.clone();
    role["apiVersion"] = format!("{RBAC}/v1").into();
    role["kind"] = "ClusterRole".into();
    let labels = role["labels"].take();
    role["metadata"] = metadata.clone();
    for (key, value) in labels.as_object().into_iter().flatten() {
        role["metadata"]["labels"][key] = value.clone();
    }
    role.as_object_mut().unwrap().remove("labels");
    scope
        .admin()
        .post(&format!("{API}/clusterroles"), &role)
        .unwrap();
    if subject.is_null() {
        return;
    }
    let binding = json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}, "subjects": [subject],
    });
    scope
        .admin()
        .post(&format!("{API}/clusterrolebindings"), &binding)
        .unwrap();
}

#[test]
fn what_an_apply_grants_is_what_the_jobs_need() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("diff-exact");
    let nothing = report(&diff(&scope, &["-o", "json"]).exit(2));
    let needed = ["get nodes/metrics", "get /metrics"];
    assert_eq!(listed(&nothing, "missing"), needed);
    assert_eq!(
        nothing["missing"][0]["jobs"],
        json!(["kubelet", "cadvisor"])
    );
    assert_eq!(nothing["exact"], false);

    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let exact = diff(&scope, &[]).ok();
    assert_eq!(
        exact.stdout,
        format!(
            "ServiceAccount {}/{}-sa against the jobs apiserver, kubelet, cadvisor\n\nIt may do what the jobs need, and nothing else.\n",
            scope.namespace, scope.name
        )
    );
    // Without the operator it discovers too, and so needs more.
    let raw = report(&diff(&scope, &["--format", "raw", "-o", "json"]).exit(2));
    let missing = listed(&raw, "missing");
    assert!(missing.contains(&"watch nodes".to_owned()), "{missing:?}");
    assert_eq!(listed(&raw, "surplus"), Vec::<String>::new());
    // A job less, and its rights are superfluous.
    let less = report(&diff(&scope, &["--jobs", "apiserver", "-o", "json"]).exit(2));
    assert_eq!(listed(&less, "surplus"), ["get nodes/metrics"]);
    assert_eq!(less["surplus"][0]["dangers"], json!([]));
}

#[test]
fn every_way_to_a_right_is_found() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("diff-ways");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let account = format!(
        "system:serviceaccount:{}:{}-sa",
        scope.namespace, scope.name
    );
    let rule = |resource: &str, verb: &str| json!([{"apiGroups": [""], "resources": [resource], "verbs": [verb]}]);

    // As a member of its group, under its user's name, in one namespace, and through an aggregated role.
    let group = format!("system:serviceaccounts:{}", scope.namespace);
    let group = json!({"kind": "Group", "apiGroup": RBAC, "name": group});
    bind(
        &scope,
        "group",
        &json!({"rules": rule("nodes/proxy", "get")}),
        &group,
    );
    cp.grant(&account, None, &rule("services", "list"));
    cp.grant(&account, Some(&scope.namespace), &rule("secrets", "get"));
    let into = format!("into-{}", scope.name);
    let source = json!({"labels": {&into: "yes"}, "rules": rule("configmaps", "watch")});
    bind(&scope, "source", &source, &Value::Null);
    let aggregated = json!({
        "rules": null,
        "aggregationRule": {"clusterRoleSelectors": [{"matchExpressions": [{"key": into, "operator": "Exists"}]}]},
    });
    let user = json!({"kind": "User", "apiGroup": RBAC, "name": account});
    bind(&scope, "aggregated", &aggregated, &user);

    let found = report(&diff(&scope, &["-o", "json"]).exit(2));
    let mut surplus = listed(&found, "surplus");
    surplus.sort();
    assert_eq!(
        surplus,
        [
            "get nodes/proxy".to_owned(),
            format!("get secrets in {}", scope.namespace),
            "list services".to_owned(),
            "watch configmaps".to_owned(),
        ]
    );
    assert_eq!(listed(&found, "missing"), Vec::<String>::new());
    let of = |right: &str| {
        let entries = found["surplus"].as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry["right"] == right)
            .unwrap()
    };
    assert_eq!(of("get nodes/proxy")["dangers"], json!(["kubelet-exec"]));
    assert_eq!(of("get secrets")["dangers"], json!(["read-secrets"]));
    // To change it, change the role that it comes from.
    assert_eq!(
        of("watch configmaps")["role"]["name"],
        format!("{}-source", scope.name)
    );

    // The API server sees each of them too.
    let token = cp
        .admin()
        .token(&scope.namespace, &format!("{}-sa", scope.name), 600)
        .unwrap();
    let client = testbed::Client::with_token(cp, &token);
    for (verb, what) in [
        ("get", "nodes/proxy"),
        ("list", "services"),
        ("watch", "configmaps"),
    ] {
        testbed::poll::until("the right is known", || rights::may(&client, verb, what));
    }

    let text = diff(&scope, &[]).exit(2).stdout;
    assert!(text.contains("superfluous\n"), "{text}");
    let line = text
        .lines()
        .find(|line| line.contains("get nodes/proxy"))
        .unwrap();
    assert!(
        line.contains("DANGEROUS (kubelet-exec): ClusterRole"),
        "{line}"
    );
    assert!(text.ends_with("0 missing, 4 superfluous.\n"), "{text}");
}

#[test]
fn wildcards_are_wider_than_the_need_and_another_account_can_be_asked_about() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("diff-wide");
    let account = json!({"kind": "ServiceAccount", "namespace": "diff-wide", "name": "prometheus"});
    let role = json!({"rules": [
        {"apiGroups": [""], "resources": ["nodes", "nodes/metrics", "pods", "services"], "verbs": ["*"]},
        {"nonResourceURLs": ["/metrics*"], "verbs": ["get"]},
    ]});
    bind(&scope, "wide", &role, &account);
    let run = diff(
        &scope,
        &["--service-account", "diff-wide/prometheus", "-o", "json"],
    )
    .exit(2);
    let found = report(&run);
    // It discovers for itself: nothing of it is for nothing, and all of it is too much.
    assert_eq!(
        listed(&found, "missing"),
        [
            "list endpointslices.discovery.k8s.io in default",
            "watch endpointslices.discovery.k8s.io in default"
        ]
    );
    assert_eq!(
        listed(&found, "surplus"),
        [
            "* nodes",
            "* nodes/metrics",
            "* pods",
            "* services",
            "get /metrics*"
        ]
    );
    let surplus = found["surplus"].as_array().unwrap();
    assert!(
        surplus.iter().all(|entry| entry["neededInPart"] == true),
        "{found:#}"
    );
    assert_eq!(surplus[2]["dangers"], json!(["create-workloads"]));

    let wrong = diff(&scope, &["--service-account", "prometheus"]).exit(1);
    assert!(
        wrong.stderr.contains("write it as NAMESPACE/NAME"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn each_consumer_is_compared_with_what_its_own_command_grants() {
    let cp = ControlPlane::start(Options {
        crds: Crds::Minimal,
        agent_crds: true,
        ..Options::default()
    });
    for (name, consumer, flags, needed) in [
        (
            "diff-monitors",
            "grafana-agent",
            &["--format", "monitors"][..],
            "watch endpoints in default",
        ),
        (
            "diff-agent",
            "grafana-agent",
            &[],
            "watch endpointslices.discovery.k8s.io in default",
        ),
        (
            "diff-alloy",
            "alloy",
            &["--token-from", "secret"],
            "get secrets NAME-k8s-token in NAMESPACE",
        ),
    ] {
        let scope = cp.scope(name);
        let needed = needed
            .replace("NAMESPACE", &scope.namespace)
            .replace("NAME", &scope.name);
        let diff = || diff(&scope, &[&[consumer, "-o", "json"], flags].concat());
        let nothing = report(&diff().exit(2));
        let missing = listed(&nothing, "missing");
        assert!(missing.contains(&needed), "{missing:?}");
        let mut apply = Monconf::for_consumer(consumer, &scope, flags).args(["--apply"]);
        if consumer == "alloy" {
            apply = apply.args(["--remote-write", "http://127.0.0.1:9/api/v1/write"]);
        }
        apply.run().ok();
        let exact = report(&diff().ok());
        assert_eq!(exact["exact"], true, "{exact:#}");
        // Prometheus' operator has another account discover.
        let other = report(&self::diff(&scope, &["-o", "json"]).exit(2));
        let surplus = listed(&other, "surplus");
        assert!(surplus.contains(&needed), "{surplus:?}");
    }
}

#[test]
fn a_consumer_has_its_own_names_and_flags() {
    let scope = ControlPlane::shared().scope("diff-names");
    let diff = |arguments: &[&str]| {
        let run = Monconf::new(["rbac", "diff", "-o", "json"]).args(arguments);
        run.kubeconfig(scope.kubeconfig()).run()
    };
    for (consumer, account) in [
        ("prometheus", "monitoring/monitoring-sa"),
        ("grafana-agent", "monitoring/grafana-agent-sa"),
        ("alloy", "monitoring/alloy-sa"),
    ] {
        let report = report(&diff(&[consumer]).ok());
        assert_eq!(report["identity"]["name"], account);
    }
    let foreign = diff(&["alloy", "--drop-in", "k8s.yml"]).exit(1);
    let expected = "--drop-in is not for Alloy\nhint: it is for `monconf prometheus`";
    assert!(foreign.stderr.contains(expected), "{}", foreign.stderr);
    let unknown = diff(&["loki"]).exit(1);
    let expected = "[possible values: prometheus, grafana-agent, alloy]";
    assert!(unknown.stderr.contains(expected), "{}", unknown.stderr);
}
