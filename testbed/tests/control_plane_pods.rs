//! The control plane's programs as Pods.

use serde_json::json;
use testbed::client::Identity;
use testbed::poll::until;
use testbed::{Client, Cluster};

#[test]
fn they_stand_by_and_ask_who_may_scrape() {
    let Some(cluster) = Cluster::with_control_plane_pods() else {
        return;
    };
    let (cp, address) = (&cluster.cp, cluster.node.address());
    let scope = cp.scope("they_stand_by");
    scope.create_namespace();
    cp.wait_for_namespace(&scope.namespace);
    let token = cp.admin().token(&scope.namespace, "default", 600);
    let token = Identity::Token(token.expect("a token"));
    let user = format!("system:serviceaccount:{}:default", scope.namespace);
    let secured = [
        ("kube-controller-manager", 10257),
        ("kube-scheduler", 10259),
    ]
    .map(|(name, port)| (name, format!("https://{address}:{port}")))
    .map(|(name, url)| (name, Client::unverified(&url, &token)));

    for (_, client) in &secured {
        let refusal = format!("forbidden: User \"{user}\" cannot get path \"/metrics\"");
        let failure = client.get("/metrics").expect_err("no right");
        assert_eq!((failure.code, failure.message), (403, refusal));
    }
    cp.grant(
        &user,
        None,
        &json!([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]),
    );
    for (name, client) in &secured {
        let mut metrics = String::new();
        until("it has learnt of the right", || {
            let answer = client.send("GET", "/metrics", "", &[]).expect("an answer");
            metrics = answer.text;
            answer.code == 200
        });
        let stands_by = format!("leader_election_master_status{{name=\"{name}\"}} 0");
        assert!(metrics.contains(&stands_by), "{metrics}");
    }
    let proxy = Client::unverified(&format!("http://{address}:10249"), &Identity::Anonymous);
    let metrics = proxy.send("GET", "/metrics", "", &[]).expect("an answer");
    assert!(metrics.code == 200 && metrics.text.contains("kubeproxy_sync_proxy_rules"));

    for label in [
        "component%3Dkube-controller-manager",
        "component%3Dkube-scheduler",
        "k8s-app%3Dkube-proxy",
    ] {
        let path = format!("/api/v1/namespaces/kube-system/pods?labelSelector={label}");
        let pods = cp.admin().get(&path).expect("Pods");
        assert_eq!(pods.pointer("/items/0/status/podIP"), Some(&json!(address)));
    }
}
