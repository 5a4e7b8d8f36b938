//! The operator makes a configuration of it, the agent runs that, and samples arrive.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use testbed::poll::poll;
use testbed::{GrafanaAgent, Scope};

use super::{World, agent, monconf, mount};
use crate::support::Receiver;

const PATIENCE: Duration = Duration::from_mins(1);

/// What the operator generated, with the variables of one of its Pods put in.
fn rendered(world: &World, scope: &Scope, words: &str) -> String {
    let text = poll(PATIENCE, || {
        let generated = world
            .operator
            .generated_config(&scope.namespace, &agent(scope));
        generated.contains(words).then(|| {
            world
                .operator
                .rendered_config(&scope.namespace, &agent(scope))
        })
    });
    text.unwrap_or_else(|| panic!("no {words}: {}", world.operator.log()))
}

#[test]
fn the_agent_that_the_operator_configures_scrapes_everything_and_sends_it_on() {
    let Some(world) = World::shared() else { return };
    let cp = &world.cluster.cp;
    let scope = cp.scope("operated");
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start());
    let mounted = folder.path().join("mounted");
    let arguments = [
        "--apply",
        "--api-server",
        cp.url(),
        "--mount-dir",
        mounted.to_str().unwrap(),
        "--remote-write",
        &receiver.write_url(),
        "--interval",
        "1s",
    ];
    monconf(&scope, &arguments).run().ok();
    mount(&scope, &mounted);
    let config = rendered(
        world,
        &scope,
        &format!("{}-kubernetes-cadvisor", scope.name),
    );
    let file = folder.path().join("agent.yml");
    fs::write(&file, &config).unwrap();
    let running = GrafanaAgent::start_static(
        &file,
        &[
            "-config.expand-env=true",
            "-enable-features=integrations-next",
        ],
        &[],
    );
    for job in ["apiservers", "nodes", "cadvisor"] {
        let job = format!("{}-kubernetes-{job}", scope.name);
        let targets = running.wait_for(&job, "up", PATIENCE);
        assert_eq!(targets.len(), 1, "{targets:?}");
        receiver.wait_until_up(&job);
    }
    let account = format!(
        "system:serviceaccount:{}:{}-sa",
        scope.namespace, scope.name
    );
    let refused = cp
        .audit(&account)
        .into_iter()
        .filter(|event| event.code == 403);
    assert_eq!(refused.count(), 0);
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
    let config = rendered(world, &scope, "awkward");
    let file = folder.path().join("agent.yml");
    fs::write(&file, &config).unwrap();
    let running = GrafanaAgent::start_static(
        &file,
        &[
            "-config.expand-env=true",
            "-config.enable-read-api",
            "-enable-features=integrations-next",
        ],
        &[("HOME", "/nowhere")],
    );
    let replacements = |text: &str| -> Vec<Value> {
        let document = monconf::yaml::parse(text, "text").unwrap().remove(0);
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
    let mounted = folder.path().join("mounted");
    let arguments = [
        "--apply",
        "--shards",
        "2",
        "--api-server",
        world.cluster.cp.url(),
        "--mount-dir",
        mounted.to_str().unwrap(),
    ];
    monconf(&scope, &arguments).run().ok();
    mount(&scope, &mounted);
    let config = world
        .operator
        .generated_config(&scope.namespace, &agent(&scope));
    assert!(config.contains("$(SHARDS)"), "{config}");
    let targets = |shard: &str| -> BTreeSet<String> {
        let text = rendered(world, &scope, "kubernetes-cadvisor");
        // The other shard's Pod differs in this variable alone.
        let text = text
            .replace("regex: \"0\"", &format!("regex: \"{shard}\""))
            .replace("regex: 0", &format!("regex: {shard}"));
        let file = folder.path().join(format!("agent-{shard}.yml"));
        fs::write(&file, text).unwrap();
        let running = GrafanaAgent::start_static(
            &file,
            &[
                "-config.expand-env=true",
                "-enable-features=integrations-next",
            ],
            &[],
        );
        // Those that are dropped are never told: look until nothing more has come for a while.
        std::thread::sleep(Duration::from_secs(12));
        running
            .targets()
            .iter()
            .map(|target| format!("{} {}", target.job, target.scrape_url))
            .collect()
    };
    let (first, second) = (targets("0"), targets("1"));
    assert!(first.is_disjoint(&second), "{first:?} {second:?}");
    assert_eq!(first.len() + second.len(), 3, "{first:?} {second:?}");
}
