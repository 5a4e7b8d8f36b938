//! What somebody writes while monconf is at work is not lost.

use std::fs;
use std::path::Path;

use testbed::{ControlPlane, Strace};

use crate::support::{Monconf, Run};

#[test]
fn a_line_that_is_written_meanwhile_stays() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("meanwhile");
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("prometheus.yml");
    fs::write(&main, "global: {}\n").unwrap();
    let monconf = |interval: &str| {
        let main = main.to_str().unwrap();
        let arguments = ["--apply", "--config", main, "--interval", interval];
        Monconf::prometheus(&scope, &arguments)
    };
    monconf("30s").run().ok();

    // The new file waits on its way to the disk, long enough for somebody to save the old one.
    let Some(strace) = Strace::new(&["fsync"]) else {
        return;
    };
    let strace = strace.inject("fsync", None, "delay_enter=1s");
    let launcher = strace.launcher();
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    let child = monconf("45s").under(&launcher).spawn();
    testbed::poll::until("a new file is under way", || is_under_way(folder.path()));
    let seen = fs::read_to_string(&main).unwrap();
    let theirs = seen.replace(
        "global: {}\n",
        "global: {scrape_interval: 1m}  # saved now\n",
    );
    fs::write(&main, &theirs).unwrap();
    let run = Run::of(child).ok();

    let note = format!(
        "file {} changed in the meantime; planning again\n",
        main.display()
    );
    assert!(run.stderr.contains(&note), "{}", run.stderr);
    let text = fs::read_to_string(&main).unwrap();
    assert_eq!(text, theirs.replace("30s", "45s"));
    assert!(!is_under_way(folder.path()));
}

/// With content, which the empty file of the check before has not.
fn is_under_way(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let name = entry.file_name();
        let is_draft = name
            .to_string_lossy()
            .starts_with(".prometheus.yml.monconf-");
        is_draft && entry.metadata().is_ok_and(|file| file.len() > 0)
    })
}
