//! What docs/in-cluster.md shows is what comes of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testbed::{ControlPlane, Options};

use super::lines;
use crate::support::Monconf;
use crate::support::docs::block;

const DOCS: &str = include_str!("../../docs/in-cluster.md");

/// The names of fields, in their order, also within fields.
fn shape(value: &Value) -> Vec<String> {
    let Some(fields) = value.as_object() else {
        return Vec::new();
    };
    let of = |(name, value): (&String, &Value)| {
        let within = shape(value)
            .into_iter()
            .map(move |inner| format!("{name}.{inner}"));
        std::iter::once(name.clone())
            .chain(within)
            .collect::<Vec<_>>()
    };
    fields.iter().flat_map(of).collect()
}

#[test]
fn the_lines_in_the_documentation_are_those_of_an_apply() {
    let cp = ControlPlane::start(Options::default());
    let user = cp.user("runner", &["system:masters"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result");
    let run = Monconf::new(["prometheus", "--apply", "--log-format", "json"])
        .kubeconfig(&user.kubeconfig)
        .env("MONCONF_RESULT_FILE", &file)
        .run()
        .ok();
    let result = std::fs::read_to_string(&file).unwrap();
    let (shown, rest) = DOCS
        .split_once("```json\n")
        .unwrap()
        .1
        .split_once("```")
        .unwrap();
    let [mut shown, mut result] =
        [shown, &result].map(|text| serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(shape(&shown), shape(&result));
    for value in [&mut shown, &mut result] {
        value["milliseconds"] = json!(0);
        value["token"]["expiresAt"] = json!("");
    }
    assert_eq!(result, shown);

    let mut line: Value = serde_json::from_str(block(rest, "json")).unwrap();
    let mut written = lines(&run)
        .into_iter()
        .find(|written| written["target"] == line["target"])
        .unwrap();
    assert_eq!(shape(&written), shape(&line));
    for value in [&mut line, &mut written] {
        value["time"] = json!("");
    }
    assert_eq!(written, line);
}

#[test]
fn every_variable_in_the_documentation_is_known() {
    let help = Monconf::new(["rotate", "--help"]).run().ok().stdout;
    let words = DOCS.split(|character: char| !(character.is_ascii_uppercase() || character == '_'));
    let variables: BTreeSet<&str> = words
        .filter(|word| word.starts_with("MONCONF_") && word.len() > 8)
        .collect();
    assert!(variables.len() >= 3, "{variables:?}");
    for variable in variables {
        assert!(help.contains(&format!("[env: {variable}]")), "{variable}");
    }
}

#[test]
fn the_help_tells_the_exit_codes_of_the_documentation() {
    let help = Monconf::new(["--help"]).run().ok().stdout;
    let (_, table) = DOCS.split_once("## Exit codes").unwrap();
    let codes = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    let codes = codes
        .flat_map(|(codes, _)| codes.split(", "))
        .filter(|code| code.parse::<u8>().is_ok());
    let (_, told) = help.split_once("Exit codes:").unwrap();
    let mut count = 0;
    for code in codes {
        count += 1;
        assert!(told.contains(&format!("\n  {code} ")), "{code}: {told}");
    }
    assert_eq!(count, 6);
}

/// The text of each YAML block, as it stands within something else.
fn yaml(indent: usize) -> Vec<String> {
    let blocks = DOCS.split("```yaml\n").skip(1);
    let margin = " ".repeat(indent);
    let indented = |block: &str| {
        let lines = block.split("```").next().unwrap().lines();
        let lines: Vec<String> = lines.map(|line| format!("{margin}{line}\n")).collect();
        lines.concat()
    };
    blocks.map(indented).collect()
}

#[test]
fn a_job_of_what_the_documentation_shows_is_accepted() {
    let (containers, policy) = (&yaml(6)[0], &yaml(2)[1]);
    let job = format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: rotate}}\nspec:\n{policy}  template:\n    spec:\n      restartPolicy: Never\n{containers}"
    );
    let path = "/apis/batch/v1/namespaces/default/jobs/rotate?dryRun=All&fieldManager=docs&fieldValidation=Strict";
    let kind = "application/apply-patch+yaml";
    let admin = ControlPlane::shared().admin();
    let answer = admin.send("PATCH", path, kind, job.as_bytes()).unwrap();
    assert_eq!(answer.code, 201, "{}\n{job}", answer.text);
}
