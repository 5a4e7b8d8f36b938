//! monconf beside the same procedure with kubectl, on the same control plane.
//!
//! `cargo bench --bench against_kubectl` prints the tables of `docs/performance.md`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a measuring script prints its tables and stops at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use testbed::{Component, ControlPlane, LatencyRelay};

mod measure;

use measure::{median, middle, monconf, peak_memory, shown, timed};

const RUNS: usize = 7;
const RTT: Duration = Duration::from_millis(100);

fn main() {
    let cp = ControlPlane::shared();
    let user = cp.user("bench", &["system:masters"]);
    program();
    println!("| round trip | run | monconf | kubectl | kubectl / monconf |");
    println!("|---|---|---|---|---|");
    let near = Place {
        kubeconfig: user.kubeconfig.clone(),
        prefix: "near",
        words: "0 ms",
    };
    near.compare();
    let relay = cp.latency(RTT);
    let far = Place {
        kubeconfig: user.via(&relay.url()),
        prefix: "far",
        words: "100 ms",
    };
    let unchanged = far.compare();
    let floor = floor(cp, &relay);
    println!();
    println!(
        "Floor at 100 ms (TCP, TLS, one request): {}; monconf without a change: {:.2} times that.",
        shown(floor),
        unchanged.as_secs_f64() / floor.as_secs_f64()
    );
}

/// What does not need a cluster: start-up and size.
fn program() {
    let start = median(51, || timed(&mut monconf(&["--version"])));
    let size = fs::metadata(env!("CARGO_BIN_EXE_monconf")).unwrap().len();
    println!(
        "Start-up (`--version`): {}; binary: {:.1} MB.",
        shown(start),
        size as f64 / 1e6
    );
    println!();
}

struct Place {
    kubeconfig: PathBuf,
    prefix: &'static str,
    words: &'static str,
}

impl Place {
    /// Cold and without a change, alternating between the two; returns monconf's time without a change.
    fn compare(&self) -> Duration {
        let name = |run: usize| format!("{}-{run}", self.prefix);
        let mut cold = (Vec::new(), Vec::new());
        for run in 0..RUNS {
            cold.0.push(timed(&mut self.monconf(&name(run))));
            cold.1.push(timed(&mut self.kubectl(&name(run))));
        }
        let mut unchanged = (Vec::new(), Vec::new());
        for run in 0..RUNS {
            unchanged.0.push(timed(&mut self.monconf(&name(run))));
            unchanged.1.push(timed(&mut self.kubectl(&name(run))));
        }
        self.row("cold", &mut cold);
        self.row("no change", &mut unchanged);
        let peak = (0..3)
            .map(|_| peak_memory(&mut self.monconf(&name(0))))
            .max()
            .unwrap();
        println!(
            "| {} | peak memory of monconf | {:.1} MB | | |",
            self.words,
            peak as f64 / 1e3
        );
        middle(&mut unchanged.0)
    }

    fn row(&self, what: &str, (ours, theirs): &mut (Vec<Duration>, Vec<Duration>)) {
        let (ours, theirs) = (middle(ours), middle(theirs));
        println!(
            "| {} | {what} | {} | {} | {:.1} |",
            self.words,
            shown(ours),
            shown(theirs),
            theirs.as_secs_f64() / ours.as_secs_f64()
        );
    }

    fn monconf(&self, name: &str) -> Command {
        let namespace = format!("monconf-{name}");
        let mut command = monconf(&[
            "prometheus",
            "--apply",
            "--name",
            name,
            "--namespace",
            &namespace,
        ]);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }

    /// The tutorial's procedure, and the token Secret that it leaves to the reader.
    fn kubectl(&self, name: &str) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/with_kubectl.sh");
        let mut command = Command::new("bash");
        command
            .arg(script)
            .env("KUBECTL", Component::Kubernetes.binary("kubectl"))
            .env("KUBECONFIG", &self.kubeconfig)
            .env("NAMESPACE", format!("kubectl-{name}"))
            .env("NAME", format!("kubectl-{name}"));
        command
    }
}

/// One request over a connection of its own: nothing that asks the API server anything can be faster.
fn floor(cp: &ControlPlane, relay: &LatencyRelay) -> Duration {
    let mut run = 0;
    median(RUNS, || {
        run += 1;
        let user = cp.user(&format!("floor-{run}"), &["system:masters"]);
        let client = user.client().via(&relay.url());
        let start = Instant::now();
        client.send("GET", "/version", "", &[]).unwrap();
        start.elapsed()
    })
}
