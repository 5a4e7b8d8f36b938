//! The audit log as the witness.

use std::time::Duration;

use testbed::{ControlPlane, waves};

#[test]
fn sees_every_request_of_a_user() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("sees_every_request_of_a_user");
    let client = scope.user.client();
    client.get("/api/v1/nodes").expect("an administrator");
    let review = serde_json::json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview",
    });
    client
        .post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review)
        .expect("anybody may");
    let config = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": scope.name}});
    client
        .post("/api/v1/namespaces/default/configmaps?dryRun=All", &config)
        .expect("an administrator");
    client
        .post("/api/v1/namespaces/default/configmaps", &config)
        .expect("an administrator");
    let path = format!("/api/v1/namespaces/default/configmaps/{}", scope.name);
    client.delete(&path).expect("it exists");

    let events = cp.audit(&scope.user.name);
    let verbs: Vec<&str> = events.iter().map(|event| event.verb.as_str()).collect();
    assert_eq!(verbs, ["list", "create", "create", "create", "delete"]);
    let writes: Vec<bool> = events.iter().map(testbed::Event::is_write).collect();
    assert_eq!(writes, [false, false, false, true, true]);
    assert_eq!(
        (events[4].name.as_str(), events[4].code),
        (scope.name.as_str(), 200)
    );
    assert_eq!(waves(&events, Duration::ZERO), 5);
}
