//! The agent's own configuration file: on standard output, and among the jobs of somebody else.

use std::fs;

use testbed::GrafanaAgent;

use super::{World, apply_outside, monconf};
use crate::support::Receiver;

const THEIRS: &str = "server: {}  # theirs\nmetrics:\n  global:\n    scrape_interval: 1s\n    scrape_timeout: 1s\n  configs:\n  - name: theirs\n    scrape_configs: []  # none yet\n    remote_write:\n    - url: URL\n";

#[test]
fn jobs_in_the_file_of_an_agent_outside_the_cluster_are_scraped_and_sent_on() {
    let Some(world) = World::shared() else { return };
    let scope = world.cluster.cp.scope("static");
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start());
    let file = folder.path().join("agent.yaml");
    let theirs = THEIRS.replace("URL", &receiver.write_url());
    fs::write(&file, &theirs).unwrap();
    let arguments = ["--apply", "--config", file.to_str().unwrap()];
    let run = monconf(&scope, &arguments).run().ok();
    assert!(run.stdout.contains("adds 3 jobs"), "{}", run.stdout);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("server: {}  # theirs\n"), "{text}");
    let run = monconf(&scope, &arguments)
        .args(["--detailed-exitcode"])
        .run()
        .ok();
    assert!(run.stdout.contains("/agent.yaml   "), "{}", run.stdout);
    assert!(!run.stdout.contains("adds"), "{}", run.stdout);

    let running = GrafanaAgent::start_static(&file, &[], &[]);
    receiver.wait_for_default_jobs(&running, &scope);
}

#[test]
fn of_several_configs_one_is_named() {
    let Some(world) = World::shared() else { return };
    let scope = world.cluster.cp.scope("several");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.yaml");
    let two = "metrics:\n  configs:\n  - name: a\n  - name: b\n    scrape_configs:\n    - job_name: theirs\n";
    fs::write(&file, two).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let run = monconf(&scope, &config).run().exit(1);
    assert!(
        run.stderr
            .contains("metrics.configs has a, b, and it is not said which is meant"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("--agent-config CONFIG"),
        "{}",
        run.stderr
    );
    let run = monconf(&scope, &config)
        .args(["--agent-config", "b", "--apply"])
        .run()
        .ok();
    assert!(run.stdout.contains("adds 3 jobs"), "{}", run.stdout);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(two), "{text}");
    fs::write(&file, "scrape_configs: []\n").unwrap();
    let run = monconf(&scope, &config)
        .args(["--agent-config", "b"])
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("this is no agent's configuration"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_whole_configuration_is_printed() {
    let Some(world) = World::shared() else { return };
    let scope = world.cluster.cp.scope("printed");
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start());
    let write = receiver.write_url();
    let run = apply_outside(&scope, folder.path(), &write, &["--format", "static"]);
    let file = folder.path().join("agent.yaml");
    fs::write(&file, &run.stdout).unwrap();
    let running = GrafanaAgent::start_static(&file, &[], &[]);
    receiver.wait_for_default_jobs(&running, &scope);
}
