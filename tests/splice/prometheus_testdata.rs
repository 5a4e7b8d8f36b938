//! The configuration files that Prometheus tests itself with: our jobs come into each, and its verdict stays.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use testbed::Component;

use super::edit::insertion;
use crate::support::Monconf;

struct Files {
    folder: TempDir,
    names: Vec<String>,
}

impl Files {
    /// Prometheus' files twice, and the token and CA that our jobs name.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Component::prometheus_source().join("config/testdata");
        for copy in ["before", "after"] {
            copy_folder(&source, &folder.path().join(copy));
        }
        let credentials = folder.path().join("credentials");
        fs::create_dir(&credentials).unwrap();
        for file in ["token", "ca.crt"] {
            fs::write(credentials.join(file), "").unwrap();
        }
        let entries = fs::read_dir(folder.path().join("before")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "yml"))
            .collect();
        names.sort();
        Self { folder, names }
    }

    fn path(&self, copy: &str, name: &str) -> PathBuf {
        self.folder.path().join(copy).join(name)
    }

    /// The file with our jobs, or what was said against it.
    fn merge(&self, name: &str) -> Result<String, String> {
        let path = self.path("after", name);
        let credentials = self.folder.path().join("credentials");
        // Some name others of them, and no job may be in two.
        let instance: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let run = Monconf::new(["prometheus", "--offline", "-o", "config", "--name"])
            .args([&instance.to_ascii_lowercase()[..instance.len().min(40)]])
            .args(["--config"])
            .args([&path])
            .args([
                "--api-server",
                "https://kubernetes.example.com:6443",
                "--token-dir",
            ])
            .args([&credentials])
            .run();
        match run.code {
            0 => Ok(run.stdout),
            _ => Err(run.stderr),
        }
    }

    /// What promtool says of each file.
    fn verdicts(&self, copy: &str) -> Vec<String> {
        let (agents, servers): (Vec<&String>, _) = self
            .names
            .iter()
            .partition(|name| name.starts_with("agent"));
        let mut verdicts = self.check(copy, &["--agent"], &agents);
        verdicts.extend(self.check(copy, &[], &servers));
        verdicts
    }

    fn check(&self, copy: &str, flags: &[&str], names: &[&String]) -> Vec<String> {
        let said = self.path(copy, "said");
        let output = File::create(&said).unwrap();
        Command::new(Component::Prometheus.binary("promtool"))
            .args(["check", "config"])
            .args(flags)
            .args(names)
            // A file uses this variable, and a warning that it is not there would have a time.
            .env("TEST", "text")
            .current_dir(self.folder.path().join(copy))
            // One place for both, so that the order is kept.
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .status()
            .unwrap();
        let said = fs::read_to_string(said).unwrap();
        let parts = said.split("Checking ").skip(1);
        let here = format!("/{copy}/");
        let parts = parts.map(|part| part.replace(&here, "/"));
        let verdicts: Vec<String> = parts.map(|part| without_numbers(&part)).collect();
        assert_eq!(verdicts.len(), names.len(), "{said}");
        verdicts
    }
}

/// `line 7` may be another one afterwards.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split("line ");
    let mut general = parts.next().unwrap().to_owned();
    for part in parts {
        general.push_str("line ");
        general.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    general
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            // Not its mode: nobody may write to the original.
            fs::write(target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

fn first(text: &str) -> Value {
    let documents = yaml::parse(text, "file").unwrap_or_else(|error| panic!("{error}\n{text}"));
    documents.into_iter().next().unwrap_or(Value::Null)
}

/// The document without our jobs, which are the last ones.
fn without_ours(text: &str) -> Value {
    let mut document = first(text);
    let map = document.as_object_mut().unwrap();
    let jobs = map["scrape_configs"].as_array_mut().unwrap();
    let ours = text.matches("# by monconf, instance ").count();
    assert!(ours >= 2, "{text}");
    jobs.truncate(jobs.len() - ours);
    if jobs.is_empty() {
        map.shift_remove("scrape_configs");
    }
    document
}

#[test]
fn prometheus_says_of_its_own_files_what_it_said_before() {
    let files = Files::new();
    let (next, refused) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(name) = files.names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let before = fs::read_to_string(files.path("before", name)).unwrap();
                    match files.merge(name) {
                        Ok(after) => {
                            assert!(insertion(&before, &after).is_some(), "{name}:\n{after}");
                            let mut expected = first(&before);
                            if expected.is_null() {
                                expected = Value::Object(serde_json::Map::new());
                            }
                            assert_eq!(without_ours(&after), expected, "{name}:\n{after}");
                            fs::write(files.path("after", name), after).unwrap();
                        }
                        Err(said) => refused.lock().unwrap().push((name.clone(), said)),
                    }
                }
            });
        }
    });
    // Of the more than 200 files one is no valid YAML.
    let refused = refused.into_inner().unwrap();
    let [(name, said)] = refused.as_slice() else {
        panic!("{refused:?}")
    };
    assert_eq!(name, "section_key_dup.bad.yml");
    let place = format!(
        "{}:4:1: the key \"scrape_configs\" is given twice",
        files.path("after", name).display()
    );
    assert!(said.contains(&place), "{said}");
    let read = |copy| fs::read(files.path(copy, name)).unwrap();
    assert_eq!(read("before"), read("after"));

    let good = files
        .names
        .iter()
        .filter(|name| name.ends_with(".good.yml"))
        .count();
    assert!(
        good > 50 && files.names.len() > 200,
        "{good} of {}",
        files.names.len()
    );
    let (before, after) = (files.verdicts("before"), files.verdicts("after"));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    let passed = after
        .iter()
        .filter(|verdict| verdict.contains("SUCCESS"))
        .count();
    assert!(passed > 40, "{passed} pass");
}
