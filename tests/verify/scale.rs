//! Many nodes: asked some at a time, in little memory, and one that is dead keeps no other waiting.
//!
//! The kubelets are stand-ins: nothing is of interest about them but that there are five hundred.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use testbed::{ControlPlane, Options, StandIn};

use super::support::{Instance, codes, node};
use crate::support::Run;

const NODES: usize = 500;
const AT_ONCE: usize = 16;
/// In kilobytes.
const MEMORY: u64 = 64 << 10;

#[test]
fn five_hundred_nodes_are_asked_some_at_a_time() {
    let cp = ControlPlane::start(Options::bare());
    let stand_in = StandIn::start(Duration::from_millis(20), 200);
    for index in 0..NODES {
        node(&cp, &format!("node-{index:03}"), stand_in.port());
    }
    // It takes what comes, and never answers.
    let dead = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    node(&cp, "dead", dead.local_addr().unwrap().port());

    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("monconf.yaml");
    let jobs = ["one", "two"].map(|name| json!({"name": name, "role": "node"}));
    let text = json!({"jobs": ["one", "two"], "ownJobs": jobs}).to_string();
    fs::write(&settings, text).unwrap();
    let settings = settings.to_str().unwrap();
    let instance = Instance::applied(cp.scope("verify-scale"), &["--file", settings]);

    let arguments = ["--nodes", "all", "--request-timeout", "15s", "-o", "json"];
    let child = instance.call(&arguments).spawn();
    let status = format!("/proc/{}/status", child.id());
    let watch = thread::spawn(move || {
        let mut peak = 0;
        while let Some(now) = fs::read_to_string(&status)
            .ok()
            .and_then(|text| high_water(&text))
        {
            peak = now;
            thread::sleep(Duration::from_millis(10));
        }
        peak
    });
    let run = Run::of(child).exit(1);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(codes(&report), ["timeout"], "{:#}", report["causes"]);
    assert_eq!(report["causes"][0]["checks"], 2);
    let checks = report["checks"].as_array().unwrap().iter();
    let good = checks.filter(|check| check["result"] == "200 samples");
    assert_eq!(good.count(), 2 * NODES);
    let most = stand_in.most_at_once();
    assert!(
        (AT_ONCE / 2..=AT_ONCE).contains(&most),
        "{most} at the same time"
    );
    let peak = watch.join().unwrap();
    assert!(peak < MEMORY, "{peak} kB");

    // For people, what is well is one line.
    let shown = instance
        .verify(&["--nodes", "all", "--request-timeout", "15s"])
        .exit(1);
    assert!(shown.stdout.lines().count() < 40, "{}", shown.stdout);
    assert!(shown.stdout.contains("500 targets"), "{}", shown.stdout);
    // A sample is asked, and said to be one.
    let report = instance.report(&["--nodes", "5", "--request-timeout", "15s"]);
    let listed = report["checks"].as_array().unwrap().iter();
    let mut listed = listed.filter(|check| check["check"] == "list nodes");
    assert!(listed.all(|check| check["result"] == "501 targets, 5 of them asked"));
}

/// The most memory that was ever in use, in kilobytes; `None` once the process has ended.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
