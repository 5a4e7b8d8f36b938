//! What a killed run has left is removed by the next one, and what another run still writes is not.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use testbed::{ControlPlane, Strace};

use super::{apply, files};
use crate::support::{Monconf, Run};

const TOKEN: &str = "k8s-credentials/token";

/// The drafts in a folder of token and CA.
fn drafts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("k8s-credentials"));
    let paths = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let is_draft = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .contains(".monconf-")
    };
    paths.filter(is_draft).collect()
}

#[test]
fn the_token_of_a_killed_run_goes_although_nothing_else_changes() {
    let scope = ControlPlane::shared().scope("killed-draft");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    apply(&scope, &drop_in, &[]).run().ok();
    let before = files(folder.path());

    // Killed as the new token is to take the old one's place.
    let Some(strace) = Strace::new(&["renameat"]) else {
        return;
    };
    let strace = strace.inject("renameat", Some(1), "signal=SIGKILL");
    let launcher = strace.launcher();
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    let killed = apply(&scope, &drop_in, &["--duration", "30d"]).under(&launcher);
    assert_eq!(killed.run().code, -1);
    let left = drafts(folder.path());
    let [left] = left.as_slice() else {
        panic!("{left:?}")
    };
    let file = fs::metadata(left).unwrap();
    assert_eq!(file.mode() & 0o777, 0o600);
    assert!(file.len() > 100, "a whole token");

    // The old token still is as it was asked for: the draft is all that there is to do.
    let other = left.with_file_name(".token.monconf-mine");
    fs::write(&other, "of somebody").unwrap();
    let arguments = ["--drop-in", drop_in.to_str().unwrap()];
    let planned = Monconf::prometheus(&scope, &arguments).run().ok();
    let line = format!(
        "{}  temporary file of a run that was killed",
        left.display()
    );
    assert!(planned.stdout.contains(&line), "{}", planned.stdout);
    assert!(left.exists());
    apply(&scope, &drop_in, &[]).run().ok();
    assert!(!left.exists() && other.exists());
    fs::remove_file(other).unwrap();
    assert_eq!(files(folder.path()), before);
    let again = apply(&scope, &drop_in, &[]).run().ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
}

#[test]
fn what_a_run_still_writes_stays() {
    let scope = ControlPlane::shared().scope("live-draft");
    let folder = tempfile::tempdir().unwrap();
    let drop_in = folder.path().join("k8s.yml");
    apply(&scope, &drop_in, &[]).run().ok();

    // A run stands still with its new token on the way to the disk.
    let Some(strace) = Strace::new(&["fsync"]) else {
        return;
    };
    let strace = strace.inject("fsync", Some(1), "delay_enter=15s");
    let launcher = strace.launcher();
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    let live = apply(&scope, &drop_in, &["--duration", "30d"]).under(&launcher);
    let live = live.spawn();
    let full = || {
        let mut drafts = drafts(folder.path()).into_iter();
        drafts.find(|draft| fs::metadata(draft).is_ok_and(|draft| draft.len() > 100))
    };
    testbed::poll::until("a draft", || full().is_some());
    let draft = full().unwrap();
    let arguments = ["--drop-in", drop_in.to_str().unwrap()];
    let planned = Monconf::prometheus(&scope, &arguments).run().ok();
    assert!(
        !planned.stdout.contains("temporary file"),
        "{}",
        planned.stdout
    );
    // Whether the other one is still at it or is done: it has lost nothing.
    assert!(draft.exists() || full().is_none());
    Run::of(live).ok();
    assert!(drafts(folder.path()).is_empty());
    assert!(fs::metadata(folder.path().join(TOKEN)).unwrap().len() > 100);
}
