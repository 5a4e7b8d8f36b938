//! What the owners of `Prometheus` objects are told, which monconf never changes.

use serde_json::{Value, json};
use testbed::{ControlPlane, Options};

use super::monconf;
use crate::support::docs::{block, is_printed};
use crate::support::{Monconf, Run};

const MONITORING: &str = "/apis/monitoring.coreos.com/v1";

/// A control plane of its own, because a plan looks at every `Prometheus` object of the cluster.
#[test]
fn a_patch_is_shown_for_each_that_does_not_read_the_jobs_and_it_works() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("hints");
    let run = |arguments: &[&str]| {
        monconf(&scope, &["--jobs", "kubelet"])
            .args(arguments)
            .run()
            .ok()
    };
    let hints = |run: &Run| -> Vec<String> {
        let lines = run
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("hint: "));
        lines
            .filter(|line| line.starts_with("Prometheus "))
            .map(str::to_owned)
            .collect()
    };
    let nobody = format!(
        "warning: nothing reads Secret {}/more, key jobs.yaml: there is no Prometheus object in namespace {}",
        scope.namespace, scope.namespace
    );
    let planned = run(&["--apply"]);
    assert!(
        planned.stderr.contains(&format!("{nobody}\n")),
        "{}",
        planned.stderr
    );

    let create = |namespace: &str, name: &str, spec: Value| {
        let object = json!({
            "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": name}, "spec": spec,
        });
        let path = format!("{MONITORING}/namespaces/{namespace}/prometheuses");
        cp.admin().post(&path, &object).unwrap();
    };
    create("default", "elsewhere", json!({}));
    let planned = run(&[]);
    let elsewhere =
        format!("{nobody}; those of other namespaces (default/elsewhere) cannot read it\n");
    assert!(planned.stderr.contains(&elsewhere), "{}", planned.stderr);
    assert!(hints(&planned).is_empty());

    create(&scope.namespace, "main", json!({"secrets": ["tls"]}));
    create(
        &scope.namespace,
        "other",
        json!({"additionalScrapeConfigs": {"name": "theirs", "key": "k.yaml"}}),
    );
    let planned = run(&[]);
    assert!(
        !planned.stderr.contains("nothing reads"),
        "{}",
        planned.stderr
    );
    let hinted = hints(&planned);
    assert_eq!(hinted.len(), 2, "{hinted:?}");
    let namespace = &scope.namespace;
    assert_eq!(
        hinted[1],
        format!(
            "Prometheus {namespace}/other reads Secret {namespace}/theirs, key k.yaml, and can read no second one: name that one, --additional-scrape-configs {namespace}/theirs:k.yaml"
        )
    );
    let (words, patch) = hinted[0].split_once(" -p ").unwrap();
    assert_eq!(
        words,
        format!(
            "Prometheus {namespace}/main does not yet read these jobs or mount the token; whoever owns it can have it: kubectl -n {namespace} patch prometheus main --type merge"
        )
    );
    // Programs get them too; after an apply that had nothing to do they are still open.
    let json: Value = serde_json::from_str(&run(&["-o", "json"]).stdout).unwrap();
    assert_eq!(json["remaining"], json!(hinted));
    assert_eq!(hints(&run(&["--apply"])), hinted);

    let patch: Value = serde_json::from_str(patch.trim_matches('\'')).unwrap();
    let object = format!("{MONITORING}/namespaces/{namespace}/prometheuses/main");
    let patched = cp.admin().patch_merge(&object, &patch).unwrap();
    assert_eq!(
        patched["spec"]["secrets"],
        json!(["tls", format!("{}-k8s-token", scope.name)])
    );
    assert_eq!(hints(&run(&[])), [hinted[1].as_str()]);
    let written = cp.audit(&scope.user.name);
    assert!(
        written
            .iter()
            .all(|event| event.resource != "prometheuses" || !event.is_write())
    );
}

/// With the names that a first run has.
#[test]
fn diff_and_hint_are_those_of_the_documentation() {
    let (_, docs) = include_str!("../../docs/files.md")
        .split_once("\n## In the cluster\n")
        .unwrap();
    let cp = ControlPlane::start(Options::default());
    let user = cp.user("reader-of-docs", &["system:masters"]);
    let create = |path: &str, object: Value| cp.admin().post(path, &object).unwrap();
    create(
        "/api/v1/namespaces",
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}}),
    );
    let theirs =
        "- job_name: node   # theirs\n  static_configs:\n  - targets: ['localhost:9100']\n";
    create(
        "/api/v1/namespaces/monitoring/secrets",
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "more"}, "stringData": {"jobs.yaml": theirs},
        }),
    );
    create(
        &format!("{MONITORING}/namespaces/monitoring/prometheuses"),
        json!({
            "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"}, "spec": {},
        }),
    );
    let place = ["--additional-scrape-configs", "more:jobs.yaml"];
    let run = Monconf::new(["prometheus", "--jobs", "kubelet"])
        .args(place)
        .kubeconfig(&user.kubeconfig)
        .run()
        .ok();
    is_printed(block(docs, "diff"), &run.stdout);
    assert!(
        run.stderr
            .ends_with(&format!(": {}", block(docs, "console"))),
        "{}",
        run.stderr
    );
}
