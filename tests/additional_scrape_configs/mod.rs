//! Jobs in a key of a Secret that everybody shares: only monconf's own lines of it change.

mod hints;
mod making;
mod operator;
mod refusals;
mod writing;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use crate::support::{Monconf, token};

/// As somebody keeps it: with comments, quotes of both kinds, and a secret.
const BY_HAND: &str = "# jobs that no monitor can say\n\
- job_name: \"node\"\n  static_configs: &here\n  - targets: ['localhost:9100']   # here\n\n\
- job_name: other\n  static_configs: *here\n  basic_auth:\n    username: jane\n    password: correct-horse-battery\n\n\
# end of jobs\n";

/// A call that writes to the key `jobs.yaml` of the Secret `more` in the instance's namespace.
fn monconf(scope: &Scope, arguments: &[&str]) -> Monconf {
    Monconf::prometheus(scope, &["--additional-scrape-configs", "more:jobs.yaml"]).args(arguments)
}

fn path(scope: &Scope) -> String {
    format!("/api/v1/namespaces/{}/secrets/more", scope.namespace)
}

fn live(scope: &Scope) -> Value {
    scope.admin().get(&path(scope)).unwrap()
}

fn text(scope: &Scope) -> String {
    token::decoded(&live(scope), "jobs.yaml")
}

/// The Secret as somebody else made it, with something of their own in it.
fn made_by_hand(scope: &Scope, text: &str) {
    scope.create_namespace();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "more", "labels": {"team": "infra"}, "annotations": {"why": "jobs"}},
        "stringData": {"jobs.yaml": text, "other.yaml": "[]"},
    });
    let secrets = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    scope.admin().post(&secrets, &secret).unwrap();
}

/// Puts another text into the key, as somebody else.
fn rewrite(scope: &Scope, text: &str) {
    let change = json!({"data": {"jobs.yaml": STANDARD.encode(text)}});
    scope.admin().patch_merge(&path(scope), &change).unwrap();
}

/// Requests of the test's user that were meant to write something.
fn writes(scope: &Scope) -> Vec<String> {
    let events = scope.cp.audit(&scope.user.name);
    let writes = events.iter().filter(|event| event.is_write());
    writes
        .map(|event| format!("{} {} {}", event.verb, event.resource, event.name))
        .collect()
}

#[test]
fn an_absent_secret_is_made_and_a_second_run_writes_nothing() {
    let scope = ControlPlane::shared().scope("new-secret");
    let planned = monconf(&scope, &["--jobs", "kubelet"]).run().ok();
    let place = format!("Secret {}/more, key jobs.yaml", scope.namespace);
    assert!(
        planned
            .stdout
            .contains(&format!("\n+++ {place}\n@@ new @@\n+- job_name: ")),
        "{}",
        planned.stdout
    );
    assert!(
        !planned.stdout.contains(&format!("--- {place}")),
        "{}",
        planned.stdout
    );
    let applied = monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    assert!(
        applied.stderr.contains(&format!("✓ {place} created\n")),
        "{}",
        applied.stderr
    );
    // The token is where the jobs look for it before they are there.
    let done: Vec<&str> = applied
        .stderr
        .lines()
        .filter(|line| line.contains('✓'))
        .collect();
    assert!(done.last().unwrap().contains(&place), "{done:?}");
    assert!(done[done.len() - 2].contains("-k8s-token "), "{done:?}");

    let secret = live(&scope);
    assert_eq!(
        secret["metadata"]["labels"]["app.kubernetes.io/managed-by"],
        "monconf"
    );
    assert_eq!(
        secret["metadata"]["labels"]["app.kubernetes.io/instance"],
        scope.name.as_str()
    );
    let jobs = yaml::parse(&text(&scope), "jobs").unwrap().remove(0);
    assert_eq!(jobs.as_array().unwrap().len(), 1);
    let job = &jobs[0];
    assert_eq!(job["job_name"], format!("{}-kubernetes-nodes", scope.name));
    assert_eq!(
        job["kubernetes_sd_configs"][0]["api_server"],
        "https://kubernetes.default.svc"
    );
    let mounted = format!("/etc/prometheus/secrets/{}-k8s-token/token", scope.name);
    assert_eq!(job["authorization"]["credentials_file"], mounted.as_str());

    let before = writes(&scope).len();
    let again = monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    assert_eq!(writes(&scope).len(), before);
}

#[test]
fn jobs_are_merged_into_a_list_and_every_other_byte_and_key_stays() {
    let scope = ControlPlane::shared().scope("merged");
    made_by_hand(&scope, BY_HAND);
    let before = live(&scope);
    let planned = monconf(&scope, &["--jobs", "apiserver,kubelet"]).run().ok();
    assert!(
        planned.stdout.contains("/more, key jobs.yaml"),
        "{}",
        planned.stdout
    );
    assert!(
        planned.stdout.contains("adds 2 jobs\n"),
        "{}",
        planned.stdout
    );
    assert!(!planned.stdout.contains("battery"), "{}", planned.stdout);
    monconf(&scope, &["--jobs", "apiserver,kubelet", "--apply"])
        .run()
        .ok();

    let (head, tail) = BY_HAND.split_once("\n# end of jobs\n").unwrap();
    let merged = text(&scope);
    assert!(merged.starts_with(head), "{merged}");
    assert!(
        merged.ends_with(&format!("\n# end of jobs\n{tail}")),
        "{merged}"
    );
    assert_eq!(
        merged.matches("# by monconf, instance").count(),
        2,
        "{merged}"
    );
    let after = live(&scope);
    for field in ["labels", "annotations"] {
        assert_eq!(after["metadata"][field], before["metadata"][field]);
    }
    assert_eq!(after["data"]["other.yaml"], before["data"]["other.yaml"]);
    assert_eq!(after["type"], before["type"]);
    // Of the object monconf owns that key and nothing else.
    let entries = after["metadata"]["managedFields"].as_array().unwrap();
    let ours: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["manager"] == "monconf")
        .collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0]["fieldsV1"], json!({"f:data": {"f:jobs.yaml": {}}}));

    monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    let less = text(&scope);
    assert_eq!(less.matches("# by monconf, instance").count(), 1, "{less}");
    assert!(merged.lines().count() > less.lines().count());
    assert!(
        less.starts_with(head) && less.ends_with("\n# end of jobs\n"),
        "{less}"
    );
}

#[test]
fn the_key_is_made_in_a_secret_that_has_others() {
    let scope = ControlPlane::shared().scope("new-key");
    made_by_hand(&scope, BY_HAND);
    let arguments = [
        "--jobs",
        "kubelet",
        "--apply",
        "--additional-scrape-configs",
        "more:new.yaml",
    ];
    let run = Monconf::prometheus(&scope, &arguments).run().ok();
    assert!(
        run.stdout.contains("more, key new.yaml\n@@ new @@"),
        "{}",
        run.stdout
    );
    assert_eq!(text(&scope), BY_HAND);
    assert!(token::decoded(&live(&scope), "new.yaml").starts_with("- job_name: "));
}

#[test]
fn two_instances_share_the_key_and_each_changes_its_own() {
    let cp = ControlPlane::shared();
    let (first, second) = (cp.scope("first-of-two"), cp.scope("second-of-two"));
    let place = format!("{}/more:jobs.yaml", first.namespace);
    let apply = |scope: &Scope, jobs: &str| {
        let arguments = [
            "--additional-scrape-configs",
            &place,
            "--namespace",
            &first.namespace,
        ];
        Monconf::prometheus(scope, &["--apply", "--jobs", jobs]).args(&arguments[..2])
    };
    apply(&first, "apiserver,kubelet").run().ok();
    let alone = text(&first);
    // The second one's token is in another namespace, which is said.
    let run = apply(&second, "kubelet").run().ok();
    let warning = format!(
        "warning: the token's Secret {}-k8s-token is in namespace {}, and a Prometheus in namespace {} cannot mount it: use --namespace {}\n",
        second.name, second.namespace, first.namespace, first.namespace
    );
    assert!(run.stderr.contains(&warning), "{}", run.stderr);
    let both = text(&first);
    assert!(both.starts_with(&alone), "{both}");
    assert!(
        both.contains(&format!("  # by monconf, instance {}\n", second.name)),
        "{both}"
    );
    apply(&first, "kubelet").run().ok();
    let less = text(&first);
    assert!(
        less.contains(&format!("instance {}\n", second.name)),
        "{less}"
    );
    assert_eq!(less.matches("# by monconf").count(), 2, "{less}");
}

#[test]
fn programs_get_the_change_and_the_text() {
    let scope = ControlPlane::shared().scope("key-outputs");
    made_by_hand(&scope, BY_HAND);
    let json = monconf(&scope, &["--jobs", "kubelet", "-o", "json"])
        .run()
        .ok()
        .stdout;
    assert!(!json.contains("battery"), "{json}");
    let report: Value = serde_json::from_str(&json).unwrap();
    let changes = report["changes"].as_array().unwrap();
    let change = changes
        .iter()
        .find(|change| change["target"] == "key")
        .unwrap();
    assert_eq!(change["kind"], "Secret");
    assert_eq!(change["namespace"], scope.namespace.as_str());
    assert_eq!(
        (&change["name"], &change["key"]),
        (&json!("more"), &json!("jobs.yaml"))
    );
    assert_eq!(change["action"], "update");
    let new = change["changes"][0]["newValue"].as_str().unwrap();
    assert!(new.contains("-kubernetes-nodes  # by monconf"), "{new}");

    let config = monconf(&scope, &["--jobs", "kubelet", "-o", "config"])
        .run()
        .ok()
        .stdout;
    let yaml = monconf(&scope, &["--jobs", "kubelet", "-o", "yaml"])
        .run()
        .ok()
        .stdout;
    assert!(
        !yaml.contains("job_name") && yaml.contains("kind: ClusterRole\n"),
        "{yaml}"
    );
    monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    assert_eq!(config, text(&scope));
}
