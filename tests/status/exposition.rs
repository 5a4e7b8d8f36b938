//! The metrics, as Prometheus reads them.

use std::collections::BTreeSet;
use std::fs;

use monconf::status::documented;
use testbed::{ControlPlane, promtool_check_metrics};

use super::status;
use crate::support::Monconf;

const DOCUMENT: &str = include_str!("../../docs/status.md");

#[test]
fn promtool_accepts_the_metrics_and_they_are_those_of_the_documentation() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("status-metrics");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let text = status(&scope, &["-o", "prometheus"]).ok().stdout;
    promtool_check_metrics(&text).unwrap();

    let names: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" gauge"))
        .collect();
    let known: BTreeSet<&str> = documented().map(|(name, _)| name).collect();
    assert_eq!(names, known);
    let rows = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| `monconf_")?.split_once('`'));
    let in_document: BTreeSet<String> = rows.map(|(name, _)| format!("monconf_{name}")).collect();
    assert_eq!(
        in_document,
        known.iter().map(|name| (*name).to_owned()).collect()
    );

    let account = format!(r#"service_account="{}/{}-sa""#, scope.namespace, scope.name);
    let own: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(&account))
        .collect();
    assert_eq!(own.len(), known.len() - 1, "{own:#?}");
    assert!(own.iter().any(|line| line.ends_with("} 7776000")
        && line.starts_with("monconf_token_requested_seconds{context=\"")));
    assert!(
        own.iter()
            .any(|line| line.starts_with("monconf_token_valid{") && line.ends_with(" 1"))
    );
}

#[test]
fn the_file_for_the_textfile_collector_is_replaced_whole() {
    let scope = ControlPlane::shared().scope("status-textfile");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monconf.prom");
    let first =
        "# Written by monconf, instance *: changes made here by hand are overwritten.\nold 1\n";
    fs::write(&file, first).unwrap();
    let arguments = ["-o", "prometheus", "--output-file", file.to_str().unwrap()];
    let run = status(&scope, &arguments).ok();
    assert_eq!(run.stdout, "");
    let text = fs::read_to_string(&file).unwrap();
    promtool_check_metrics(&text).unwrap();
    assert!(!text.contains("old 1"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let wrong = status(&scope, &["--output-file", file.to_str().unwrap()]).exit(1);
    assert!(
        wrong.stderr.contains("hint: add -o prometheus"),
        "{}",
        wrong.stderr
    );
}
