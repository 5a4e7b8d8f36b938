//! A target that redirects: the token goes to no other address, neither by `verify` nor by a consumer.

use std::fs;
use std::path::Path;

use testbed::listener::answer;
use testbed::{ControlPlane, GrafanaAgent, Listener, Options, Prometheus, Scope};

use super::support::{Instance, codes, node};
use crate::support::Monconf;

const METRICS: [&str; 1] = ["content-type: text/plain; version=0.0.4"];
/// Nobody listens there.
const WRITE: &str = "http://127.0.0.1:9/api/v1/write";

/// A node whose kubelet redirects to another listener, on the same host and without TLS.
struct Redirecting {
    cp: ControlPlane,
    kubelet: Listener,
    elsewhere: Listener,
}

impl Redirecting {
    fn start(status: &'static str) -> Self {
        let cp = ControlPlane::start(Options::bare());
        let elsewhere = Listener::http(|_| answer("200 OK", &METRICS, "up 1\n"));
        let location = format!("location: {}/metrics", elsewhere.url());
        let kubelet = Listener::https(&cp, move |_| answer(status, &[&location], ""));
        node(&cp, "redirecting", kubelet.port());
        Self {
            cp,
            kubelet,
            elsewhere,
        }
    }

    fn job(scope: &Scope) -> String {
        format!("{}-kubernetes-nodes", scope.name)
    }

    /// The token was shown to the kubelet and to nobody else.
    #[track_caller]
    fn assert_kept(&self) {
        let asked = self.kubelet.seen();
        assert!(!asked.is_empty());
        assert!(asked.iter().all(|seen| seen.authorization.is_some()));
        assert_eq!(self.elsewhere.seen(), []);
    }

    /// Whether the token has arrived where the redirect leads.
    fn is_leaked(&self) -> bool {
        let seen = self.elsewhere.seen();
        seen.iter().any(|seen| seen.authorization.is_some())
    }

    #[track_caller]
    fn wait_until_leaked(&self) {
        testbed::poll::until("the redirect is followed", || self.is_leaked());
    }
}

/// Takes the fields that keep the token out of a file.
fn follow(file: &Path, field: &str) {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.split_inclusive('\n');
    let without: String = lines.filter(|line| !line.contains(field)).collect();
    assert_ne!(text, without);
    fs::write(file, without).unwrap();
}

#[test]
fn prometheus_and_verify_keep_the_token_at_a_redirect() {
    let world = Redirecting::start("302 Found");
    let scope = world.cp.scope("redirect");
    let job = Redirecting::job(&scope);
    let instance = Instance::applied(scope, &["--jobs", "kubelet"]);
    let main = instance.path("prometheus.yml");

    let report = instance.report(&[]);
    assert_eq!(codes(&report), ["redirected"], "{report:#}");
    let checks = report["checks"].as_array().unwrap();
    let row = checks.iter().find(|row| row["cause"] == "redirected");
    assert_eq!(row.unwrap()["result"], "unknown: redirected");
    let cause = report["causes"][0]["cause"].as_str().unwrap();
    let to = format!("redirects to {}/metrics;", world.elsewhere.url());
    assert!(cause.contains(&to) && cause.ends_with("the target is not scraped."));
    instance.verify(&[]).exit(1);
    world.assert_kept();

    {
        let prometheus = Prometheus::start(&main, &[]);
        let targets = prometheus.wait_for(&job, "down");
        assert!(targets[0].last_error.contains("302"), "{targets:?}");
        world.assert_kept();
    }

    // The token would arrive: without the field Prometheus follows the redirect on the same host.
    follow(&instance.path("k8s.yml"), "follow_redirects");
    let prometheus = Prometheus::start(&main, &[]);
    prometheus.wait_for(&job, "up");
    world.wait_until_leaked();
    // verify sends it nowhere even then, and does not claim to know.
    drop(prometheus);
    let before = world.elsewhere.seen().len();
    let run = Monconf::new(["verify", "--config", main.to_str().unwrap()])
        .kubeconfig(instance.scope.kubeconfig())
        .run()
        .exit(1);
    assert!(
        run.stdout.contains("unknown: redirected")
            && run
                .stdout
                .contains("it is not known whether the target is scraped"),
        "{}",
        run.stdout
    );
    assert_eq!(world.elsewhere.seen().len(), before);
}

#[test]
fn every_status_that_redirects_is_one_for_verify() {
    for status in [
        "301 Moved Permanently",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let world = Redirecting::start(status);
        let scope = world.cp.scope("redirect-status");
        let instance = Instance::applied(scope, &["--jobs", "kubelet"]);
        let report = instance.report(&[]);
        assert_eq!(codes(&report), ["redirected"], "{status}: {report:#}");
        world.assert_kept();
    }
}

#[test]
fn a_location_that_holds_the_token_is_not_shown() {
    let cp = ControlPlane::start(Options::bare());
    let instance_token = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let shown = std::sync::Arc::clone(&instance_token);
    let kubelet = Listener::https(&cp, move |_| {
        let token = shown.lock().unwrap().clone();
        let location = format!("location: https://u:{token}@127.0.0.1:1/{token}?{token}#{token}");
        answer("302 Found", &[&location], "")
    });
    node(&cp, "echoing", kubelet.port());
    let instance = Instance::applied(cp.scope("redirect-echo"), &["--jobs", "kubelet"]);
    let token = fs::read_to_string(instance.token_file()).unwrap();
    token.trim().clone_into(&mut instance_token.lock().unwrap());
    for arguments in [&[][..], &["-o", "json"]] {
        let run = instance.verify(arguments).exit(1);
        let all = format!("{}{}", run.stdout, run.stderr);
        assert!(all.contains("redirected"), "{all}");
        for part in token.trim().split('.') {
            assert!(!all.contains(part), "{all}");
        }
    }
}

#[test]
fn grafana_agent_keeps_the_token_at_a_redirect() {
    let world = Redirecting::start("302 Found");
    let scope = world.cp.scope("redirect-agent");
    let job = Redirecting::job(&scope);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.yaml");
    let theirs = format!(
        "server: {{}}\nmetrics:\n  global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n  configs:\n  - name: theirs\n    scrape_configs: []\n    remote_write:\n    - url: {WRITE}\n"
    );
    fs::write(&file, theirs).unwrap();
    let config = file.to_str().unwrap();
    Monconf::for_consumer("grafana-agent", &scope, &["--apply", "--config", config])
        .args(["--jobs", "kubelet"])
        .run()
        .ok();
    {
        let running = GrafanaAgent::start_static(&file, &[], &[]);
        running.wait_for(&job, "down");
        world.assert_kept();
    }
    follow(&file, "follow_redirects");
    let _running = GrafanaAgent::start_static(&file, &[], &[]);
    world.wait_until_leaked();
}

#[test]
fn alloy_keeps_the_token_at_a_redirect() {
    let world = Redirecting::start("302 Found");
    let scope = world.cp.scope("redirect-alloy");
    let job = Redirecting::job(&scope);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k8s.alloy");
    let config = file.to_str().unwrap();
    let arguments = ["--apply", "--config", config, "--remote-write", WRITE];
    Monconf::for_consumer("alloy", &scope, &arguments)
        .args(["--jobs", "kubelet", "--interval", "1s"])
        .run()
        .ok();
    {
        let running = GrafanaAgent::start_flow(&file);
        running.wait_for(&job, "down");
        world.assert_kept();
    }
    follow(&file, "follow_redirects");
    let _running = GrafanaAgent::start_flow(&file);
    world.wait_until_leaked();
}
