//! What can be known before anything is written is known then.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};
use testbed::process::{Launch, free_port};
use testbed::{ControlPlane, Prometheus, Scope};

use super::{MAIN, says};
use crate::support::{Monconf, Run};

/// Runs with `--drop-in` in a folder of its own, and sees that nothing was written.
#[track_caller]
fn refused(scope: &Scope, arguments: &[&str]) -> Run {
    ended(scope, arguments, 1)
}

#[track_caller]
fn ended(scope: &Scope, arguments: &[&str], code: i32) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.yml");
    let drop_in = ["--apply", "--drop-in", file.to_str().unwrap()];
    let run = Monconf::prometheus(scope, &drop_in)
        .args(arguments)
        .run()
        .exit(code);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    let events = scope.cp.audit(&scope.user.name);
    assert!(!events.iter().any(testbed::Event::is_write));
    run
}

#[test]
fn a_prometheus_that_cannot_be_asked_or_told() {
    let scope = ControlPlane::shared().scope("unasked");
    let url = format!("http://127.0.0.1:{}", free_port());
    let run = ended(&scope, &["--reload", &url], 75);
    says(
        &run,
        &format!(
            "error: cannot ask Prometheus at {url}: nothing listens there (connection refused)\nhint: "
        ),
    );
    // A plan asks too.
    let plan = ["--drop-in", "/tmp/k8s.yml", "--prometheus-url", &url];
    says(
        &Monconf::prometheus(&scope, &plan).run().exit(75),
        "cannot ask Prometheus",
    );
    // Without a cluster nobody is asked.
    let offline = [
        "--offline",
        "--api-server",
        "https://h:1",
        "--drop-in",
        "/tmp/k8s.yml",
        "--reload",
        &url,
    ];
    Monconf::prometheus(&scope, &offline).run().ok();

    // An API server is none.
    let run = refused(&scope, &["--reload", scope.cp.url()]);
    says(&run, "its certificate is not trusted here");
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.crt");
    fs::write(&ca, scope.cp.ca_pem()).unwrap();
    let plan = [
        "--drop-in",
        "/tmp/k8s.yml",
        "--prometheus-url",
        scope.cp.url(),
    ];
    let trusting = Monconf::prometheus(&scope, &plan).env("SSL_CERT_FILE", ca);
    let run = trusting.run().exit(1);
    says(&run, "it refuses access (40");
    says(&run, "hint: monconf logs in nowhere");

    let main = folder.path().join("prometheus.yml");
    fs::write(&main, MAIN).unwrap();
    let prometheus = Prometheus::without_lifecycle(&main);
    let run = refused(&scope, &["--reload", prometheus.url()]);
    says(&run, "was started without --web.enable-lifecycle");
    says(
        &run,
        "hint: start it with --web.enable-lifecycle, or name its process: --reload PID",
    );

    let run = refused(
        &scope,
        &["--reload", &format!("{}/nowhere", prometheus.url())],
    );
    says(&run, "it answers that there is no such page (404)");
    says(
        &run,
        "hint: is this a Prometheus? where it was started with --web.route-prefix",
    );

    // Nobody waits for a signal there: it would be the end of it.
    let mut sleep = Launch::new("sleep", folder.path().join("sleep.log"))
        .args(["600"])
        .attached()
        .unwrap();
    let pid = sleep.identity().pid.to_string();
    let name = format!("/proc/{pid}/comm");
    testbed::poll::until("sleep", || {
        fs::read_to_string(&name).is_ok_and(|name| name == "sleep\n")
    });
    let to = ["--reload", &pid, "--prometheus-url", prometheus.url()];
    let run = refused(&scope, &to);
    says(
        &run,
        &format!("cannot make Prometheus reload: process {pid} (sleep) does not wait for SIGHUP"),
    );
    assert!(!sleep.has_ended());
    sleep.kill();
    let run = refused(&scope, &to);
    says(&run, &format!("there is no process {pid}\nhint: "));
}

#[test]
fn a_version_that_is_too_old_for_what_would_be_written() {
    let scope = ControlPlane::shared().scope("too-old");
    let run = refused(&scope, &["--prometheus-version", "2.42.0"]);
    assert_eq!(
        run.stderr,
        "error: Prometheus 2.42.0 is too old: scrape_config_files, which a drop-in needs, came with 2.43.0\n\
         hint: write the jobs into Prometheus' own file instead: --config prometheus.yml without --drop-in\n"
    );
    let offline = |arguments: &[&str]| {
        Monconf::new(["prometheus", "--offline", "--api-server", "https://h:1"])
            .args(arguments)
            .run()
    };
    let drop_in = ["--drop-in", "/tmp/k8s.yml", "--prometheus-version"];
    offline(&[&drop_in[..], &["v2.43.0-rc.1"]].concat()).ok();
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("prometheus.yml");
    fs::write(&main, MAIN).unwrap();
    let config = ["--config", main.to_str().unwrap(), "--prometheus-version"];
    offline(&[&config[..], &["2.42.0"]].concat()).ok();
    let run = offline(&[&config[..], &["2.34.0"]].concat()).exit(1);
    says(
        &run,
        "what job apiserver needs (EndpointSlices of discovery.k8s.io/v1) came with 2.35.0\nhint: update Prometheus, or choose other jobs",
    );
    offline(&[&config[..], &["2.34.0", "--jobs", "kubelet"]].concat()).ok();

    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/own-jobs/monconf.yaml");
    let own = ["-f", own.to_str().unwrap()];
    let run = offline(&[&config[..], &["3.10.0"], &own].concat()).exit(1);
    says(
        &run,
        "what job shop needs (attach_metadata with deployment, job or cronjob) came with 3.11.0",
    );
    offline(&[&config[..], &["3.11.0"], &own].concat()).ok();
}

/// The Prometheus of the tests tells no version, and one that is too old is not built for them: this gives the answers of
/// one, by path.
fn old_prometheus(answers: Vec<(&'static str, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..length]);
            let path = request.split(' ').nth(1);
            let answer = answers.iter().find(|(known, _)| Some(*known) == path);
            let (status, body) = match answer {
                Some((_, body)) => ("200 OK", body.as_str()),
                None => ("404 Not Found", "404 page not found"),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all((head + body).as_bytes()).unwrap();
        }
    });
    url
}

fn data(data: &Value) -> String {
    json!({"status": "success", "data": data}).to_string()
}

#[test]
fn a_version_that_prometheus_tells() {
    let version = data(&json!({"version": "2.42.0"}));
    let url = old_prometheus(vec![("/api/v1/status/buildinfo", version)]);
    let scope = ControlPlane::shared().scope("too-old-asked");
    let run = refused(&scope, &["--prometheus-url", &url]);
    says(&run, "error: Prometheus 2.42.0 is too old: ");
}

#[test]
fn before_there_were_several_files_the_jobs_are_those_of_the_main_one() {
    let scope = ControlPlane::shared().scope("one-file");
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("prometheus.yml");
    fs::write(&main, "scrape_configs: []\n").unwrap();
    let config = ["--config", main.to_str().unwrap()];
    let run = Monconf::prometheus(&scope, &["--apply", "--jobs", "kubelet,cadvisor"]);
    run.args(config).run().ok();
    let running = format!(
        "scrape_configs: [{{job_name: {}-kubernetes-nodes}}]\n",
        scope.name
    );
    let url = old_prometheus(vec![
        (
            "/api/v1/status/buildinfo",
            data(&json!({"version": "2.41.0"})),
        ),
        ("/api/v1/status/config", data(&json!({"yaml": running}))),
        (
            "/metrics",
            "prometheus_config_last_reload_successful 1\n\
             prometheus_config_last_reload_success_timestamp_seconds 1.7e+09\n"
                .to_owned(),
        ),
    ]);
    let plan = ["--jobs", "kubelet,cadvisor", "--prometheus-url", &url];
    let run = Monconf::prometheus(&scope, &plan).args(config).run().ok();
    says(
        &run,
        &format!(
            "warning: Prometheus {url} does not run {}-kubernetes-cadvisor, which the files have\n",
            scope.name
        ),
    );
}

#[test]
fn what_is_no_address_process_or_version_is_a_usage_error() {
    let usage = |arguments: &[&str]| {
        let run = Monconf::new(["prometheus", "--apply"])
            .args(arguments)
            .run()
            .exit(1);
        assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
        run
    };
    let drop_in = |arguments: &[&str]| usage(&[&["--drop-in", "/tmp/k8s.yml"], arguments].concat());
    for flag in ["--reload", "--prometheus-url"] {
        let run = drop_in(&[flag, "http://jane:s3cret@127.0.0.1:9090"]);
        says(&run, &format!("error: {flag} names a user or password"));
        let run = usage(&[flag, "http://127.0.0.1:9090"]);
        says(&run, &format!("error: {flag} needs --config or --drop-in"));
    }
    for nonsense in ["0", "prometheus", "ftp://host", "http://"] {
        says(&drop_in(&["--reload", nonsense]), "hint: write it as ");
    }
    says(
        &drop_in(&["--reload", "1"]),
        "error: --reload 1 needs --prometheus-url",
    );
    says(
        &drop_in(&["--prometheus-version", "new"]),
        "error: --prometheus-version \"new\" is no version",
    );
    says(
        &usage(&["--prometheus-version", "3.0.0"]),
        "error: --prometheus-version needs --config or --drop-in",
    );
    // From a file and from the environment it is no other.
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("monconf.yaml"),
        "dropIn: k8s.yml\nreload: http://jane:s3cret@h\n",
    )
    .unwrap();
    let run = Monconf::new(["prometheus"])
        .current_dir(folder.path())
        .run()
        .exit(1);
    says(&run, "error: --reload names a user or password");
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
}
