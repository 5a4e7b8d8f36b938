//! `--with-alerts` and `--rules-file`: what is written, who reads it, and when the alerts fire.

mod firing;
mod rules;
mod written;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Monconf;

/// The rules of the default instance, as a file.
fn rules_in(folder: &Path) -> PathBuf {
    let run = Monconf::new(["prometheus", "--offline", "--format", "operator"])
        .args(["--with-alerts", "-o", "yaml"])
        .run()
        .ok();
    let objects = yaml::parse(&run.stdout, "stdout").unwrap();
    let rule: &Value = objects
        .iter()
        .find(|object| object["kind"] == "PrometheusRule")
        .unwrap();
    let path = folder.join("rules.yml");
    std::fs::write(&path, rule["spec"].to_string()).unwrap();
    path
}
