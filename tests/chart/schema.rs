//! What the schema of the values says is what the program knows.

use promconf::ACTIONS;
use std::collections::BTreeSet;
use std::fs;

use clap::{Args, Command};
use monconf::job::{Attachment, Authority, Role};
use monconf::spec::{Consumer, Settings};
use serde_json::{Value, json};
use testbed::Helm;

use super::rendered::{NAMESPACE, run};
use super::value_sets::{SETS, values};
use super::{CHART, camel_case};

fn schema() -> Value {
    let text = fs::read_to_string(format!("{CHART}/values.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn keys(schema: &Value) -> BTreeSet<String> {
    schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

/// Those that a Pod has no use for are among them, with what the chart says about each.
#[test]
fn every_setting_is_known() {
    let command = Settings::augment_args(Command::new("settings"));
    let fields = command
        .get_arguments()
        .map(|flag| flag.get_id().as_str().to_owned());
    let mut settings: BTreeSet<String> = fields.map(|field| camel_case(&field)).collect();
    settings.insert("ownJobs".to_owned());
    let config = &schema()["properties"]["config"];
    assert_eq!(keys(config), settings);

    let elsewhere = [
        "agentConfig",
        "backup",
        "config",
        "dropIn",
        "existingAccess",
        "prometheusUrl",
        "prometheusVersion",
        "reload",
        "rulesFile",
        "templates",
        "tokenDir",
        "tokenOwner",
    ];
    let refused: Vec<&String> = config["properties"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| {
            value["description"]
                .as_str()
                .unwrap()
                .ends_with("the chart refuses it")
        })
        .map(|(key, _)| key)
        .collect();
    assert_eq!(
        BTreeSet::from_iter(refused),
        elsewhere.map(str::to_owned).iter().collect()
    );
    for key in elsewhere {
        let values = format!("config: {{{key}: x}}");
        let output = run(Helm::V4, &["template", "demo", CHART], &values);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(&format!("config.{key}: ")), "{errors}");
    }
}

#[test]
fn every_word_of_a_list_is_one_of_the_program_s() {
    let schema = schema();
    let config = &schema["properties"]["config"]["properties"];
    let job = &config["ownJobs"]["items"]["properties"];
    let mut formats: Vec<&str> = Vec::new();
    for format in Consumer::ALL.into_iter().flat_map(Consumer::formats) {
        if !formats.contains(format) {
            formats.push(format);
        }
    }
    let step = &schema["definitions"]["relabelling"]["items"]["properties"];
    for (words, expected) in [
        (
            &schema["properties"]["consumer"],
            json!(Consumer::ALL.map(Consumer::name)),
        ),
        (&config["format"], json!(formats)),
        (&job["role"], json!(Role::ALL.map(Role::name))),
        (
            &job["selectors"]["items"]["properties"]["role"],
            json!(Role::ALL.map(Role::name)),
        ),
        (
            &job["attachMetadata"]["items"],
            json!(Attachment::ALL.map(Attachment::name)),
        ),
        (
            &job["authority"],
            json!(Authority::NAMED.map(|(name, _)| name)),
        ),
        (&step["action"], json!(ACTIONS)),
    ] {
        assert_eq!(words["enum"], expected);
    }
}

#[test]
fn every_value_is_in_the_schema_with_a_description_and_nothing_else_is() {
    let schema = schema();
    let text = fs::read_to_string(format!("{CHART}/values.yaml")).unwrap();
    let values = yaml::parse(&text, "values.yaml").unwrap().remove(0);
    let known = |values: &Value| -> BTreeSet<String> {
        values.as_object().unwrap().keys().cloned().collect()
    };
    let mut expected = known(&values);
    expected.insert("global".to_owned());
    assert_eq!(keys(&schema), expected);
    for group in ["image", "hook", "rotation", "test", "resources", "pod"] {
        assert_eq!(
            keys(&schema["properties"][group]),
            known(&values[group]),
            "{group}"
        );
    }
    each(&schema, "", &mut |at, node| {
        let is_closed = node["type"] == "object" && node["properties"].is_object();
        assert!(
            !is_closed || node["additionalProperties"] == false,
            "{at} is open"
        );
        for (key, property) in node["properties"].as_object().into_iter().flatten() {
            assert!(
                property["description"].is_string(),
                "{at}/{key} has no description"
            );
        }
    });
}

fn each(node: &Value, at: &str, visit: &mut impl FnMut(&str, &Value)) {
    if let Some(map) = node.as_object() {
        visit(at, node);
        for (key, value) in map {
            each(value, &format!("{at}/{key}"), visit);
        }
    }
}

#[test]
fn the_chart_passes_its_own_schema_and_strict_lint() {
    for helm in Helm::ALL {
        for set in &SETS {
            let lint = ["lint", "--strict", "--namespace", NAMESPACE, CHART];
            let output = run(helm, &lint, &values(set));
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{helm:?} {set:?}: {text}");
        }
    }
}

#[test]
fn the_chart_is_of_the_program_s_version() {
    let text = fs::read_to_string(format!("{CHART}/Chart.yaml")).unwrap();
    let chart = yaml::parse(&text, "Chart.yaml").unwrap().remove(0);
    for key in ["version", "appVersion"] {
        assert_eq!(chart[key], env!("CARGO_PKG_VERSION"), "{key}");
    }
}
