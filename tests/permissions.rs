//! Callers who may not do everything: what works, and what they are told.

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope, User};

use crate::support::{Monconf, Run};

const RBAC: &str = "rbac.authorization.k8s.io";

fn run(scope: &Scope, user: &User, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, arguments)
        .kubeconfig(&user.kubeconfig)
        .run()
}

/// Everything that a plan reads and cannot do without.
fn reads() -> Vec<Value> {
    vec![
        json!({"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}),
        json!({"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]}),
        json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}),
        json!({"apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": ["get"]}),
        json!({"apiGroups": [RBAC], "resources": ["clusterrolebindings"], "verbs": ["get"]}),
        json!({"apiGroups": [RBAC], "resources": ["roles"], "verbs": ["get"]}),
        json!({"apiGroups": [RBAC], "resources": ["rolebindings"], "verbs": ["get"]}),
        json!({"apiGroups": ["monitoring.coreos.com"], "resources": ["servicemonitors"], "verbs": ["get", "list"]}),
        json!({"apiGroups": ["monitoring.coreos.com"], "resources": ["scrapeconfigs"], "verbs": ["get", "list"]}),
    ]
}

/// What an apply adds; the last two because nobody may grant what they do not hold.
fn writes() -> Vec<Value> {
    let write = json!(["create", "patch"]);
    vec![
        json!({"apiGroups": [""], "resources": ["namespaces"], "verbs": write}),
        json!({"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": write}),
        json!({"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]}),
        json!({"apiGroups": [""], "resources": ["secrets"], "verbs": write}),
        json!({"apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": write}),
        json!({"apiGroups": [RBAC], "resources": ["clusterrolebindings"], "verbs": write}),
        json!({"apiGroups": ["monitoring.coreos.com"], "resources": ["servicemonitors"], "verbs": write}),
        json!({"apiGroups": ["monitoring.coreos.com"], "resources": ["scrapeconfigs"], "verbs": write}),
        json!({"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}),
        json!({"nonResourceURLs": ["/metrics"], "verbs": ["get"]}),
    ]
}

fn writes_of(cp: &ControlPlane, user: &User) -> Vec<String> {
    let events = cp.audit(&user.name);
    let writes = events
        .iter()
        .filter(|event| event.is_write() && event.code < 300);
    writes
        .map(|event| format!("{} {}", event.verb, event.uri))
        .collect()
}

#[test]
fn whoever_may_read_can_plan() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("reader");
    let reader = cp.limited_user("reader", &json!(reads()));
    let planned = run(&scope, &reader, &["--detailed-exitcode"]).exit(2);
    assert!(
        planned.stdout.contains("+ ClusterRole"),
        "{}",
        planned.stdout
    );
    assert!(
        planned.stdout.contains(&format!("as {}", reader.name)),
        "{}",
        planned.stdout
    );
    // What could not be read is said, and is not needed.
    assert!(
        planned
            .stderr
            .contains("warning: cannot read Prometheus objects"),
        "{}",
        planned.stderr
    );
    let asked = cp.audit(&reader.name);
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|event| ["get", "list"].contains(&event.verb.as_str()) || event.is_review())
    );

    // Also beside what exists: labels that a Prometheus selects by do not look superfluous to whoever cannot see it.
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let monitor = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors/{}-k8s",
        scope.namespace, scope.name
    );
    let mut selected = cp.admin().get(&monitor).unwrap();
    selected["metadata"]["labels"]["release"] = json!("main");
    selected["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("managedFields");
    cp.admin().apply(&monitor, &selected, "monconf").unwrap();
    run(&scope, &reader, &["--detailed-exitcode"]).ok();
    Monconf::prometheus(&scope, &["--detailed-exitcode"])
        .run()
        .exit(2);
}

#[test]
fn whoever_may_nothing_is_told_all_that_is_missing_and_nothing_is_written() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("nobody");
    let nobody = cp.user("nobody-at-all", &[]);
    for (arguments, what) in [(&["--apply"][..], ""), (&[], "--for plan ")] {
        let refused = run(&scope, &nobody, arguments).exit(1);
        assert_eq!(
            refused.stderr.replace(&scope.name, "NAME").replace(&scope.namespace, "NAMESPACE").replace("ns-NAME", "NAMESPACE"),
            "\
error: nobody-at-all may not read what is needed
  missing: get namespaces NAMESPACE; get clusterroles.rbac.authorization.k8s.io NAME-clusterrole; \
get clusterrolebindings.rbac.authorization.k8s.io NAME-clusterrole-binding; get serviceaccounts NAME-sa in namespace NAMESPACE; \
get secrets NAME-k8s-token in namespace NAMESPACE; get secrets NAME-k8s-token-a in namespace NAMESPACE; \
get secrets NAME-k8s-token-b in namespace NAMESPACE; \
get roles.rbac.authorization.k8s.io NAME-role in namespace default; \
get rolebindings.rbac.authorization.k8s.io NAME-role-binding in namespace default; \
get servicemonitors.monitoring.coreos.com NAME-k8s in namespace NAMESPACE; \
get scrapeconfigs.monitoring.coreos.com NAME-k8s-kubelet in namespace NAMESPACE; \
get scrapeconfigs.monitoring.coreos.com NAME-k8s-cadvisor in namespace NAMESPACE
hint: ask an administrator for a role with these rules:
  {\"apiGroups\":[\"\"],\"resources\":[\"namespaces\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAMESPACE\"]}
  {\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"clusterroles\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-clusterrole\"]}
  {\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"clusterrolebindings\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-clusterrole-binding\"]}
  {\"apiGroups\":[\"\"],\"resources\":[\"serviceaccounts\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-sa\"]}
  {\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-k8s-token\"]}
  {\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-k8s-token-a\"]}
  {\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-k8s-token-b\"]}
  {\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"roles\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-role\"]}
  {\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"rolebindings\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-role-binding\"]}
  {\"apiGroups\":[\"monitoring.coreos.com\"],\"resources\":[\"servicemonitors\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-k8s\"]}
  {\"apiGroups\":[\"monitoring.coreos.com\"],\"resources\":[\"scrapeconfigs\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-k8s-kubelet\"]}
  {\"apiGroups\":[\"monitoring.coreos.com\"],\"resources\":[\"scrapeconfigs\"],\"verbs\":[\"get\"],\"resourceNames\":[\"NAME-k8s-cadvisor\"]}
".to_owned() + &format!("\
hint: let an administrator run `monconf preflight prometheus {what}--name NAME --namespace NAMESPACE --as nobody-at-all -o yaml | kubectl apply -f -`
")
        );
    }
    assert_eq!(writes_of(cp, &nobody), Vec::<String>::new());
    assert!(
        cp.admin()
            .is_absent(&format!("/api/v1/namespaces/{}", scope.namespace))
    );
}

/// For each right that is needed: without it a sentence that names it and the rule that gives it; with that rule, and no
/// other, the run goes on.
#[test]
fn every_missing_right_is_named_with_the_rule_that_gives_it() {
    let cp = ControlPlane::shared();
    let all: Vec<Value> = reads().into_iter().chain(writes()).collect();
    // The rights to be granted are the next test's matter.
    for missing in 0..all.len() - 2 {
        let scope = cp.scope(&format!("lacks-{missing}"));
        let rule = &all[missing];
        let mut held = all.clone();
        held.remove(missing);
        let user = cp.limited_user(&format!("lacks-{missing}"), &json!(held));
        let mut given = 0;
        let refused = loop {
            let attempt = run(&scope, &user, &["--apply"]);
            if attempt.code == 0 {
                break given;
            }
            let resource = rule["resources"][0].as_str().unwrap();
            assert!(
                attempt.stderr.contains(&format!("{} may not", user.name)),
                "{rule}: {}",
                attempt.stderr
            );
            assert!(
                attempt.stderr.contains(resource),
                "{rule}: {}",
                attempt.stderr
            );
            // What the hint says, given to the user as it is.
            let rules: Vec<Value> = attempt
                .stderr
                .lines()
                .filter_map(|line| serde_json::from_str(line.trim()).ok())
                .collect();
            assert!(!rules.is_empty(), "{rule}: {}", attempt.stderr);
            cp.grant(&user.name, None, &json!(rules));
            given += rules.len();
            assert!(given < 12, "{rule}: {}", attempt.stderr);
        };
        assert!(refused > 0, "{rule} is not needed");
    }
}

/// What is held in a namespace suffices for a Role there, and nowhere else.
#[test]
fn rights_of_a_namespace_are_foreseen_in_that_namespace() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("role-escalation");
    let role_writes = json!([
        {"apiGroups": [RBAC], "resources": ["roles", "rolebindings"], "verbs": ["create", "patch"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]},
    ]);
    let held: Vec<Value> = reads().into_iter().chain(writes()).collect();
    let user = cp.limited_user("role-escalation", &json!(held));
    cp.grant(&user.name, None, &role_writes);
    let raw = ["--apply", "--format", "raw"];
    let refused = run(&scope, &user, &raw).exit(1);
    let sentence = format!(
        "cannot write Role default/{}-role: {} may not grant rights that this user does not hold\n  missing: list pods; list services; watch pods; watch services; list endpointslices.discovery.k8s.io; watch endpointslices.discovery.k8s.io\n",
        scope.name, user.name
    );
    assert!(refused.stderr.contains(&sentence), "{}", refused.stderr);
    assert_eq!(writes_of(cp, &user), Vec::<String>::new());
    let in_default = json!([
        {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]);
    cp.grant(&user.name, Some("default"), &in_default);
    run(&scope, &user, &raw).ok();
}

/// All rights in one namespace are none in the cluster.
#[test]
fn rights_of_a_namespace_are_not_taken_for_rights_of_the_cluster() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("one-namespace");
    // Before `default` in every order.
    let name = format!("a-{}", scope.namespace);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    let held: Vec<Value> = reads().into_iter().chain(writes()).collect();
    let user = cp.limited_user("one-namespace", &json!(held[..held.len() - 2]));
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    cp.grant(&user.name, Some(&name), &all);
    let folder = tempfile::tempdir().unwrap();
    let settings = format!(
        "jobs: [kubelet, shop]\nownJobs:\n- name: shop\n  role: pod\n  namespaces: [{name}]\n"
    );
    std::fs::write(folder.path().join("monconf.yaml"), settings).unwrap();
    let refused = Monconf::prometheus(&scope, &["--apply", "--format", "raw"])
        .kubeconfig(&user.kubeconfig)
        .current_dir(folder.path())
        .run()
        .exit(1);
    let sentence = format!(
        "cannot write ClusterRole {}-clusterrole: {} may not grant rights that this user does not hold\n  missing: list nodes; watch nodes; get nodes/metrics\n",
        scope.name, user.name
    );
    assert!(refused.stderr.contains(&sentence), "{}", refused.stderr);
    assert_eq!(writes_of(cp, &user), Vec::<String>::new());
}

#[test]
fn whoever_does_not_hold_what_the_role_grants_is_refused_before_anything_is_written() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("escalation");
    let all: Vec<Value> = reads().into_iter().chain(writes()).collect();
    let held = &all[..all.len() - 2];
    let user = cp.limited_user("escalation", &json!(held));
    let refused = run(&scope, &user, &["--apply"]).exit(1);
    assert!(
        refused.stderr.contains("may not grant rights that this user does not hold\n  missing: get nodes/metrics; get /metrics"),
        "{}",
        refused.stderr
    );
    assert_eq!(writes_of(cp, &user), Vec::<String>::new());

    // The API server's own list is the same.
    let role = json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole",
        "metadata": {"name": format!("{}-clusterrole", scope.name)},
        "rules": [
            {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
            {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
        ],
    });
    let path = format!("/apis/{RBAC}/v1/clusterroles/{}-clusterrole", scope.name);
    let answer = user.client().apply(&path, &role, "test").unwrap_err();
    assert!(
        answer
            .message
            .contains(r#"Resources:["nodes/metrics"], Verbs:["get"]"#),
        "{}",
        answer.message
    );
    assert!(
        answer
            .message
            .contains(r#"NonResourceURLs:["/metrics"], Verbs:["get"]"#),
        "{}",
        answer.message
    );

    // `escalate` and `bind` are the way around that RBAC provides.
    let around = json!([{"apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": ["escalate", "bind"]}]);
    cp.grant(&user.name, None, &around);
    run(&scope, &user, &["--apply"]).ok();
}
