//! What is printed, where, and for whom.

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use crate::support::{Monconf, Run, token};

fn plan(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, arguments).run()
}

fn parsed(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

#[test]
fn the_text_of_a_plan_that_creates_changes_deletes_and_leaves() {
    let scope = ControlPlane::shared().scope("text");
    plan(&scope, &["--apply"]).ok();
    let run = plan(&scope, &["--jobs", "apiserver", "--interval", "45s"]).ok();
    let text = run
        .stdout
        .replace(&scope.user.name, "USER")
        .replace(scope.cp.url(), "SERVER");
    let text = text
        .replace(&scope.namespace, "NAMESPACE")
        .replace(&scope.name, "NAME");
    let text = yaml_of_dates(&text);
    let (head, diff) = text.split_once("\n\n---").unwrap();
    let squeezed: Vec<String> = head
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        squeezed,
        [
            "Cluster USER (SERVER) as USER, read only",
            "Prometheus: operator format, jobs apiserver",
            "",
            "= Namespace NAMESPACE",
            "= ServiceAccount NAMESPACE/NAME-sa",
            "~ ClusterRole NAME-clusterrole 1 rule for 1 job",
            "= ClusterRoleBinding NAME-clusterrole-binding",
            "= Secret NAMESPACE/NAME-k8s-token-a",
            "= Secret NAMESPACE/NAME-k8s-token token valid until DATE",
            "~ ServiceMonitor NAMESPACE/NAME-k8s selected by no Prometheus",
            "- ScrapeConfig NAMESPACE/NAME-k8s-cadvisor no longer wanted",
            "- ScrapeConfig NAMESPACE/NAME-k8s-kubelet no longer wanted",
        ]
    );
    let role = "--- ClusterRole NAME-clusterrole
+++ ClusterRole NAME-clusterrole
@@ -7,8 +7,5 @@
     app.kubernetes.io/instance: NAME
     app.kubernetes.io/managed-by: monconf
 rules:
-- apiGroups: [\"\"]
-  resources: [nodes/metrics]
-  verbs: [get]
 - nonResourceURLs: [/metrics]
   verbs: [get]
";
    assert!(format!("---{diff}").contains(role), "{diff}");
    assert!(
        diff.contains("\n+    interval: \"45s\"\n") || diff.contains("\n+  interval: \"45s\"\n"),
        "{diff}"
    );
    assert!(diff.ends_with("\nPlan: 0 to create, 2 to change, 2 to delete. Nothing was written; --apply writes it.\n"), "{diff}");
    assert_eq!(run.stderr, "");
}

/// `valid until 2027-02-22` as `valid until DATE`.
fn yaml_of_dates(text: &str) -> String {
    let (before, after) = text.split_once("valid until ").unwrap();
    format!("{before}valid until DATE{}", &after[10..])
}

#[test]
fn json_holds_every_change_with_its_place_and_no_secret() {
    let scope = ControlPlane::shared().scope("json");
    let cold = parsed(&plan(&scope, &["-o", "json"]).ok());
    assert_eq!(
        cold["summary"],
        json!({"create": 9, "update": 0, "replace": 0, "delete": 0, "unchanged": 0})
    );
    assert_eq!(cold["applied"], false);
    assert_eq!(cold["identity"], scope.user.name);
    assert_eq!(cold["jobs"], json!(["apiserver", "kubelet", "cadvisor"]));

    let applied = parsed(&plan(&scope, &["-o", "json", "--apply"]).ok());
    assert_eq!(applied["applied"], true);
    assert_eq!(applied["token"]["requested"], "90d");
    let expires: jiff::Timestamp = applied["token"]["expiresAt"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(
        expires.as_second(),
        token::claims(&token::of_secret(&scope))["exp"]
            .as_i64()
            .unwrap()
    );

    let narrowed = parsed(
        &plan(
            &scope,
            &["-o", "json", "--jobs", "apiserver", "--duration", "30d"],
        )
        .ok(),
    );
    let entry = |kind: &str, name: &str| -> Value {
        let changes = narrowed["changes"].as_array().unwrap();
        let name = format!("{}-{name}", scope.name);
        let found = changes
            .iter()
            .find(|change| change["kind"] == kind && change["name"] == name.as_str());
        found
            .unwrap_or_else(|| panic!("{kind} {name}: {narrowed}"))
            .clone()
    };
    let role = entry("ClusterRole", "clusterrole");
    assert_eq!(role["action"], "update");
    assert_eq!(
        role["resourceStatus"],
        json!({"oldExists": true, "newExists": true})
    );
    assert_eq!(role["changes"][0]["path"], "/rules");
    assert_eq!(role["changes"][0]["change"], "replace");
    assert_eq!(
        role["changes"][0]["newValue"],
        json!([{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}])
    );
    assert_eq!(role["changes"][0]["redacted"], false);
    let secret = entry("Secret", "k8s-token");
    let changes = secret["changes"].as_array().unwrap();
    let token = changes
        .iter()
        .find(|change| change["path"] == "/data/token")
        .unwrap();
    assert_eq!(token["redacted"], true);
    assert_ne!(
        token["oldValue"], token["newValue"],
        "that it changes is seen"
    );
    let handle = changes
        .iter()
        .find(|change| change["path"] == "/metadata/annotations/monconf~1handle");
    assert_eq!(
        handle.unwrap()["newValue"],
        format!("{}-k8s-token-b", scope.name)
    );
    assert_eq!(entry("ScrapeConfig", "k8s-kubelet")["action"], "delete");
}

#[test]
fn yaml_is_every_manifest_and_can_be_applied() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("manifests");
    let run = plan(&scope, &["-o", "yaml"]).ok();
    let documents = yaml::parse(&run.stdout, "output").unwrap();
    assert_eq!(documents.len(), 9);
    for document in documents {
        assert!(document["data"].is_null(), "{document}");
        let plural = match document["kind"].as_str().unwrap() {
            "Namespace" => "/api/v1/namespaces".to_owned(),
            "ServiceAccount" => format!("/api/v1/namespaces/{}/serviceaccounts", scope.namespace),
            "Secret" => format!("/api/v1/namespaces/{}/secrets", scope.namespace),
            "ClusterRole" => "/apis/rbac.authorization.k8s.io/v1/clusterroles".to_owned(),
            "ClusterRoleBinding" => {
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings".to_owned()
            }
            "ServiceMonitor" => format!(
                "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors",
                scope.namespace
            ),
            "ScrapeConfig" => format!(
                "/apis/monitoring.coreos.com/v1alpha1/namespaces/{}/scrapeconfigs",
                scope.namespace
            ),
            other => panic!("{other}"),
        };
        let path = format!(
            "{plural}/{}?fieldValidation=Strict",
            document["metadata"]["name"].as_str().unwrap()
        );
        let sent = scope.admin().send(
            "PATCH",
            &format!("{path}&fieldManager=test"),
            "application/apply-patch+yaml",
            document.to_string().as_bytes(),
        );
        let sent = sent.unwrap();
        assert!(sent.code < 300, "{}", sent.text);
    }
}

#[test]
fn exit_codes_tell_whether_something_is_to_be_done() {
    let scope = ControlPlane::shared().scope("exit-codes");
    plan(&scope, &[]).exit(0);
    plan(&scope, &["--detailed-exitcode"]).exit(2);
    plan(&scope, &["--detailed-exitcode", "-o", "json"]).exit(2);
    plan(&scope, &["--apply", "--detailed-exitcode"]).exit(0);
    plan(&scope, &["--detailed-exitcode"]).exit(0);
    plan(&scope, &["--apply", "--detailed-exitcode"]).exit(0);
    Monconf::prometheus(&scope, &["--detailed-exitcode"])
        .env("KUBECONFIG", "/nowhere")
        .run()
        .exit(1);
}

#[test]
fn colour_is_where_it_is_asked_for() {
    let scope = ControlPlane::shared().scope("colour");
    let coloured = |run: Monconf| run.run().ok().stdout.contains('\u{1b}');
    assert!(
        !coloured(Monconf::prometheus(&scope, &[])),
        "not into a pipe"
    );
    assert!(coloured(Monconf::prometheus(
        &scope,
        &["--color", "always"]
    )));
    assert!(coloured(
        Monconf::prometheus(&scope, &[]).env("CLICOLOR_FORCE", "1")
    ));
    assert!(!coloured(
        Monconf::prometheus(&scope, &[])
            .env("CLICOLOR_FORCE", "1")
            .env("NO_COLOR", "1")
    ));
    assert!(!coloured(
        Monconf::prometheus(&scope, &["--color", "never"]).env("CLICOLOR_FORCE", "1")
    ));
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let scope = ControlPlane::shared().scope("closed-pipe");
    let mut child = Monconf::prometheus(&scope, &["--apply"]).spawn();
    drop(child.stdout.take());
    let run = Run::of(child).exit(0);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    plan(&scope, &["--detailed-exitcode"]).exit(0);
}

#[test]
fn completions_and_manual_know_every_flag() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Monconf::new(["completions", shell]).run().ok().stdout;
        assert!(script.contains("take-ownership"), "{shell}");
    }
    let manual = Monconf::new(["man"]).run().ok().stdout.replace("\\-", "-");
    for command in [
        &["prometheus"][..],
        &["jobs"],
        &["rbac", "audit"],
        &["rbac", "diff"],
        &["rbac", "explain"],
        &["template", "eject"],
    ] {
        let help = Monconf::new(command.iter().chain(&["--help"]))
            .run()
            .ok()
            .stdout;
        let words = help
            .split(|character: char| character.is_whitespace() || "[=,.`()|".contains(character));
        let flags: Vec<&str> = words
            .filter(|word| word.starts_with("--") && word.len() > 2)
            .collect();
        assert!(flags.len() > 2, "{command:?}");
        for flag in flags {
            assert!(manual.contains(flag), "{command:?} {flag}");
        }
    }
    let version = Monconf::new(["--version"]).run().ok().stdout;
    assert_eq!(version, format!("monconf {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_long_help_says_more_than_the_short_one() {
    for (command, words) in [
        ("prometheus", "diff against what exists in the cluster"),
        ("grafana-agent", "end of life on 1 November 2025"),
        ("alloy", "one pipeline for each job"),
        ("jobs", "the own jobs of monconf.yaml"),
        ("rbac diff", "the rules of aggregated roles"),
        ("rbac explain", "No cluster is asked"),
        ("rbac audit", "matches them as the API server does"),
    ] {
        let help = |flag| {
            let run = Monconf::new(command.split(' ').chain([flag])).run().ok();
            let words = run.stdout.split_whitespace();
            words.collect::<Vec<_>>().join(" ")
        };
        let (short, long) = (help("-h"), help("--help"));
        assert!(long.contains(words), "{long}");
        assert!(!short.contains(words), "{short}");
        let first = long.split_once('.').unwrap().0;
        let summary: String = first.chars().take(30).collect();
        assert!(short.starts_with(&summary), "{short}");
    }
}
