//! `monconf alloy --configmap` for an Alloy in a Pod: it finds, scrapes and sends with the token that it is told to use, and
//! with no right more.

use std::sync::Once;

use serde_json::{Map, Value, json};
use testbed::poll::poll;
use testbed::{Cluster, Component, Event, Pod, Scope};

use super::receiver_pod::{PASSWORD, ReceiverPod, USER};
use crate::support::Monconf;
use crate::support::receiver::DEFAULT_JOBS;
use crate::support::rights::refused;

const IMAGE: &str = "testbed.invalid/grafana-agent:1";
const FOLDER: &str = "/etc/alloy";
const SECRETS: &str = "/etc/alloy-secrets";
/// Configures Alloy by the ConfigMap that its Pod mounts.
fn apply(scope: &Scope, token_from: &str, write: &str, more: &[&str]) {
    let arguments = [
        "--apply",
        "--configmap",
        "k8s:config.alloy",
        "--token-from",
        token_from,
        "--remote-write",
        write,
        "--interval",
        "1s",
    ];
    Monconf::for_consumer("alloy", scope, &arguments)
        .args(more)
        .run()
        .ok();
}

/// The account that monconf made.
fn account(scope: &Scope) -> String {
    format!("{}-sa", scope.name)
}

/// Starts flow mode of Grafana Agent, whose language and components Alloy kept, as `account`; with the token Secret
/// mounted it has no other token.
fn start(cluster: &Cluster, scope: &Scope, account: &str, mounted: bool) {
    static IMPORTED: Once = Once::new();
    IMPORTED.call_once(|| {
        let program = Component::GrafanaAgent.binary("grafana-agent");
        cluster.node.import_image(IMAGE, &[&program]);
    });
    let mut mounts = vec![json!({"name": "config", "mountPath": FOLDER})];
    let mut volumes = vec![json!({"name": "config", "configMap": {"name": "k8s"}})];
    if mounted {
        mounts.push(json!({"name": "token", "mountPath": SECRETS, "readOnly": true}));
        let secret = format!("{}-k8s-token", scope.name);
        volumes.push(json!({"name": "token", "secret": {"secretName": secret}}));
    }
    let mut spec = json!({
        "volumes": volumes,
        // Nothing here answers for the cluster's names.
        "hostAliases": [{"ip": "10.96.0.1", "hostnames": ["kubernetes.default.svc"]}],
    });
    if mounted {
        spec["automountServiceAccountToken"] = false.into();
    }
    let container = json!({
        "env": [{"name": "AGENT_MODE", "value": "flow"}],
        "volumeMounts": mounts,
    });
    let config = format!("{FOLDER}/config.alloy");
    let pod = Pod {
        image: IMAGE,
        args: &[
            "run",
            &config,
            "--storage.path=/data",
            "--disable-reporting",
        ],
        service_account: Some(account),
        container: object(&container),
        spec: object(&spec),
        ..Pod::default()
    };
    // Not every one of them gets ready.
    cluster.cp.wait_for_namespace(&scope.namespace);
    let pods = format!("/api/v1/namespaces/{}/pods", scope.namespace);
    scope.admin().post(&pods, &pod.object("alloy")).unwrap();
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A namespace, which is there before monconf is called.
fn namespace<'a>(cluster: &'a Cluster, test: &str) -> Scope<'a> {
    let scope = cluster.cp.scope(test);
    scope.create_namespace();
    cluster.cp.wait_for_namespace(&scope.namespace);
    scope
}

/// What that account of a test asked the API server.
fn asked(scope: &Scope, account: &str) -> Vec<Event> {
    let user = format!("system:serviceaccount:{}:{account}", scope.namespace);
    scope.cp.audit(&user)
}

/// Every job has one target, that is up, and its samples arrive; nobody asked for more than the derived rights.
fn everything_arrives(cluster: &Cluster, scope: &Scope, receiver: &ReceiverPod) {
    let expected = DEFAULT_JOBS.map(|job| {
        let job = format!("{}-kubernetes-{job}", scope.name);
        (job, vec!["1".to_owned()])
    });
    let arrived = poll(|| (receiver.up() == expected.clone().into()).then_some(()));
    arrived.unwrap_or_else(|| {
        panic!(
            "not all arrives: {:?}\n{}",
            receiver.up(),
            cluster.pod_log(&scope.namespace, "alloy")
        )
    });
    let account = account(scope);
    assert!(!asked(scope, &account).is_empty(), "it is {account}");
    assert!(refused(scope).is_empty(), "{:#?}", refused(scope));
    // Neither the Prometheus that takes the samples nor a Pod with the token mounted has a token of its own.
    let others = asked(scope, "default");
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn with_the_token_of_its_pod() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = namespace(cluster, "alloy-pod");
    let receiver = ReceiverPod::start(cluster, &scope, false);
    apply(&scope, "pod", &receiver.write_url(), &[]);
    start(cluster, &scope, &account(&scope), false);
    everything_arrives(cluster, &scope, &receiver);
}

#[test]
fn with_the_token_in_the_secret_that_it_reads() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = namespace(cluster, "alloy-secret");
    let receiver = ReceiverPod::start(cluster, &scope, false);
    apply(&scope, "secret", &receiver.write_url(), &[]);
    start(cluster, &scope, &account(&scope), false);
    everything_arrives(cluster, &scope, &receiver);
}

/// The Pod runs as somebody who may do nothing and has no token.
#[test]
fn with_the_token_in_the_secret_that_is_mounted() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = namespace(cluster, "alloy-mount");
    let receiver = ReceiverPod::start(cluster, &scope, false);
    let more = ["--mount-dir", SECRETS];
    apply(&scope, "mount", &receiver.write_url(), &more);
    start(cluster, &scope, "default", true);
    everything_arrives(cluster, &scope, &receiver);
}

#[test]
fn to_a_receiver_that_demands_a_password() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = namespace(cluster, "alloy-login");
    let receiver = ReceiverPod::start(cluster, &scope, true);
    assert_eq!(receiver.answer_to_anybody(), 401);
    let login = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"},
        "stringData": {"username": USER, "password": PASSWORD},
    });
    let secrets = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    scope.admin().post(&secrets, &login).unwrap();
    let more = ["--remote-write-basic-auth", "login"];
    apply(&scope, "pod", &receiver.write_url(), &more);
    start(cluster, &scope, &account(&scope), false);
    everything_arrives(cluster, &scope, &receiver);
}

#[test]
fn without_the_rights_to_read_its_secrets_both_are_refused() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = namespace(cluster, "alloy-no-secret");
    let more = ["--remote-write-basic-auth", "login"];
    // Nobody gets as far as to send anything.
    apply(&scope, "secret", "http://127.0.0.1:9/api/v1/write", &more);
    let role = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles/{}-role",
        scope.namespace, scope.name
    );
    let none = json!({"rules": []});
    scope.admin().patch_merge(&role, &none).unwrap();
    start(cluster, &scope, &account(&scope), false);
    let token = format!("{}-k8s-token", scope.name);
    for secret in [token.as_str(), "login"] {
        let asks = |event: &Event| {
            (
                event.verb.as_str(),
                event.resource.as_str(),
                event.name.as_str(),
            ) == ("get", "secrets", secret)
        };
        let found = poll(|| refused(&scope).into_iter().find(asks));
        assert!(found.is_some(), "nobody asks for {secret}");
    }
}
