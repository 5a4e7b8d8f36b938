//! The operator makes a configuration of it, the agent runs that, and samples arrive.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use testbed::{GrafanaAgent, poll};

use super::{World, agent, apply_outside, monconf, start};
use crate::support::Receiver;
use crate::support::rights::refused;

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9/api/v1/write";

#[test]
fn the_agent_that_the_operator_configures_scrapes_everything_and_sends_it_on() {
    let Some(world) = World::shared() else { return };
    let scope = world.cluster.cp.scope("operated");
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start());
    apply_outside(&scope, folder.path(), &receiver.write_url(), &[]);
    let last = format!("{}-kubernetes-cadvisor", scope.name);
    let config = world.rendered(&scope, &last);
    let running = start(folder.path(), &config, &[], &[]);
    receiver.wait_for_default_jobs(&running, &scope);
    assert!(refused(&scope).is_empty(), "{:#?}", refused(&scope));
}

/// A job with everything in it that something on the way could take for something else.
fn awkward() -> String {
    let steps = [
        "'$1 ${2} $$ ${HOME} $HOME'",
        "'back\\slash \"and\" ''quotes'''",
        "'ünïcode \u{2028} {{ x }} %d'",
    ]
    .map(|text| format!("      - {{action: replace, targetLabel: t, replacement: {text}}}\n"));
    format!(
        "ownJobs:\n  - name: awkward\n    role: node\n    relabelling:\n{}",
        steps.concat()
    )
}

#[test]
fn every_text_arrives_as_it_is() {
    let Some(world) = World::shared() else { return };
    let scope = world.cluster.cp.scope("literal");
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("monconf.yaml");
    fs::write(&settings, awkward()).unwrap();
    let arguments = [
        "--apply",
        "--jobs",
        "awkward",
        "-f",
        settings.to_str().unwrap(),
    ];
    let planned = monconf(
        &scope,
        &[
            "--jobs",
            "awkward",
            "-f",
            settings.to_str().unwrap(),
            "--offline",
            "--format",
            "static",
        ],
    )
    .run()
    .ok();
    monconf(&scope, &arguments).run().ok();
    let config = world.rendered(&scope, "awkward");
    let running = start(
        folder.path(),
        &config,
        &["-config.enable-read-api"],
        &[("HOME", "/nowhere")],
    );
    let replacements = |text: &str| -> Vec<Value> {
        let document = yaml::parse(text, "text").unwrap().remove(0);
        let found = document.pointer("/metrics/configs/0/scrape_configs/0/relabel_configs");
        let steps = found
            .and_then(Value::as_array)
            .unwrap_or_else(|| panic!("{text}"));
        steps
            .iter()
            .filter(|step| step["target_label"] == "t")
            .map(|step| step["replacement"].clone())
            .collect()
    };
    let read = running.config();
    assert_eq!(
        replacements(&read),
        replacements(&planned.stdout),
        "{config}"
    );
    assert_eq!(replacements(&read).len(), 3);

    // Its reloader has no way to say this one.
    fs::write(&settings, awkward().replace("$HOME", "$(HOME)")).unwrap();
    let run = monconf(&scope, &arguments).run().exit(1);
    assert!(
        run.stderr.contains("for a variable of the agent's Pods"),
        "{}",
        run.stderr
    );
}

#[test]
fn of_two_shards_each_target_is_scraped_by_one() {
    let Some(world) = World::shared() else { return };
    let scope = world.cluster.cp.scope("shards");
    // Many targets for little: every endpoint of every Service would do, and so do addresses that nobody has.
    let folder = tempfile::tempdir().unwrap();
    apply_outside(&scope, folder.path(), NOWHERE, &["--shards", "2"]);
    let config = world
        .operator
        .generated_config(&scope.namespace, &agent(&scope));
    assert!(config.contains("$(SHARDS)"), "{config}");
    let started = |shard: &str| {
        let text = world.rendered(&scope, "kubernetes-cadvisor");
        // The other shard's Pod differs in this variable alone.
        let text = text
            .replace("regex: \"0\"", &format!("regex: \"{shard}\""))
            .replace("regex: 0", &format!("regex: {shard}"));
        start(folder.path(), &text, &[], &[])
    };
    let targets = |shard: &GrafanaAgent| -> BTreeSet<String> {
        let targets = shard.targets().into_iter();
        targets
            .map(|target| format!("{} {}", target.job, target.scrape_url))
            .collect()
    };
    let shards = [started("0"), started("1")];
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    // A target that is dropped is not listed: both shards are done when each target is listed by one of them.
    poll::until("each target is scraped", || {
        seen = shards.each_ref().map(targets);
        seen[0].union(&seen[1]).count() >= 3
    });
    let [first, second] = &seen;
    assert!(first.is_disjoint(second), "{first:?} {second:?}");
    assert_eq!(first.len() + second.len(), 3, "{first:?} {second:?}");
}
