//! One lie at a time.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::relay::Request;
use testbed::{ControlPlane, Fault};

use super::VERBS;
use super::caller::{Caller, TOKEN};
use super::secrets::Secrets;
use crate::support::Run;

fn respond(status: u16, body: &str) -> Fault {
    Fault::Respond {
        status,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.to_owned(),
    }
}

#[track_caller]
fn says(run: &Run, words: &[&str]) {
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

#[test]
fn an_empty_list_is_no_answer_to_any_verb() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("empty-list");
    for (body, verbs) in [
        ("[]", &VERBS[..]),
        ("null", &VERBS[3..4]),
        ("7", &VERBS[11..12]),
        ("\"text\"", &VERBS[14..15]),
        ("[[]]", &VERBS[18..19]),
    ] {
        let relay = cp.relay(move |_| respond(200, body));
        for verb in verbs {
            let run = caller.run(verb, &relay.url());
            says(
                &run,
                &["/api", "the answer is no ", "expected an object, found "],
            );
        }
    }
}

#[test]
fn an_object_of_another_kind_or_name_is_none() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("another");
    let of = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "uid": "u"}});
    for (answer, words) in [
        (
            of("ConfigMap", "ns-another"),
            "the answer is no Namespace: it is of kind ConfigMap (v1)",
        ),
        (
            of("Namespace", "other"),
            "the answer is no Namespace: it is other, not ns-another",
        ),
        (
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": []}),
            "metadata: expected an object, found an array",
        ),
        (
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns-another"}}),
            "it has no metadata.uid",
        ),
    ] {
        let relay = cp.relay(move |request| {
            if request.path == "/api/v1/namespaces/ns-another" {
                respond(200, &answer.to_string())
            } else {
                Fault::Pass
            }
        });
        let run = caller.run(VERBS[0], &relay.url());
        says(
            &run,
            &[
                "GET /api/v1/namespaces/ns-another: the answer is no Namespace: ",
                words,
            ],
        );
    }
}

#[test]
fn a_list_with_items_that_are_no_objects_is_none() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("null-item");
    for (items, words) in [
        (json!([null]), "items[0]: expected an object, found null"),
        (json!([{"kind": "Pod"}]), "items[0] is of kind Pod"),
        (
            json!([{"metadata": {"labels": []}}]),
            "items[0] is wrong: metadata.labels: expected an object, found an array",
        ),
        (json!({}), "items: expected an array, found an object"),
    ] {
        let relay = cp.relay(move |request| {
            if request.path.ends_with("/clusterroles") {
                let list = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleList", "items": items});
                respond(200, &list.to_string())
            } else {
                Fault::Pass
            }
        });
        let run = caller.run("rbac audit", &relay.url());
        says(
            &run,
            &["the answer is no list of ClusterRole objects: ", words],
        );
    }
}

/// How a server repeats a text.
type Say = fn(&str) -> Fault;

/// What a server that repeats a request says.
fn echoed(request: &Request) -> String {
    let headers = request.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        format!("{name}: {value} ({}) ", STANDARD.encode(value.as_bytes()))
    });
    headers.collect()
}

#[test]
fn a_server_that_echoes_headers_shows_no_credential() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("echo");
    let opaque = "opaque-token-of-this-user-0123456789";
    let users = [
        (json!({"token": *TOKEN}), TOKEN.as_str()),
        (json!({"token": opaque}), opaque),
        (
            json!({"username": "jane", "password": "correct-horse"}),
            "correct-horse",
        ),
    ];
    let says: [Say; 6] = [
        |text| Fault::status(403, "Forbidden", text),
        |text| Fault::status(422, text, text),
        |text| respond(500, text),
        |text| respond(401, &json!({"message": text}).to_string()),
        |text| Fault::Respond {
            status: 302,
            headers: vec![("Location".into(), format!("https://login/{text}"))],
            body: String::new(),
        },
        |text| respond(200, &json!({"kind": text, "apiVersion": text}).to_string()),
    ];
    for (user, secret) in users {
        let mut secrets = Secrets::default();
        secrets.add(secret);
        for say in says {
            let relay = cp.relay(move |request| say(&echoed(request)));
            let kubeconfig = caller.kubeconfig_of(&relay.url(), &user);
            for verb in [VERBS[0], "status --namespace NS", "rbac audit"] {
                for format in ["text", "json"] {
                    let run = caller
                        .call(verb, &relay.url())
                        .args(["--log-format", format, "-v"])
                        .kubeconfig(&kubeconfig)
                        .run();
                    assert!(run.code == 1 || run.code == 75, "{}", run.code);
                    for text in [&run.stdout, &run.stderr] {
                        assert!(secrets.found(text).is_none(), "{verb}, {format}");
                        assert!(!text.contains(secret), "{verb}, {format}");
                        assert!(!text.contains(&STANDARD.encode(secret)), "{verb}, {format}");
                        let login = STANDARD.encode(format!("jane:{secret}"));
                        assert!(!text.contains(&login), "{verb}, {format}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("redirected");
    let other = cp.relay(|_| Fault::Pass);
    let target = other.url();
    for status in [301, 302, 303, 307, 308] {
        let target = target.clone();
        let relay = cp.relay(move |request| Fault::Respond {
            status,
            headers: vec![("Location".into(), format!("{target}{}", request.path))],
            body: String::new(),
        });
        let run = caller.run(VERBS[3], &relay.url());
        says(
            &run,
            &[
                "sends the request on to https://127.0.0.1:",
                "does not follow",
            ],
        );
    }
    assert!(other.seen().is_empty(), "{:?}", other.seen());
}

/// A list of ConfigMaps of `size` bytes.
fn large(kind: &str, size: usize) -> String {
    let item = json!({"metadata": {"name": "a", "annotations": {"a": "x".repeat(1 << 20)}}});
    let items: Vec<Value> = vec![item; size >> 20];
    let list = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}List"),
        "metadata": {"continue": "there-is-more"}, "items": items});
    list.to_string()
}

/// As far as it is read today, 505 MB.
#[test]
fn pages_without_an_end_are_read_up_to_a_bound() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("pages");
    let pages: Vec<(&str, String)> = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]
        .into_iter()
        .map(|kind| (kind, large(kind, 12 << 20)))
        .collect();
    let relay = cp.relay(move |request| {
        let plural = request.path.rsplit('/').next().unwrap_or_default();
        let page = pages
            .iter()
            .find(|(kind, _)| plural == format!("{}s", kind.to_lowercase()));
        page.map_or(Fault::Pass, |(_, page)| respond(200, page))
    });
    let run = caller
        .call("rbac audit", &relay.url())
        .under(&["prlimit", "--data=900000000"])
        .run();
    says(
        &run,
        &[
            "GET /apis/rbac.authorization.k8s.io/v1/",
            "the answers of this run are larger than 200 MiB together",
        ],
    );
    let pages = relay
        .seen()
        .iter()
        .filter(|request| request.path.contains("/rbac."))
        .count();
    assert!(pages < 40, "{pages}");
}

#[test]
fn one_answer_is_read_up_to_a_bound() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("large");
    let body = format!("\"{}\"", "x".repeat(40 << 20));
    let relay = cp.relay(move |request| {
        if request.path.ends_with("/clusterroles") {
            respond(200, &body)
        } else {
            Fault::Pass
        }
    });
    let run = caller.call("rbac audit", &relay.url()).run();
    says(&run, &["/clusterroles: the answer is larger than 32 MiB"]);
}

#[test]
fn values_without_an_end_and_nesting_are_refused() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("values");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let many = format!("[{}0]", "0,".repeat(15 << 20));
    for (body, words) in [
        (deep, "nested too deeply"),
        (
            many,
            "the answers of this run are larger than 200 MiB together",
        ),
        ("{\"kind\": 1e999}".to_owned(), "is not JSON"),
        ("{\"kind\": \"\u{0}\"}".to_owned(), "is not JSON"),
        ("<html>Log in</html>".to_owned(), "a web page"),
    ] {
        let relay = cp.relay(move |request| {
            if request.path.ends_with("/clusterroles") {
                respond(200, &body)
            } else {
                Fault::Pass
            }
        });
        let run = caller
            .call("rbac audit", &relay.url())
            .under(&["prlimit", "--data=700000000"])
            .run();
        says(&run, &["/clusterroles: ", words]);
    }
}

#[test]
fn an_answer_that_never_ends_costs_the_time_of_one_request() {
    let cp = ControlPlane::shared();
    let caller = Caller::new("endless");
    let relay = cp.relay(|request| {
        if request.path.ends_with("/clusterroles") {
            Fault::Delay(Duration::from_mins(10))
        } else {
            Fault::Pass
        }
    });
    let run = caller.impatient_call("rbac audit", &relay.url()).run();
    assert_eq!(run.code, 75, "{}", run.stderr);
    assert!(
        run.stderr.contains("did not answer within 1 s"),
        "{}",
        run.stderr
    );
}
