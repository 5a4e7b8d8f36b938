//! Files are to the byte what they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;
use testbed::{ControlPlane, Prometheus, Scope};

use super::{remove, tree};
use crate::support::{Monconf, state};

/// Where the jobs go.
const PLACES: [&[&str]; 2] = [
    &["--config", "main.yml"],
    &["--config", "main.yml", "--drop-in", "jobs.yml"],
];

struct Case {
    scope: Scope<'static>,
    folder: tempfile::TempDir,
}

impl Case {
    fn new(test: &str) -> Self {
        let scope = ControlPlane::shared().scope(test);
        scope.create_namespace();
        let folder = tempfile::tempdir().unwrap();
        Self { scope, folder }
    }

    fn apply(&self, consumer: &str, place: &[&str]) -> i32 {
        let run = Monconf::for_consumer(consumer, &self.scope, &["--apply", "--jobs", "kubelet"])
            .args(place)
            .current_dir(self.folder.path())
            .run();
        run.code
    }

    #[track_caller]
    fn remove(&self, consumer: &str, place: &[&str]) -> String {
        let run = remove(consumer, &self.scope, &["--apply"])
            .args(place)
            .current_dir(self.folder.path())
            .run()
            .ok();
        assert_eq!(state::of(&self.scope), [] as [Value; 0]);
        run.stdout + &run.stderr
    }
}

/// Files as people write them: without the key, with nothing in it, with lists of every style and indentation, CRLF, no
/// final newline, a byte order mark, several documents.
fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/splice/corpus");
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_style_of_file_is_given_back_to_the_byte() {
    let (few, many) = (4, corpus());
    let given_back = std::sync::atomic::AtomicUsize::new(0);
    let (next, many) = (std::sync::atomic::AtomicUsize::new(0), &many);
    thread::scope(|threads| {
        for _ in 0..few {
            threads.spawn(|| {
                let case = Case::new("bytes");
                let one_more = || next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                while let Some(file) = many.get(one_more()) {
                    let name = file.file_name().unwrap().to_str().unwrap();
                    let (consumer, places) = match name.split('-').next() {
                        // A bare list is what a key of a Secret holds.
                        Some("list") => continue,
                        Some(word) if word.starts_with("agent") => ("grafana-agent", &PLACES[..1]),
                        _ => ("prometheus", &PLACES[..]),
                    };
                    for place in places {
                        fs::copy(file, case.folder.path().join("main.yml")).unwrap();
                        let before = tree(case.folder.path());
                        if case.apply(consumer, place) == 0 {
                            assert_ne!(tree(case.folder.path()), before, "{name}");
                            given_back.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        }
                        case.remove(consumer, place);
                        assert!(tree(case.folder.path()) == before, "{name} {place:?}");
                    }
                }
            });
        }
    });
    let given_back = given_back.into_inner();
    assert!(given_back > 80, "only {given_back} were changed at all");
}

#[test]
fn of_two_instances_in_one_file_each_goes_by_itself() {
    let case = Case::new("shared-file");
    let main = case.folder.path().join("main.yml");
    let by_hand = "scrape_configs: []  # none\n";
    fs::write(&main, by_hand).unwrap();
    let blue = format!("{}-blue", case.scope.name);
    let of_blue = |command: &[&str]| {
        Monconf::new(command)
            .args(["--name", &blue, "--namespace", &case.scope.namespace])
            .args(["--config", main.to_str().unwrap(), "--apply", "--yes"])
            .kubeconfig(case.scope.kubeconfig())
            .run()
            .ok()
    };
    let place = PLACES[0];
    of_blue(&["prometheus"]);
    let alone = tree(case.folder.path());
    assert_eq!(case.apply("prometheus", place), 0);
    case.remove("prometheus", place);
    assert_eq!(
        tree(case.folder.path()),
        alone,
        "the other one's are untouched"
    );
    // And the other way round: who came first goes first.
    assert_eq!(case.apply("prometheus", place), 0);
    of_blue(&["remove"]);
    case.remove("prometheus", place);
    let left = tree(case.folder.path());
    assert_eq!(left.keys().collect::<Vec<_>>(), ["main.yml"]);
    assert_eq!(left["main.yml"], by_hand.as_bytes());
}

#[test]
fn files_of_others_in_our_places_stay_and_are_told() {
    let case = Case::new("foreign-files");
    let path = |name: &str| case.folder.path().join(name);
    fs::create_dir(path("jobs-credentials")).unwrap();
    for (file, text) in [
        (
            "jobs.yml",
            "# Written by monconf, instance other: changes made here by hand are overwritten.\nscrape_configs: []\n",
        ),
        ("jobs-credentials/token", "a password of somebody"),
        ("jobs-credentials/ca.crt", "theirs"),
    ] {
        fs::write(path(file), text).unwrap();
    }
    let before = tree(case.folder.path());
    let said = case.remove("prometheus", &["--drop-in", "jobs.yml"]);
    assert_eq!(tree(case.folder.path()), before);
    assert!(
        said.contains("stays: belongs to instance other of monconf"),
        "{said}"
    );
    assert!(said.contains("stays: not written by monconf"), "{said}");
    assert!(!said.contains("password of"), "{said}");
    assert!(said.contains("Nothing to remove"), "{said}");
}

/// The token's folder goes only where monconf gave it its name and nothing is in it.
#[test]
fn the_token_s_folder_stays_where_it_was_named_or_holds_something() {
    let case = Case::new("folder");
    let place = ["--drop-in", "jobs.yml"];
    assert_eq!(case.apply("prometheus", &place), 0);
    let notes = case.folder.path().join("jobs-credentials/notes");
    fs::write(&notes, "mine").unwrap();
    case.remove("prometheus", &place);
    let left: Vec<String> = tree(case.folder.path()).into_keys().collect();
    assert_eq!(left, ["jobs-credentials/", "jobs-credentials/notes"]);
    fs::remove_file(&notes).unwrap();
    case.remove("prometheus", &place);
    assert_eq!(tree(case.folder.path()).len(), 0);

    let named = ["--drop-in", "jobs.yml", "--token-dir", "secrets"];
    fs::create_dir(case.folder.path().join("secrets")).unwrap();
    let before = tree(case.folder.path());
    assert_eq!(case.apply("prometheus", &named), 0);
    case.remove("prometheus", &named);
    assert_eq!(tree(case.folder.path()), before);
}

#[test]
fn a_file_that_cannot_be_changed_is_told_before_anything_is_revoked() {
    let case = Case::new("stuck");
    fs::write(case.folder.path().join("main.yml"), "scrape_configs: []\n").unwrap();
    assert_eq!(case.apply("prometheus", PLACES[0]), 0);
    let before = tree(case.folder.path());
    let main = case.folder.path().join("main.yml");
    let broken = fs::read_to_string(&main).unwrap() + "scrape_configs: []\n";
    fs::write(&main, &broken).unwrap();
    let run = remove("prometheus", &case.scope, &["--apply"])
        .args(PLACES[0])
        .current_dir(case.folder.path())
        .run()
        .exit(1);
    assert!(run.stderr.contains("main.yml:"), "{}", run.stderr);
    assert!(run.stderr.contains("is given twice"), "{}", run.stderr);
    assert_eq!(super::deleted(&case.scope), [] as [String; 0]);
    assert_eq!(tree(case.folder.path()).len(), before.len());
}

#[test]
fn the_job_of_somebody_that_reads_our_token_is_told() {
    let case = Case::new("bereft");
    let main = case.folder.path().join("main.yml");
    fs::write(&main, "").unwrap();
    assert_eq!(case.apply("prometheus", PLACES[0]), 0);
    let token = case
        .folder
        .path()
        .join(format!("{}-credentials/token", case.scope.name));
    let theirs = format!(
        "{}  - job_name: theirs\n    authorization: {{credentials_file: {}}}\n",
        fs::read_to_string(&main).unwrap(),
        token.display()
    );
    fs::write(&main, theirs).unwrap();
    let said = case.remove("prometheus", PLACES[0]);
    assert!(
        said.contains("reads monconf's token, which is revoked: the API server will answer 401"),
        "{said}"
    );
}

#[test]
fn the_running_prometheus_is_made_to_run_without_our_jobs() {
    let case = Case::new("running");
    let main = case.folder.path().join("main.yml");
    fs::write(
        &main,
        "scrape_configs:\n- job_name: itself\n  static_configs: [{targets: []}]\n",
    )
    .unwrap();
    let prometheus = Prometheus::start(&main, &[]);
    let has_ours =
        |config: &str| config.contains("kubernetes-nodes") || config.contains("jobs.yml");
    for place in PLACES {
        let url = prometheus.url();
        let reload = [place, &["--reload", url]].concat();
        assert_eq!(case.apply("prometheus", &reload), 0);
        assert!(has_ours(&prometheus.config()));
        let said = case.remove("prometheus", &reload);
        assert!(
            said.contains("runs the new configuration (1 job)"),
            "{said}"
        );
        assert!(!has_ours(&prometheus.config()));
    }
}
