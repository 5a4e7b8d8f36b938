//! As the account of a Pod, of which nothing but its files and two variables is known.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use serde_json::{Value, json};
use testbed::{ControlPlane, Fault, Scope};

use super::{objects, settled};
use crate::support::PodAccount;
use crate::support::pod_account::TERMINATION_LOG;

/// A ServiceAccount in the namespace of a test, and a token of it.
fn account(scope: &Scope, name: &str) -> (String, String) {
    let admin = scope.admin();
    let path = format!("/api/v1/namespaces/{}/serviceaccounts", scope.namespace);
    let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    admin.post(&path, &object).unwrap();
    let token = admin.token(&scope.namespace, name, 3_600).unwrap();
    let user = format!("system:serviceaccount:{}:{name}", scope.namespace);
    (user, token)
}

fn everything() -> Value {
    json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ])
}

fn names<'a>(scope: &'a Scope, verb: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let names = [verb, "--name", &scope.name, "--namespace", &scope.namespace];
    [&names, more].concat()
}

#[test]
fn in_a_pod_its_own_account_is_used_and_nothing_is_written_but_the_result() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("in-cluster");
    scope.create_namespace();
    let (user, token) = account(&scope, "runner");
    cp.grant(&user, None, &everything());
    let Some(pod) = PodAccount::new(cp, &token) else {
        return;
    };
    let result = ["--result-file", TERMINATION_LOG];
    let run = pod.call(&names(&scope, "prometheus", &result)).run().ok();
    let head = format!(
        "Cluster in-cluster (https://127.0.0.1:{}) as {user}, read only",
        cp.port()
    );
    assert!(
        run.stdout.starts_with(&head),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert_eq!(settled(&pod.termination_message())["result"], "planned");

    let apply = [&["--apply", "--log-format", "json"][..], &result].concat();
    let run = pod.call(&names(&scope, "prometheus", &apply)).run().ok();
    assert_eq!(settled(&pod.termination_message())["result"], "applied");
    assert_eq!(objects(&run.stderr).last().unwrap()["result"], "applied");

    let bad = pod.call(&names(
        &scope,
        "rotate",
        &[&["--if-do"][..], &result].concat(),
    ));
    bad.run().exit(1);
    assert_eq!(settled(&pod.termination_message())["result"], "failed");
}

/// The kubelet replaces a Pod's token once an hour; the old one is not for ever.
#[test]
fn a_token_that_is_replaced_while_a_run_waits_is_read_again() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("token-file");
    scope.create_namespace();
    let (first, token) = account(&scope, "first");
    let (second, next) = account(&scope, "second");
    cp.grant(&first, None, &everything());
    let Some(pod) = PodAccount::new(cp, &token) else {
        return;
    };
    pod.call(&names(
        &scope,
        "prometheus",
        &["--apply", "--jobs", "apiserver"],
    ))
    .run()
    .ok();
    // The run that asks for a token has read its own by then, and waits yet.
    let account = Arc::new(OnceLock::<PodAccount>::new());
    let (files, user) = (account.clone(), second.clone());
    let relay = cp.relay(move |request| {
        if request.method == "POST" && request.path.ends_with("/token") {
            cp.grant(&user, None, &everything());
            files.get().unwrap().replace_token(&next);
        }
        Fault::Pass
    });
    let pod = account.get_or_init(|| pod.at("127.0.0.1", relay.address().port()));
    let rotate = [
        "--apply",
        "--jobs",
        "apiserver",
        "--overlap",
        "1s",
        "--wait",
    ];
    let run = pod.call(&names(&scope, "rotate", &rotate)).run().ok();
    assert!(
        run.stderr.contains("The old token is revoked."),
        "{}",
        run.stderr
    );
    let revoked = |user: &str| cp.audit(user).iter().any(|event| event.verb == "delete");
    assert!(revoked(&second) && !revoked(&first));
}

/// Roles that a chart has made a moment ago are not yet known to every API server.
#[test]
fn a_right_that_is_on_its_way_is_waited_for_and_one_that_is_not_granted_is_not() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("settling");
    scope.create_namespace();
    let (user, token) = account(&scope, "runner");
    cp.grant(&user, None, &everything());
    let wanted = format!("/clusterroles/{}-clusterrole", scope.name);
    let denied = format!(
        "clusterroles.rbac.authorization.k8s.io \"{}-clusterrole\" is forbidden: User \"{user}\" cannot get resource \"clusterroles\" in API group \"rbac.authorization.k8s.io\" at the cluster scope",
        scope.name
    );
    for (times, code) in [(1, 0), (usize::MAX, 1)] {
        let seen = AtomicUsize::new(0);
        let (wanted, denied) = (wanted.clone(), denied.clone());
        let is_wanted = wanted.clone();
        let relay = cp.relay(move |request| {
            if request.path.ends_with(&wanted) && seen.fetch_add(1, Ordering::SeqCst) < times {
                Fault::status(403, "Forbidden", &denied)
            } else {
                Fault::Pass
            }
        });
        let Some(pod) = PodAccount::new(cp, &token) else {
            return;
        };
        let pod = pod.at("127.0.0.1", relay.address().port());
        let run = pod.call(&names(&scope, "prometheus", &[])).run().exit(code);
        let asked = relay.seen().into_iter();
        let asked = asked
            .filter(|request| request.path.ends_with(&is_wanted))
            .count();
        assert!(asked > 1, "{asked}: {}", run.stderr);
        assert_eq!(
            run.stderr.contains("may not get clusterroles"),
            code == 1,
            "{}",
            run.stderr
        );
    }
}

/// Passes every byte on to an API server that itself has no such address.
fn forward(listener: TcpListener, port: u16) {
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server, client),
            ] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.flush();
                });
            }
        }
    });
}

#[test]
fn an_api_server_with_an_ipv6_address_is_reached() {
    let cp = ControlPlane::shared();
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        // A machine without IPv6.
        return;
    };
    let port = listener.local_addr().unwrap().port();
    forward(listener, cp.port());
    let Some(pod) = PodAccount::new(cp, "not-a-token") else {
        return;
    };
    let run = pod.at("::1", port).call(&["prometheus"]).run().exit(1);
    // It answers, and its certificate is for another address.
    let said = format!("cannot trust https://[::1]:{port}: its certificate is for ");
    assert!(run.stderr.contains(&said), "{}", run.stderr);
}

#[test]
fn an_account_whose_files_are_not_there_or_whose_server_does_not_answer() {
    let cp = ControlPlane::shared();
    let Some(pod) = PodAccount::new(cp, "not-a-token") else {
        return;
    };
    let refused = pod.call(&["prometheus"]).run().exit(1);
    assert!(
        refused
            .stderr
            .contains("does not accept the token of the Pod's own account (401 Unauthorized)"),
        "{}",
        refused.stderr
    );
    let nobody = pod.at("127.0.0.1", testbed::process::free_port());
    let call = nobody.call(&["prometheus", "--result-file", TERMINATION_LOG]);
    call.run().exit(75);
    assert_eq!(settled(&nobody.termination_message())["retryable"], true);
    let without = crate::support::Monconf::new(["prometheus"])
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", "1")
        .run()
        .exit(1);
    assert!(
        without
            .stderr
            .contains("the Pod's account cannot be used: "),
        "{}",
        without.stderr
    );
}
