//! A cluster that cannot be reached, trusted or understood: what is said, and how soon.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::{ControlPlane, Crds, Fault, Options, Scope, poll, pty};

use crate::support::{Monconf, Run};

fn plan(kubeconfig: &Path) -> Run {
    Monconf::new(["prometheus", "--request-timeout", "2s"])
        .kubeconfig(kubeconfig)
        .run()
}

/// A kubeconfig for `server` with that CA and that user.
fn kubeconfig(folder: &Path, server: &str, ca: &str, user: &Value) -> PathBuf {
    let path = folder.join("config");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "jane"}}],
        "clusters": [{"name": "c", "cluster": {
            "server": server, "certificate-authority-data": STANDARD.encode(ca),
        }}],
        "users": [{"name": "jane", "user": user}],
    });
    fs::write(&path, config.to_string()).unwrap();
    path
}

#[track_caller]
fn says(run: &Run, words: &[&str]) {
    ends(run, 1, words);
}

/// The same of what may be over when the command is repeated.
#[track_caller]
fn may_pass(run: &Run, words: &[&str]) {
    ends(run, 75, words);
}

#[track_caller]
fn ends(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

#[test]
fn no_kubeconfig_and_no_context() {
    says(
        &Monconf::new(["prometheus"]).run(),
        &[
            "error: ",
            "no kubeconfig",
            "hint: ",
            "--kubeconfig",
            "--offline",
        ],
    );
    let scope = ControlPlane::shared().scope("context");
    let run = Monconf::prometheus(&scope, &["--context", "admin-contxt"]).run();
    says(
        &run,
        &["no context \"admin-contxt\"", "hint: ", &scope.user.name],
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(
        &path,
        "users:\n- name: a\n  user: {token: SECRET-IN-A-FILE, password: [\n",
    )
    .unwrap();
    let run = plan(&path);
    says(&run, &[path.to_str().unwrap()]);
    assert!(!run.stderr.contains("SECRET-IN-A-FILE"), "{}", run.stderr);
}

#[test]
fn a_server_that_is_not_there() {
    let cp = ControlPlane::shared();
    let folder = tempfile::tempdir().unwrap();
    // A port that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let refused = kubeconfig(
        folder.path(),
        &format!("https://127.0.0.1:{port}"),
        cp.ca_pem(),
        &json!({}),
    );
    may_pass(
        &plan(&refused),
        &[&format!("https://127.0.0.1:{port}"), "refused", "hint: "],
    );
    let unknown = kubeconfig(
        folder.path(),
        "https://nowhere.invalid:6443",
        cp.ca_pem(),
        &json!({}),
    );
    may_pass(&plan(&unknown), &["nowhere.invalid", "hint: "]);
}

#[test]
fn a_server_that_does_not_answer_is_waited_for_no_longer_than_said() {
    let cp = ControlPlane::start(Options::bare());
    let scope = cp.scope("black-hole");
    cp.pause();
    let run = Monconf::prometheus(&scope, &["--apply", "--request-timeout", "1s"]).run();
    may_pass(&run, &["did not answer within 1 s", "hint: "]);
    cp.resume();
    // And one that accepts connections and says nothing, not even in TLS.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = format!("https://{}", silent.local_addr().unwrap());
    let run = plan(&kubeconfig(folder.path(), &server, cp.ca_pem(), &json!({})));
    may_pass(&run, &["did not answer within 2 s"]);
}

#[test]
fn a_server_that_cannot_be_trusted() {
    let cp = ControlPlane::shared();
    let other = ControlPlane::start(Options::bare());
    let folder = tempfile::tempdir().unwrap();
    let foreign = kubeconfig(folder.path(), cp.url(), other.ca_pem(), &json!({}));
    let run = plan(&foreign);
    says(&run, &["certificate", "hint: ", "certificate-authority"]);
    // Another name for the same address, which is not in the certificate.
    let server = cp.url().replace("127.0.0.1", "127.0.0.2");
    let elsewhere = kubeconfig(folder.path(), &server, cp.ca_pem(), &json!({}));
    let run = plan(&elsewhere);
    // Whether 127.0.0.2 is served at all depends on what the server listens on.
    assert!(
        run.stderr.contains("certificate") || run.stderr.contains("refused"),
        "{}",
        run.stderr
    );
}

#[test]
fn credentials_that_are_not_accepted() {
    let cp = ControlPlane::shared();
    let folder = tempfile::tempdir().unwrap();
    let user = json!({"token": "SECRET-THAT-IS-WRONG"});
    let run = plan(&kubeconfig(folder.path(), cp.url(), cp.ca_pem(), &user));
    says(&run, &["401", "hint: "]);
    assert!(
        !run.stderr.contains("SECRET-THAT-IS-WRONG"),
        "{}",
        run.stderr
    );
}

/// The first answers of a server that is none.
fn through(scope: &Scope, fault: Fault) -> Run {
    let relay = scope.cp.relay(move |request| {
        if request.path.contains("/clusterroles/") {
            fault.clone()
        } else {
            Fault::Pass
        }
    });
    Monconf::prometheus(scope, &["--apply"])
        .kubeconfig(&scope.user.via(&relay.url()))
        .run()
}

fn answer(status: u16, kind: &str, body: &str) -> Fault {
    Fault::Respond {
        status,
        headers: vec![("Content-Type".into(), kind.into())],
        body: body.into(),
    }
}

#[test]
fn answers_that_are_none() {
    let scope = ControlPlane::shared().scope("no-answer");
    for (fault, code, words) in [
        (
            answer(502, "text/html", "<html><h1>Bad Gateway</h1></html>"),
            75,
            "502",
        ),
        (
            answer(200, "text/html", "<html>Log in here</html>"),
            1,
            "web page",
        ),
        (
            answer(200, "application/json", "{\"kind\": \"Clus"),
            1,
            "breaks off",
        ),
        (answer(200, "application/json", "null x"), 1, "not JSON"),
        (
            Fault::status(500, "InternalError", "a\u{1b}[31mred\u{202e}b"),
            75,
            "\\u{1b}[31mred\\u{202e}b",
        ),
        (Fault::status(418, "Teapot", ""), 1, "418"),
        (Fault::Truncate, 75, "ClusterRole"),
    ] {
        let run = through(&scope, fault);
        ends(&run, code, &["error: cannot read ClusterRole", words]);
        assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    }
    let writes = scope
        .cp
        .audit(&scope.user.name)
        .iter()
        .filter(|event| event.is_write())
        .count();
    assert_eq!(writes, 0);
}

#[test]
fn a_server_that_recovers_is_asked_again_and_a_bounded_number_of_times() {
    let scope = ControlPlane::shared().scope("recovers");
    let failures = std::sync::atomic::AtomicUsize::new(0);
    let relay = scope.cp.relay(move |request| {
        let read = request.path.contains("/clusterroles/") && request.method == "GET";
        if read && failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            Fault::status(503, "ServiceUnavailable", "starting")
        } else {
            Fault::Pass
        }
    });
    let via = scope.user.via(&relay.url());
    Monconf::prometheus(&scope, &["--apply"])
        .kubeconfig(&via)
        .run()
        .ok();

    let never = scope.cp.relay(|request| {
        if request.path.contains("/clusterroles/") {
            Fault::status(429, "TooManyRequests", "later")
        } else {
            Fault::Pass
        }
    });
    let via = scope.user.via(&never.url());
    let run = Monconf::prometheus(&scope, &[]).kubeconfig(&via).run();
    may_pass(
        &run,
        &["429", "(4 tries)", "hint: the API server is overloaded"],
    );
    let tries = never
        .seen()
        .iter()
        .filter(|request| request.path.contains("/clusterroles/"))
        .count();
    assert_eq!(tries, 4);
}

#[test]
fn a_proxy_is_used_unless_the_cluster_is_excepted() {
    let scope = ControlPlane::shared().scope("proxy");
    // A proxy that only counts who comes, and sends everybody away.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let (sender, asked) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for client in proxy.incoming() {
            let mut client = client.unwrap();
            let mut request = [0; 512];
            let length = client.read(&mut request).unwrap_or(0);
            let line = String::from_utf8_lossy(&request[..length])
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            let _ = client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    // Loopback is never proxied by what the environment says, as with kubectl.
    Monconf::prometheus(&scope, &[])
        .env("HTTPS_PROXY", &address)
        .run()
        .ok();
    assert!(asked.try_recv().is_err());

    // A cluster elsewhere is, unless it is excepted.
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = kubeconfig(
        folder.path(),
        "https://kubernetes.invalid:6443",
        scope.cp.ca_pem(),
        &json!({}),
    );
    let ask = |no_proxy: &str| {
        Monconf::prometheus(&scope, &["--request-timeout", "2s"])
            .kubeconfig(&elsewhere)
            .env("HTTPS_PROXY", &address)
            .env("NO_PROXY", no_proxy)
            .run()
            .exit(75)
    };
    ask("other.example.com,10.0.0.0/8");
    assert_eq!(
        asked.recv_timeout(poll::BOUND).unwrap(),
        "CONNECT kubernetes.invalid:6443 HTTP/1.1"
    );
    while asked.try_recv().is_ok() {}
    for excepted in ["kubernetes.invalid", ".invalid", "invalid:6443", "*"] {
        ask(excepted);
        assert!(asked.try_recv().is_err(), "{excepted}");
    }
}

#[test]
fn kubeconfigs_are_found_and_merged_as_kubectl_does() {
    let cp = ControlPlane::shared();
    let (first, second) = (cp.scope("first-config"), cp.scope("second-config"));
    let list = |paths: &[&Path]| std::env::join_paths(paths).unwrap();
    let nowhere = Path::new("/nowhere/config");
    // A file that is missing is skipped, and the first to say something wins.
    let run = Monconf::prometheus(&first, &[])
        .env(
            "KUBECONFIG",
            list(&[nowhere, first.kubeconfig(), second.kubeconfig()]),
        )
        .run()
        .ok();
    assert!(
        run.stdout
            .starts_with(&format!("Cluster {} ", first.user.name)),
        "{}",
        run.stdout
    );
    let run = Monconf::prometheus(&first, &["--context", &second.user.name])
        .env(
            "KUBECONFIG",
            list(&[first.kubeconfig(), second.kubeconfig()]),
        )
        .run()
        .ok();
    assert!(
        run.stdout.contains(&format!("as {}", second.user.name)),
        "{}",
        run.stdout
    );
    let run = Monconf::prometheus(&first, &["--kubeconfig"])
        .args([second.kubeconfig()])
        .run()
        .ok();
    assert!(
        run.stdout.contains(&format!("as {}", second.user.name)),
        "{}",
        run.stdout
    );
    // A file of its own home.
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".kube")).unwrap();
    fs::copy(first.kubeconfig(), home.path().join(".kube/config")).unwrap();
    let run = Monconf::new(["prometheus"])
        .env("HOME", home.path())
        .run()
        .ok();
    assert!(
        run.stdout.contains(&format!("as {}", first.user.name)),
        "{}",
        run.stdout
    );
}

#[test]
fn a_credential_plugin_logs_in_without_a_shell() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("plugin");
    scope.create_namespace();
    cp.wait_for_namespace(&scope.namespace);
    let token = cp.admin().token(&scope.namespace, "default", 3600).unwrap();
    let who = format!("system:serviceaccount:{}:default", scope.namespace);
    cp.grant(
        &who,
        None,
        &json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]),
    );
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("plugin");
    let script = "#!/bin/sh\ntest \"$1\" = '$(touch hacked); *' || exit 9\n\
        echo \"$KUBERNETES_EXEC_INFO\" | grep -q '\"interactive\":false' || exit 8\n\
        printf '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"%s\"}}' \"$TOKEN\"\n";
    fs::write(&plugin, script).unwrap();
    std::process::Command::new("chmod")
        .arg("+x")
        .arg(&plugin)
        .status()
        .unwrap();
    let exec = |command: &str| {
        json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": ["$(touch hacked); *"],
            "env": [{"name": "TOKEN", "value": token}], "interactiveMode": "Never",
            "installHint": "install the plugin with care",
        }})
    };
    let path = kubeconfig(
        folder.path(),
        cp.url(),
        cp.ca_pem(),
        &exec(plugin.to_str().unwrap()),
    );
    let run = Monconf::prometheus(&scope, &[])
        .kubeconfig(&path)
        .run()
        .ok();
    assert!(run.stdout.contains(&format!("as {who}")), "{}", run.stdout);

    let path = kubeconfig(
        folder.path(),
        cp.url(),
        cp.ca_pem(),
        &exec("no-such-plugin"),
    );
    says(
        &Monconf::prometheus(&scope, &[]).kubeconfig(&path).run(),
        &["no-such-plugin", "install the plugin with care"],
    );
}

#[test]
fn a_server_that_is_restarted_meanwhile_is_waited_for_and_one_that_stays_away_is_not() {
    let cp = ControlPlane::start(Options {
        crds: Crds::None,
        ..Options::default()
    });
    for (comes_back, waits) in [(true, "5m"), (false, "8s")] {
        let scope = cp.scope("restart");
        let mut command =
            Monconf::prometheus(&scope, &["--apply", "--request-timeout", waits]).command();
        command.env("TERM", "dumb");
        let (code, shown) = pty::run(&command, |session| {
            session.expect("[y/N] ");
            cp.kill_apiserver();
            session.send_line("y");
            if comes_back {
                thread::sleep(Duration::from_secs(3));
                cp.restart_apiserver();
            } else {
                session.expect("error: ");
            }
        });
        if comes_back {
            assert_eq!(code, 0, "{shown}");
            assert!(shown.contains("Applied: 8 created"), "{shown}");
        } else {
            assert_eq!(code, 75, "{shown}");
            assert!(shown.contains("refused"), "{shown}");
        }
    }
}

#[test]
fn kinds_that_cannot_be_asked_for_are_not_taken_for_absent() {
    let scope = ControlPlane::shared().scope("discovery");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let relay = scope.cp.relay(|request| {
        if request.path == "/apis/monitoring.coreos.com/v1alpha1" {
            Fault::status(500, "InternalError", "broken")
        } else {
            Fault::Pass
        }
    });
    let via = scope.user.via(&relay.url());
    let run = Monconf::prometheus(&scope, &["--apply"])
        .kubeconfig(&via)
        .run();
    may_pass(
        &run,
        &["error: cannot read the kinds that are served", "500"],
    );
    assert_eq!(run.stdout, "");
}
