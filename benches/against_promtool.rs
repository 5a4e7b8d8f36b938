//! A plan for a large prometheus.yml, beside promtool's check of the same file.
//!
//! `cargo bench --bench against_promtool` prints the table of `docs/performance.md`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a measuring script prints its tables and stops at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use testbed::Component;

mod measure;

use measure::{median, monconf, peak_memory, shown, timed};

const SIZES: [usize; 4] = [5_000, 20_000, 50_000, 200_000];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "| jobs | MB | monconf | promtool | promtool / monconf | memory / size, monconf | promtool |"
    );
    println!("|---|---|---|---|---|---|---|");
    for jobs in SIZES {
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, configuration(jobs)).unwrap();
        row(jobs, &file);
    }
}

fn row(jobs: usize, file: &Path) {
    let runs = if jobs > 100_000 { 5 } else { 9 };
    let ours = median(runs, || timed(&mut plan(file)));
    let theirs = median(runs, || timed(&mut check(file)));
    let size = fs::metadata(file).unwrap().len() as f64;
    let memory = |command: &mut Command| peak_memory(command) as f64 * 1024.0 / size;
    println!(
        "| {jobs} | {:.1} | {} | {} | {:.1} | {:.1} | {:.1} |",
        size / 1e6,
        shown(ours),
        shown(theirs),
        theirs.as_secs_f64() / ours.as_secs_f64(),
        memory(&mut plan(file)),
        memory(&mut check(file)),
    );
}

/// Adds three jobs, shows the diff, writes nothing.
fn plan(file: &Path) -> Command {
    let mut command = monconf(&["prometheus", "--offline"]);
    command
        .args([
            "--api-server",
            "https://kubernetes.example.com:6443",
            "--config",
        ])
        .arg(file);
    command
}

fn check(file: &Path) -> Command {
    let mut command = Command::new(Component::Prometheus.binary("promtool"));
    command.args(["check", "config", "--syntax-only"]).arg(file);
    command
}

/// Jobs as people write them, 290 bytes each.
fn configuration(jobs: usize) -> String {
    let job = |number| {
        format!(
            "  - job_name: job-{number}\n    scheme: https\n    metrics_path: /metrics\n    static_configs:\n      \
             - targets: ['host-{number}.example.com:9100']\n        labels:\n          team: platform\n    \
             relabel_configs:\n      - source_labels: [__address__]\n        target_label: instance\n        \
             action: replace\n"
        )
    };
    let jobs: String = (0..jobs).map(job).collect();
    format!("global:\n  scrape_interval: 15s\nscrape_configs:\n{jobs}")
}
