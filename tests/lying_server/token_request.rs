//! What a TokenRequest may answer, and what is stored of it.

use std::fs;

use serde_json::{Value, json};
use testbed::{ControlPlane, Fault};

use super::VERBS;
use super::caller::Caller;

/// The answer to a TokenRequest with some fields of its status replaced.
fn junk(token: &Value, expires: &Value) -> String {
    json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "metadata": {}, "spec": {}, "status": {"token": token, "expirationTimestamp": expires},
    })
    .to_string()
}

fn in_an_hour() -> Value {
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    time.strftime("%FT%TZ").to_string().into()
}

#[test]
fn junk_is_stored_nowhere() {
    let cp = ControlPlane::shared();
    let (hour, good) = (in_an_hour(), json!("a.b.c"));
    for (index, (token, expires, words)) in [
        (json!(""), &hour, "status.token is empty"),
        (json!(null), &hour, "status.token is empty"),
        (
            json!(["a.b.c"]),
            &hour,
            "status.token: expected a string, found an array",
        ),
        (json!("not-a-token-at-all"), &hour, "is no JSON Web Token"),
        (json!("a.b.c\n"), &hour, "is no JSON Web Token"),
        (json!("a.b.\u{1b}[2J"), &hour, "is no JSON Web Token"),
        (json!("a.b.c\r\nX-Other: y"), &hour, "is no JSON Web Token"),
        (
            json!(format!("a.b.{}", "c".repeat(1 << 20))),
            &hour,
            "characters",
        ),
        (
            good.clone(),
            &json!("soon"),
            "expirationTimestamp is no time",
        ),
        (good.clone(), &json!(null), "expirationTimestamp is no time"),
        (
            good.clone(),
            &json!("2001-01-01T00:00:00Z"),
            "would expire at 2001-01-01",
        ),
        (
            good.clone(),
            &json!("9999-01-01T00:00:00Z"),
            "would expire at 9999-01-01",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let body = junk(&token, expires);
        let relay = cp.relay(move |request| {
            if request.path.ends_with("/token") {
                Fault::Respond {
                    status: 201,
                    headers: vec![("Content-Type".into(), "application/json".into())],
                    body: body.clone(),
                }
            } else {
                Fault::Pass
            }
        });
        let caller = Caller::new(&format!("junk-{index}"));
        // To a Secret, or to a file.
        let verb = VERBS[[3, 5][index % 2]];
        let run = caller.call(verb, &relay.url()).run().exit(1);
        assert!(run.stderr.contains("/token: "), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        let name = &caller.name;
        let secret = format!("/api/v1/namespaces/ns-{name}/secrets/{name}-k8s-token");
        assert!(cp.admin().is_absent(&secret), "{token}");
        let files = fs::read_dir(caller.folder.path().join("token")).unwrap();
        assert_eq!(files.count(), 0, "{token}");
        assert!(!caller.folder.path().join("jobs.yml").exists(), "{token}");
        // The next run starts again.
        let again = caller.call(verb, cp.url()).run();
        again.ok();
    }
}
