//! Requests against a server that plays back what it is told.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Call, Cause, Cluster, ConnectOptions, Failure};
use crate::object::{Kind, ObjectRef};

const OK: &str = r#"200 OK|{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "m", "uid": "u"}}"#;
const BUSY: &str = r#"503 Service Unavailable|{"message": "starting"}"#;
/// The server takes the request and closes the connection.
const LOST: &str = "";
const CHANGED: &str = r#"409 Conflict|{"reason": "Conflict", "message": "Operation cannot be fulfilled on secrets \"s\": the object has been modified"}"#;
const OURS: &str = r#"200 OK|{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "m", "uid": "u", "resourceVersion": "8"}, "data": {"token": "c2VjcmV0LXNlY3JldA=="}}"#;

/// Answers one request after the other with `script`; returns the first lines of the requests.
fn play(script: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let player = thread::spawn(move || {
        let mut seen = Vec::new();
        for answer in script {
            let (mut connection, _) = listener.accept().expect("a connection");
            seen.push(request(&mut connection));
            if let Some((status, body)) = answer.split_once('|') {
                let (status, header) = status.split_once('\n').unwrap_or((status, "x: y"));
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                connection.write_all(text.as_bytes()).expect("written");
            }
        }
        seen
    });
    (address, player)
}

/// Reads a request to its end and returns its first line.
fn request(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && connection.read(&mut byte).expect("read") == 1 {
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a body");
    let line = String::from_utf8_lossy(&bytes);
    line.lines().next().unwrap_or_default().to_owned()
}

/// Longer than any busy machine takes.
const PATIENT: Duration = Duration::from_mins(5);
const BRIEF: Duration = Duration::from_secs(1);

async fn cluster(server: &str, request_timeout: Duration) -> Cluster {
    let dir = tempfile::tempdir().expect("a directory");
    let kubeconfig = dir.path().join("config");
    let text = json!({
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "jane"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "jane", "user": {"token": "t"}}],
    });
    std::fs::write(&kubeconfig, text.to_string()).expect("written");
    let options = ConnectOptions {
        kubeconfig: Some(kubeconfig),
        context: None,
        request_timeout,
        trace: None,
    };
    Cluster::connect(options).await.expect("a cluster")
}

/// The outcome of `call`, and what the server saw.
async fn outcome(
    script: &'static [&'static str],
    call: Call,
) -> (Result<super::Answer, Box<Failure>>, Vec<String>) {
    let (address, player) = play(script);
    let outcome = cluster(&address, PATIENT).await.send(call).await;
    (outcome, player.join().expect("a player"))
}

fn secret() -> ObjectRef {
    ObjectRef::namespaced(Kind::Secret, "m", "s")
}

fn applied() -> Call {
    let body = json!({"kind": "Secret", "metadata": {"resourceVersion": "7"}, "data": {"token": "c2VjcmV0LXNlY3JldA=="}});
    Call::apply(&secret(), body, false)
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    for script in [
        &[BUSY, BUSY, BUSY, OK][..],
        &[LOST, OK],
        &["429 Too Many Requests\nretry-after: 1|{}", OK],
        &[r#"500 Oops|{"message": "etcdserver: leader changed"}"#, OK],
        &["502 Bad\nretry-after: 0|oops", OK],
    ] {
        let (answer, seen) = outcome(script, Call::get(&secret())).await;
        assert_eq!(answer.expect("an answer").body["kind"], "Secret");
        assert_eq!(seen.len(), script.len());
    }
}

#[tokio::test]
async fn what_does_not_pass_is_told_at_once() {
    for (script, words) in [
        (
            &[BUSY; 4][..],
            "the API server answered 503: starting (4 tries)",
        ),
        (&["502 Bad|oops"], "the API server answered 502: oops"),
        (&["200 OK|<html>Log in</html>"], "the answer is a web page"),
        (
            &[r#"200 OK|{"kind":"#],
            "the answer breaks off after 8 bytes",
        ),
        (
            &["200 OK|[]"],
            "GET /api/v1/namespaces/m/secrets/s: the answer is no Secret: expected an object, found an array",
        ),
        (
            &[
                r#"200 OK|{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "t", "namespace": "m", "uid": "u"}}"#,
            ],
            "the answer is no Secret: it is m/t, not m/s",
        ),
        (
            &["200 OK\ncontent-type: text/plain|{}"],
            "the answer is of type text/plain, not JSON",
        ),
        (
            &["302 Found\nlocation: https://login|"],
            "sends the request on to https://login",
        ),
        (
            &[r#"401 No|{"message": "Unauthorized", "reason": "Unauthorized"}"#],
            "does not accept the token of the kubeconfig's user \"jane\"",
        ),
    ] {
        let (answer, _) = outcome(script, Call::get(&secret())).await;
        let message = answer.expect_err("a failure").to_string();
        assert!(message.starts_with("cannot read Secret m/s: "), "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn what_creates_is_never_repeated() {
    for script in [&[BUSY][..], &[LOST]] {
        let (answer, seen) = outcome(script, Call::create("a token", "/t", json!({}))).await;
        let failure = answer.expect_err("a failure");
        assert!(!failure.is_refusal());
        assert_eq!(seen, ["POST /t HTTP/1.1"]);
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_failure() {
    let (answer, _) = outcome(
        &[
            LOST,
            r#"404 No|{"message": "not found", "details": {"name": "s"}}"#,
        ],
        Call::delete(&secret()),
    )
    .await;
    assert!(answer.is_ok());

    let (answer, seen) = outcome(&[LOST, CHANGED, OURS], applied()).await;
    assert_eq!(
        answer.expect("an answer").body["metadata"]["resourceVersion"],
        "8"
    );
    assert_eq!(seen[2], "GET /api/v1/namespaces/m/secrets/s HTTP/1.1");

    let (answer, _) = outcome(&[LOST, CHANGED, OK], applied()).await;
    let failure = answer.expect_err("a failure");
    assert!(failure.is_stale() && !failure.is_refusal());
    // Without a lost answer nobody asks.
    let (answer, _) = outcome(&[CHANGED], applied()).await;
    let failure = answer.expect_err("a failure");
    assert!(failure.is_stale() && failure.is_refusal());
}

#[tokio::test]
async fn a_server_that_is_silent_is_waited_for_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let begun = Instant::now();
    let failure = cluster(&address, BRIEF)
        .await
        .send(Call::get(&secret()))
        .await
        .expect_err("silence");
    assert!(
        begun.elapsed() < Duration::from_mins(1),
        "waited for too long"
    );
    assert_eq!(
        failure.to_string(),
        format!("cannot read Secret m/s: {address} did not answer within 1 s")
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_one_without_a_name() {
    // No program is given a port below 1024 by chance.
    let port = 1;
    for (server, words) in [
        (
            format!("http://127.0.0.1:{port}"),
            "nothing listens there (connection refused)",
        ),
        (
            format!("https://127.0.0.1:{port}"),
            "nothing listens there (connection refused)",
        ),
        (
            "http://nowhere.invalid".to_owned(),
            "its name is not known here",
        ),
        (
            "https://nowhere.invalid".to_owned(),
            "its name is not known here",
        ),
    ] {
        // Nothing can have been sent, so even this one is tried again.
        let call = Call::create("a token", "/t", json!({}));
        let begun = Instant::now();
        let failure = cluster(&server, BRIEF)
            .await
            .send(call)
            .await
            .expect_err("a failure");
        assert!(failure.to_string().contains(words), "{failure}");
        assert!(matches!(failure.cause, Cause::Unreachable { .. }));
        assert!(
            begun.elapsed() > Duration::from_secs(1),
            "{server}: {:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("https://{}", listener.local_addr().expect("an address"));
    let player = thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a connection");
        connection
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .expect("written");
    });
    let outcome = cluster(&address, PATIENT)
        .await
        .send(Call::get(&secret()))
        .await;
    let failure = outcome.expect_err("a failure");
    assert!(
        failure.to_string().contains("it does not speak TLS there"),
        "{failure:?}"
    );
    player.join().expect("a player");
}
