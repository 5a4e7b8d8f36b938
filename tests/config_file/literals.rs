//! Strings that YAML or Prometheus could take for something else arrive as they are.

use std::fs;

use monconf::splice::{Entry, Splice, splice};
use serde_json::{Value, json};
use testbed::{ControlPlane, Prometheus};
use yaml::Step;

use super::Folder;
use crate::support::Monconf;

const AWKWARD: [&str; 34] = [
    "on",
    "Off",
    "yes",
    "n",
    "~",
    "null",
    "true",
    "1_000",
    "0777",
    "0x1f",
    "1e3",
    ".inf",
    "1:30",
    "2001-01-01",
    "=",
    "<<",
    "$1",
    "${X}",
    "$(Y)",
    "{{ .Z }}",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "- a",
    "a: b",
    "a #b",
    "'a'",
    "\"a\"",
    "a\\b",
    " a ",
    "?",
];

const STRANGE: [&str; 6] = [
    "a\tb",
    "a\nb",
    "\u{1b}[31m",
    "\u{2028}",
    "\u{85}",
    "\u{202e}é😀",
];

#[test]
fn prometheus_reads_every_literal_as_it_is() {
    let literals: Vec<&str> = AWKWARD.into_iter().chain(STRANGE).collect();
    let job = |literal: &str| {
        json!({
            "job_name": literal,
            "metrics_path": format!("/{literal}"),
            "authorization": {"credentials_file": format!("/nowhere/{literal}")},
            "static_configs": [{"targets": ["127.0.0.1:1"], "labels": {"awkward": literal}}],
            "kubernetes_sd_configs": [{
                "role": "pod",
                "api_server": "http://127.0.0.1:1",
                "namespaces": {"names": [literal]},
                "selectors": [],
            }],
        })
    };
    let entries: Vec<Entry> = literals
        .iter()
        .map(|literal| Entry {
            name: (*literal).to_owned(),
            value: job(literal),
        })
        .collect();
    let steps = [Step::Key("scrape_configs".to_owned())];
    let mark = monconf::mark::Mark::new("monitoring", monconf::mark::ClusterIdentity::default());
    let wanted = Splice {
        steps: &steps,
        name_key: "job_name",
        mark: &mark,
        fresh: &mark,
        entries: &entries,
        told: None,
    };
    let folder = Folder::with("global:\n  scrape_interval: 1h\n");
    let spliced = splice(&folder.text(), "file", &wanted).unwrap();
    fs::write(folder.main(), spliced.text.unwrap()).unwrap();

    let prometheus = Prometheus::start(&folder.main(), &[]);
    let running: Value = yaml::parse(&prometheus.config(), "running")
        .unwrap()
        .remove(0);
    let running = running["scrape_configs"].as_array().unwrap();
    assert_eq!(running.len(), literals.len());
    for (literal, running) in literals.iter().zip(running) {
        let wanted = job(literal);
        for pointer in [
            "/job_name",
            "/metrics_path",
            "/authorization/credentials_file",
            "/static_configs/0/labels/awkward",
            "/kubernetes_sd_configs/0/namespaces/names/0",
        ] {
            assert_eq!(
                running.pointer(pointer),
                wanted.pointer(pointer),
                "{pointer} of {literal:?}"
            );
        }
    }
}

#[test]
fn a_folder_of_a_strange_name_is_found_by_prometheus() {
    let scope = ControlPlane::shared().scope("strange-folder");
    let folder = Folder::with("global: {scrape_interval: 1h}\n");
    let strange = folder.path("on $1 ${X} {{ x }} 'q' \"d\" \\ #é");
    let (main, token_dir) = (folder.main(), strange.to_str().unwrap());
    let files = ["--config", main.to_str().unwrap(), "--token-dir", token_dir];
    Monconf::prometheus(&scope, &["--apply", "--jobs", "kubelet"])
        .args(files)
        .run()
        .ok();
    let prometheus = Prometheus::start(&main, &[]);
    let running: Value = yaml::parse(&prometheus.config(), "running")
        .unwrap()
        .remove(0);
    assert_eq!(
        running.pointer("/scrape_configs/0/authorization/credentials_file"),
        Some(&json!(strange.join("token")))
    );
}
