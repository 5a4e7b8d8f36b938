//! What was made by hand with a tutorial's script is recognised, shown, and taken over without making it anew.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use testbed::{Client, Component, ControlPlane, Scope};

use crate::support::{Monconf, Run, rights, state, token};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Runs the script; what it prints last is a token.
fn by_hand(scope: &Scope) -> String {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/adoption/create-monitoring-token.sh"
    );
    let output = Command::new("bash")
        .arg(script)
        .env("KUBECTL", Component::Kubernetes.binary("kubectl"))
        .env("KUBECONFIG", scope.kubeconfig())
        .env("NAMESPACE", &scope.namespace)
        .env("NAME", &scope.name)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    said.lines().last().unwrap().to_owned()
}

fn paths(scope: &Scope) -> [String; 3] {
    let (name, namespace) = (&scope.name, &scope.namespace);
    [
        format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}-sa"),
        format!("{RBAC}/clusterroles/{name}-clusterrole"),
        format!("{RBAC}/clusterrolebindings/{name}-clusterrole-binding"),
    ]
}

fn uids(scope: &Scope) -> Vec<Value> {
    let uid = |path: &String| scope.admin().get(path).unwrap()["metadata"]["uid"].clone();
    paths(scope).iter().map(uid).collect()
}

fn rules(scope: &Scope) -> Value {
    scope.admin().get(&paths(scope)[1]).unwrap()["rules"].clone()
}

fn writes(scope: &Scope) -> usize {
    let events = scope.cp.audit(&scope.user.name);
    events.iter().filter(|event| event.is_write()).count()
}

fn monconf(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, arguments).run()
}

/// What the token in the Secret may do, waited for: authorizers learn of a role with a delay.
fn allowed(scope: &Scope, expected: &BTreeSet<String>) {
    let client = Client::with_token(scope.cp, &token::of_secret(scope));
    testbed::poll::until("the rights", std::time::Duration::from_secs(15), || {
        rights::allowed(&client)
            .into_iter()
            .collect::<BTreeSet<_>>()
            == *expected
    });
}

#[test]
fn a_tutorial_s_objects_are_shown_with_the_rights_that_no_job_needs_and_nothing_is_written() {
    let scope = ControlPlane::shared().scope("tutorial");
    let token = by_hand(&scope);
    let before = writes(&scope);
    for arguments in [&[][..], &["--apply"]] {
        let run = monconf(&scope, arguments).exit(1);
        for kind in ["ServiceAccount", "ClusterRole", "ClusterRoleBinding"] {
            let mut lines = run.stderr.lines();
            let is_told = lines.any(|line| {
                line.contains(&format!("{kind} "))
                    && line.contains("exists and was not made by monconf")
            });
            assert!(is_told, "{kind}: {}", run.stderr);
        }
        assert!(
            run.stderr
                .contains("hint: --take-ownership takes these over"),
            "{}",
            run.stderr
        );
        let said = run.stderr.replace(&scope.name, "NAME");
        let surplus = "warning: ClusterRole NAME-clusterrole grants more than is asked for: \
            get, list, watch endpoints, nodes, nodes/proxy, nodes/stats, pods, services; list, watch nodes/metrics; \
            get, list, watch daemonsets.apps, deployments.apps, replicasets.apps, statefulsets.apps; \
            get, list, watch ingresses.extensions; get, list, watch ingresses.networking.k8s.io; \
            --take-ownership takes that away, and with --access observer a general read set stays\n";
        assert!(said.contains(surplus), "{said}");
        assert!(
            said.contains("warning: ClusterRole NAME-clusterrole grants nodes/proxy: "),
            "{said}"
        );
        assert!(
            run.stdout.contains("-  - nodes/proxy\n") || run.stdout.contains("nodes/proxy"),
            "{}",
            run.stdout
        );
        assert!(!(run.stdout + &run.stderr).contains(&token));
    }
    assert_eq!(writes(&scope), before);
}

#[test]
fn taken_over_they_are_the_same_objects_with_the_rights_that_jobs_need() {
    let cp = ControlPlane::shared();
    let fresh = cp.scope("fresh");
    monconf(&fresh, &["--apply"]).ok();
    let client = Client::with_token(cp, &token::of_secret(&fresh));
    let needed: BTreeSet<String> = rights::allowed(&client).into_iter().collect();

    let scope = cp.scope("tightened");
    by_hand(&scope);
    let before = uids(&scope);
    let run = monconf(&scope, &["--apply", "--take-ownership"]).ok();
    assert!(
        run.stderr.contains("; that is taken away, and "),
        "{}",
        run.stderr
    );
    assert_eq!(uids(&scope), before);
    assert_eq!(rules(&scope), rules(&fresh));
    allowed(&scope, &needed);
    let again = monconf(&scope, &["--apply"]).ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    assert!(!again.stderr.contains("grants more"), "{}", again.stderr);

    // What is ours now goes like all else that is.
    Monconf::new([
        "remove",
        "--name",
        &scope.name,
        "--namespace",
        &scope.namespace,
        "--apply",
        "--yes",
    ])
    .kubeconfig(scope.kubeconfig())
    .run()
    .ok();
    assert_eq!(state::of(&scope), [] as [Value; 0]);
}

#[test]
fn with_the_observer_s_access_their_look_is_kept_but_for_nodes_proxy() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("kept");
    by_hand(&scope);
    let before = uids(&scope);
    let run = monconf(
        &scope,
        &["--apply", "--take-ownership", "--access", "observer"],
    )
    .ok();
    assert_eq!(uids(&scope), before);
    let client = Client::with_token(cp, &token::of_secret(&scope));
    testbed::poll::until("the rights", std::time::Duration::from_secs(15), || {
        !rights::may(&client, "get", "nodes/proxy")
    });
    for what in [
        "pods",
        "nodes",
        "services",
        "deployments.apps",
        "daemonsets.apps",
        "ingresses.networking.k8s.io",
    ] {
        assert!(rights::may(&client, "list", what), "{what}");
    }
    // What goes is named even so.
    assert!(run.stderr.contains("nodes/proxy"), "{}", run.stderr);
}

#[test]
fn a_token_that_never_expires_is_told_with_the_line_that_deletes_it() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("for-ever");
    by_hand(&scope);
    let secrets = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    for (name, account) in [
        ("old-token", format!("{}-sa", scope.name)),
        ("others", "default".to_owned()),
    ] {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": name, "annotations": {"kubernetes.io/service-account.name": account}},
        });
        testbed::poll::until("the account", std::time::Duration::from_secs(15), || {
            scope.admin().post(&secrets, &secret).is_ok()
        });
    }
    testbed::poll::until("the old token", std::time::Duration::from_secs(15), || {
        let live = scope.admin().get(&format!("{secrets}/old-token"));
        live.is_ok_and(|live| live["data"]["token"].is_string())
    });
    let live = scope.admin().get(&format!("{secrets}/old-token")).unwrap();
    let old = token::decoded(&live, "token");
    for arguments in [&[][..], &["--apply", "--take-ownership"]] {
        let run = monconf(&scope, arguments);
        let said = run
            .stderr
            .replace(&scope.namespace, "NS")
            .replace(&scope.name, "NAME");
        let sentence = "warning: Secret NS/old-token holds a token of ServiceAccount NS/NAME-sa that never expires; \
            once nobody uses it, delete it, which revokes it: kubectl -n NS delete secret old-token\n";
        assert!(said.contains(sentence), "{said}");
        assert!(!said.contains("NS/others"), "{said}");
        assert!(!(run.stdout + &said).contains(&old));
    }
    assert!(token::is_accepted(cp, &old));
    scope
        .admin()
        .delete(&format!("{secrets}/old-token"))
        .unwrap();
    token::wait_until_refused(cp, &old);
}
