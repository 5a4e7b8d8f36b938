//! Latency and faults on the way to the API server.

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::{Client, ControlPlane, Fault};

const CONFIGS: &str = "/api/v1/namespaces/default/configmaps";

#[test]
fn adds_latency_to_each_round_trip() {
    let cp = ControlPlane::shared();
    let relay = cp.latency(Duration::from_millis(100));
    let client = cp.scope("adds_latency").user.client().via(&relay.url());
    let timed = |work: &(dyn Fn() + Sync)| {
        let start = Instant::now();
        work();
        start.elapsed().as_millis()
    };
    // TCP, TLS 1.3 and the request itself.
    let first = timed(&|| drop(client.get("/version").expect("it is passed on")));
    assert!((300..600).contains(&first), "{first} ms");
    let second = timed(&|| drop(client.get("/version").expect("it is passed on")));
    assert!((100..300).contains(&second), "{second} ms");
    let together = timed(&|| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| client.get("/version").expect("it is passed on"));
            }
        });
    });
    assert!((100..800).contains(&together), "{together} ms");
}

#[test]
fn spoils_requests_but_not_identities() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("spoils_requests");
    let relay = cp.relay(|request| match request.number {
        2 => Fault::status(429, "TooManyRequests", "later"),
        3 => Fault::DropBefore,
        4 => Fault::DropAfter,
        5 => Fault::Truncate,
        6 => Fault::Delay(Duration::from_millis(200)),
        _ => Fault::Pass,
    });
    let client = scope.user.client().via(&relay.url());
    let config =
        |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    let (one, two) = (format!("{}-1", scope.name), format!("{}-2", scope.name));

    client.get(CONFIGS).expect("it is passed on");
    assert_eq!(
        client.get(CONFIGS).expect_err("the relay answers").code,
        429
    );
    assert_eq!(
        client
            .post(CONFIGS, &config(&one))
            .expect_err("it is dropped")
            .code,
        0
    );
    assert!(cp.admin().is_absent(&format!("{CONFIGS}/{one}")));
    assert_eq!(
        client
            .post(CONFIGS, &config(&two))
            .expect_err("its answer is dropped")
            .code,
        0
    );
    assert!(!cp.admin().is_absent(&format!("{CONFIGS}/{two}")));
    assert_eq!(client.get(CONFIGS).expect_err("half of it").code, 0);
    let start = Instant::now();
    client
        .delete(&format!("{CONFIGS}/{two}"))
        .expect("it is passed on later");
    assert!(start.elapsed() >= Duration::from_millis(200));

    relay.wait_for(6);
    let seen = relay.seen();
    assert_eq!(seen[3].json()["metadata"]["name"], json!(two));
    assert!(
        seen.iter()
            .all(|request| request.user.as_ref() == Some(&scope.user.name))
    );
    let verbs: Vec<String> = cp
        .audit(&scope.user.name)
        .into_iter()
        .map(|event| event.verb)
        .collect();
    assert_eq!(verbs, ["list", "create", "list", "delete"]);
}

#[test]
fn passes_tokens_on_and_holds() {
    let cp = ControlPlane::shared();
    cp.wait_for_namespace("default");
    let token = cp
        .admin()
        .token("default", "default", 600)
        .expect("a token");
    let relay = cp.relay(|request| {
        if request.path == "/held" {
            Fault::Hold
        } else {
            Fault::Pass
        }
    });
    let robot = Client::with_token(cp, &token).via(&relay.url());
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let me = robot
        .post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review)
        .expect("anybody may");
    assert_eq!(
        me["status"]["userInfo"]["username"],
        "system:serviceaccount:default:default"
    );
    let held = std::thread::spawn(move || robot.get("/held"));
    assert_eq!(
        relay
            .wait_for_request(|request| request.path == "/held")
            .user,
        None
    );
    assert!(!held.is_finished());
    drop(relay); // cuts the connection
    assert_eq!(
        held.join().expect("no panic").expect_err("no answer").code,
        0
    );
}
