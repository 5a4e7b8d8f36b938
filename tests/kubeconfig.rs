//! Kubeconfigs that contradict themselves: what kubectl refuses, monconf refuses, and what kubectl sends, monconf sends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::Component;
use testbed::{ControlPlane, Fault};

use crate::support::Monconf;

fn write(folder: &Path, cluster: &Value, context: &Value, users: &Value) -> PathBuf {
    let path = folder.join("config");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "contexts": [{"name": "here", "context": context}],
        "clusters": [{"name": "c", "cluster": cluster}, {"name": "other", "cluster": cluster}],
        "users": users,
    });
    fs::write(&path, config.to_string()).unwrap();
    path
}

/// What kubectl says, and whether it went well.
fn kubectl(kubeconfig: &Path) -> (bool, String) {
    let output = Command::new(Component::Kubernetes.binary("kubectl"))
        .args(["get", "--raw", "/api", "--kubeconfig"])
        .arg(kubeconfig)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

#[test]
fn what_kubectl_refuses_is_refused_before_a_request() {
    let cp = ControlPlane::shared();
    let relay = cp.relay(|_| Fault::Pass);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("ca.pem"), cp.ca_pem()).unwrap();
    let ca = STANDARD.encode(cp.ca_pem());
    let trusting = json!({"server": relay.url(), "certificate-authority-data": ca});
    let with = |field: &str, value: Value| {
        let mut cluster = trusting.clone();
        cluster[field] = value;
        cluster
    };
    let token = json!({"token": "a-token-of-jane"});
    for (cluster, user, words, of_kubectl) in [
        (
            with("insecure-skip-tls-verify", json!(true)),
            token.clone(),
            "specifying a root certificates file with the insecure flag is not allowed",
            "specifying a root certificates file with the insecure flag is not allowed",
        ),
        (
            json!({"server": relay.url(), "certificate-authority": at("ca.pem"), "insecure-skip-tls-verify": true}),
            token.clone(),
            "specifying a root certificates file with the insecure flag is not allowed",
            "specifying a root certificates file with the insecure flag is not allowed",
        ),
        (
            with("certificate-authority", json!(at("ca.pem"))),
            token.clone(),
            "certificate-authority and certificate-authority-data",
            "are both specified for c",
        ),
        (
            trusting.clone(),
            json!({"token": "a-token-of-jane", "username": "jane", "password": "p"}),
            "a token and a username",
            "more than one authentication method found",
        ),
        (
            trusting.clone(),
            json!({"client-certificate-data": ca}),
            "a client certificate without client-key",
            "must be specified for jane",
        ),
        (
            trusting.clone(),
            json!({"token": "a-token-of-jane", "as-groups": ["admins"]}),
            "without `as`",
            "without impersonating a user",
        ),
    ] {
        let context = json!({"cluster": "c", "user": "jane"});
        let users = json!([{"name": "jane", "user": user}]);
        let kubeconfig = write(folder.path(), &cluster, &context, &users);
        let run = Monconf::new(["prometheus"])
            .kubeconfig(&kubeconfig)
            .run()
            .exit(1);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        let (good, said) = kubectl(&kubeconfig);
        assert!(!good && said.contains(of_kubectl), "{of_kubectl}: {said}");
    }
    assert!(relay.seen().is_empty(), "{:?}", relay.seen());
}

/// kubectl asks for a name then; a program that asks nobody would go on as `system:anonymous`.
#[test]
fn a_user_or_cluster_that_does_not_exist_is_an_error_with_the_names_that_do() {
    let cp = ControlPlane::shared();
    let relay = cp.relay(|_| Fault::Pass);
    let folder = tempfile::tempdir().unwrap();
    let cluster = json!({
        "server": relay.url(), "certificate-authority-data": STANDARD.encode(cp.ca_pem()),
    });
    let users = json!([{"name": "jane", "user": {"token": "t"}}, {"name": "bob", "user": {}}]);
    for (context, words) in [
        (
            json!({"cluster": "c", "user": "jnae"}),
            [
                "names the user \"jnae\"",
                "the kubeconfig has: jane, bob;",
                "--user=jane",
            ],
        ),
        (
            json!({"cluster": "otter", "user": "jane"}),
            [
                "names the cluster \"otter\"",
                "the kubeconfig has: other, c;",
                "--cluster=other",
            ],
        ),
    ] {
        let kubeconfig = write(folder.path(), &cluster, &context, &users);
        for verb in ["prometheus", "status", "rbac audit", "preflight", "remove"] {
            let run = Monconf::new(verb.split(' '))
                .kubeconfig(&kubeconfig)
                .run()
                .exit(1);
            for words in words {
                assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
            }
            assert!(!run.stderr.contains("anonymous"), "{}", run.stderr);
        }
    }
    // No user at all is anonymous access, as for kubectl.
    assert!(relay.seen().is_empty(), "{:?}", relay.seen());
    let kubeconfig = write(folder.path(), &cluster, &json!({"cluster": "c"}), &users);
    Monconf::new(["prometheus"])
        .kubeconfig(&kubeconfig)
        .run()
        .exit(1);
    assert!(!relay.seen().is_empty());
}

#[test]
fn of_two_credentials_the_one_that_kubectl_sends_is_sent() {
    let cp = ControlPlane::shared();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("token"), "token-of-the-file\n").unwrap();
    fs::write(at("blank"), "\n").unwrap();
    let plugin = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never",
        "args": ["-c", r#"echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "token-of-the-plugin"}}'"#],
    });
    for (user, sent) in [
        (
            json!({"token": "direct-token", "tokenFile": at("token")}),
            "Bearer token-of-the-file",
        ),
        (
            json!({"token": "direct-token", "tokenFile": at("blank")}),
            "Bearer direct-token",
        ),
        (
            json!({"token": "direct-token", "tokenFile": at("nowhere")}),
            "Bearer direct-token",
        ),
        (
            json!({"token": "direct-token", "exec": plugin}),
            "Bearer direct-token",
        ),
        (json!({"exec": plugin}), "Bearer token-of-the-plugin"),
        (
            json!({"username": "jane", "password": "p"}),
            "Basic amFuZTpw",
        ),
    ] {
        let relay = cp.relay(|_| Fault::Pass);
        let cluster = json!({
            "server": relay.url(), "certificate-authority-data": STANDARD.encode(cp.ca_pem()),
        });
        let users = json!([{"name": "jane", "user": user}]);
        let context = json!({"cluster": "c", "user": "jane"});
        let kubeconfig = write(folder.path(), &cluster, &context, &users);
        let authorizations = || -> Vec<String> {
            let seen = relay.seen();
            let values = seen
                .iter()
                .filter_map(|request| request.headers.get("authorization"));
            values
                .map(|value| value.to_str().unwrap().to_owned())
                .collect()
        };
        kubectl(&kubeconfig);
        let of_kubectl = authorizations();
        assert!(
            !of_kubectl.is_empty() && of_kubectl.iter().all(|value| value == sent),
            "{user}: {of_kubectl:?}"
        );
        Monconf::new(["prometheus"])
            .kubeconfig(&kubeconfig)
            .run()
            .exit(1);
        let ours = authorizations().split_off(of_kubectl.len());
        assert!(
            !ours.is_empty() && ours.iter().all(|value| value == sent),
            "{user}: {ours:?}"
        );
    }
}
