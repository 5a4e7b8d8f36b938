//! What docs/grafana.md and docs/translate.md show of Alloy is what the program prints.

use std::collections::BTreeSet;

use serde_json::json;

use super::translate::{JOBS, SELECTORS, control_plane, create, is_formatted};
use crate::support::Monconf;
use crate::support::docs::{block, command, is_printed};

const GRAFANA: &str = include_str!("../../docs/grafana.md");
const TRANSLATE: &str = include_str!("../../docs/translate.md");

#[test]
fn the_pipeline_in_the_documentation_is_the_one_that_is_printed() {
    let arguments = command(GRAFANA, "monconf alloy --remote-write ");
    let printed = Monconf::new(arguments).args(["--offline"]).run().ok();
    is_printed(block(GRAFANA, "alloy"), &printed.stdout);
}

/// The command of docs/translate.md, by somebody who may do what it says; the components of its table are written.
#[test]
fn the_translation_in_the_documentation_needs_no_more_rights_and_has_those_components() {
    let cp = control_plane();
    let mut scope = cp.scope("documented");
    scope.namespace = "monitoring".to_owned();
    create(&scope, SELECTORS);
    let user = cp.limited_user(
        "documented",
        &json!([
            {"apiGroups": ["monitoring.grafana.com"], "resources": ["metricsinstances"], "resourceNames": ["primary"], "verbs": ["get"]},
            {"apiGroups": ["monitoring.grafana.com"], "resources": ["grafanaagents"], "verbs": ["list"]},
            {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": ["monitoring"], "verbs": ["get"]},
        ]),
    );
    let shown = block(TRANSLATE, "console");
    let (shown, redirected) = shown.trim().split_once(" > ").unwrap();
    assert_eq!(redirected, "primary.alloy");
    let arguments = shown.strip_prefix("$ monconf ").unwrap().split(' ');
    let printed = Monconf::new(arguments).kubeconfig(&user.kubeconfig).run();
    let mut written = printed.ok().stdout;
    is_formatted(&written);

    let others = cp.scope("documented-jobs");
    create(&others, JOBS);
    let of = format!("{}/own-jobs", others.namespace);
    let run =
        Monconf::new(["alloy", "--from-metricsinstance", &of]).kubeconfig(others.kubeconfig());
    written += &run.run().ok().stdout;
    let rows = TRANSLATE.lines().filter(|line| line.starts_with("| "));
    let components: BTreeSet<&str> = rows
        .flat_map(|row| {
            row.rsplit("| ")
                .next()
                .unwrap()
                .split('`')
                .skip(1)
                .step_by(2)
        })
        .map(|name| name.strip_prefix('.').unwrap_or(name))
        .collect();
    assert!(components.len() > 8, "{components:?}");
    for component in components {
        assert!(written.contains(component), "{component}\n{written}");
    }
}

#[test]
fn every_command_and_every_flag_in_the_documentation_exists() {
    let help = ["grafana-agent", "alloy"].map(|consumer| {
        let run = Monconf::new([consumer, "--help"]).run();
        run.ok().stdout
    });
    let text = [GRAFANA, TRANSLATE].concat();
    let spans = text.split('`').filter(|span| span.contains("--"));
    let flags: BTreeSet<&str> = spans
        .flat_map(str::split_whitespace)
        .filter(|word| word.starts_with("--"))
        .map(|word| word.trim_end_matches(|end: char| !end.is_ascii_alphabetic()))
        .collect();
    assert!(flags.len() > 12, "{flags:?}");
    for flag in flags {
        let mut words = help.iter().flat_map(|help| help.split(['[', ' ', '\n']));
        assert!(words.any(|word| word == flag), "{flag}");
    }
}
