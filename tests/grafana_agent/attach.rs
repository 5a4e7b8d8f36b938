//! Somebody else's GrafanaAgent runs the jobs.

use serde_json::json;
use testbed::{ControlPlane, Crds, Options, Scope};

use super::{agent, monconf, path};

fn theirs(scope: &Scope, name: &str, metrics: &serde_json::Value) {
    let object = json!({
        "apiVersion": "monitoring.grafana.com/v1alpha1", "kind": "GrafanaAgent",
        "metadata": {"name": name, "namespace": scope.namespace},
        "spec": {"secrets": ["their-tls"], "metrics": metrics},
    });
    scope
        .admin()
        .post(&path(scope, "grafanaagents"), &object)
        .unwrap();
}

#[test]
fn only_an_instance_is_written_with_the_labels_that_their_agent_selects() {
    let cp = ControlPlane::start(Options {
        crds: Crds::None,
        agent_crds: true,
        ..Options::default()
    });
    let scope = cp.scope("attach");
    scope.create_namespace();
    theirs(
        &scope,
        "theirs",
        &json!({"instanceSelector": {"matchLabels": {"agent": "theirs"}}}),
    );
    let run = monconf(&scope, &["--attach", "theirs", "--apply"])
        .run()
        .ok();
    assert!(!run.stdout.contains("+ GrafanaAgent"), "{}", run.stdout);
    let note = format!(
        "run by GrafanaAgent {}/theirs (label agent=theirs)",
        scope.namespace
    );
    assert!(run.stdout.contains(&note), "{}", run.stdout);
    let patch = format!(
        "hint: GrafanaAgent {0}/theirs does not yet mount the token; whoever owns it can have it: kubectl -n {0} patch grafanaagent theirs --type merge -p '{{\"spec\":{{\"secrets\":[\"their-tls\",\"{1}-k8s-token\"]}}}}'",
        scope.namespace, scope.name
    );
    assert!(run.stderr.contains(&patch), "{}", run.stderr);
    let live = format!("{}/{}", path(&scope, "metricsinstances"), agent(&scope));
    assert_eq!(
        scope.admin().get(&live).unwrap()["metadata"]["labels"]["agent"],
        "theirs"
    );
    scope
        .admin()
        .get(&format!(
            "{}/{}",
            path(&scope, "grafanaagents"),
            agent(&scope)
        ))
        .unwrap_err();

    // With the patch nothing remains to be said.
    let change = json!({"spec": {"secrets": ["their-tls", format!("{}-k8s-token", scope.name)]}});
    let their_path = format!("{}/theirs", path(&scope, "grafanaagents"));
    scope.admin().patch_merge(&their_path, &change).unwrap();
    let run = monconf(&scope, &["--attach", "theirs"]).run().ok();
    assert!(!run.stderr.contains("hint: GrafanaAgent"), "{}", run.stderr);

    // Why it is not picked up.
    theirs(&scope, "none", &json!({}));
    let run = monconf(&scope, &["--attach", "none"]).run().ok();
    let why = format!(
        "GrafanaAgent {}/none: its instanceSelector selects nothing",
        scope.namespace
    );
    assert!(run.stderr.contains(&why), "{}", run.stderr);
    let run = monconf(&scope, &["--attach", "nobody"]).run().ok();
    assert!(
        run.stderr.contains("nobody runs the MetricsInstance"),
        "{}",
        run.stderr
    );

    // One that takes everything scrapes everything as well.
    theirs(&scope, "greedy", &json!({"instanceSelector": {}}));
    let run = monconf(&scope, &[]).run().ok();
    let twice = format!(
        "GrafanaAgent {}/greedy selects the MetricsInstance as well",
        scope.namespace
    );
    assert!(run.stderr.contains(&twice), "{}", run.stderr);
}
