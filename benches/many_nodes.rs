//! `monconf verify` of five hundred nodes, beside what the latency of their answers alone would take.
//!
//! `cargo bench --bench many_nodes` prints the table of `docs/performance.md`. The kubelets are stand-ins.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a measuring script prints its tables and stops at the first surprise"
)]

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use testbed::{ControlPlane, Options, StandIn};

mod measure;

use measure::{median, monconf, peak_memory, shown, timed};

const NODES: usize = 500;
const JOBS: [&str; 2] = ["one", "two"];
const LATENCY: Duration = Duration::from_millis(50);
const SAMPLES: usize = 1_000;

fn main() {
    let cp = ControlPlane::start(Options::bare());
    let stand_in = StandIn::start(LATENCY, SAMPLES);
    for index in 0..NODES {
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{index}")},
            "status": {
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": stand_in.port()}},
            },
        });
        cp.admin().post("/api/v1/nodes", &node).unwrap();
    }
    let user = cp.user("many-nodes", &["system:masters"]);
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("monconf.yaml");
    let jobs = JOBS.map(|name| json!({"name": name, "role": "node"}));
    let text = json!({"jobs": JOBS, "ownJobs": jobs, "dropIn": "k8s.yml"}).to_string();
    fs::write(&settings, text).unwrap();
    let call = |arguments: &[&str]| {
        let mut command: Command = monconf(arguments);
        command
            .arg("--file")
            .arg(&settings)
            .env("KUBECONFIG", &user.kubeconfig);
        command
    };
    timed(&mut call(&["prometheus", "--apply"]));

    println!("| at the same time | verify | latency alone | ratio | peak memory |");
    println!("|---|---|---|---|---|");
    for at_once in [16, 64] {
        let at_once_text = at_once.to_string();
        let verify = || call(&["verify", "--nodes", "all", "--concurrency", &at_once_text]);
        let ours = median(5, || timed(&mut verify()));
        let rounds = (NODES * JOBS.len()).div_ceil(at_once);
        let floor = LATENCY * u32::try_from(rounds).unwrap();
        println!(
            "| {at_once} | {} | {} | {:.2} | {:.1} MB |",
            shown(ours),
            shown(floor),
            ours.as_secs_f64() / floor.as_secs_f64(),
            peak_memory(&mut verify()) as f64 / 1024.0,
        );
    }
}
