//! What is read of a cluster, and what of it is confirmed.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use testbed::{ControlPlane, Event, waves};

use super::cases::{created, rule};
use super::{API, RBAC, audit, audit_cluster, cluster, create, json_of};

/// The findings of the cases, each as it is whether it comes from a file or a cluster.
fn of_cases(findings: &[Value]) -> BTreeSet<String> {
    let ours = findings.iter().filter(|finding| {
        finding["binding"]["name"]
            .as_str()
            .unwrap()
            .starts_with("case-")
    });
    ours.map(|finding| {
        let mut finding = finding.clone();
        for field in ["file", "line", "confirmed"] {
            finding[field] = Value::Null;
        }
        finding.to_string()
    })
    .collect()
}

#[test]
fn files_and_cluster_give_the_same_findings_and_the_api_server_confirms_them() {
    let cases = created();
    let folder = tempfile::tempdir().unwrap();
    for (number, case) in cases.iter().enumerate() {
        let objects = case.objects();
        let (name, text) = if number % 2 == 0 {
            let documents: Vec<String> = objects.iter().map(yaml::emit).collect();
            (format!("{}.yaml", case.name), documents.join("---\n"))
        } else {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
            (format!("{}.json", case.name), format!("{list:#}"))
        };
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let live = json_of(&audit_cluster(&["-o", "json"]).exit(2));
    let run = audit(&["-o", "json", "-f", folder.path().to_str().unwrap()]).run();
    let files = json_of(&run.exit(2));
    assert_eq!(of_cases(&files), of_cases(&live));
    assert!(
        live.iter().all(|finding| finding["confirmed"] == true),
        "{live:#?}"
    );

    // What every cluster has of its own is no finding.
    let strangers: Vec<&Value> = live
        .iter()
        .filter(|finding| {
            let name = finding["binding"]["name"].as_str().unwrap();
            !["case-", "testbed-", "zz-"]
                .iter()
                .any(|ours| name.starts_with(ours))
        })
        .collect();
    assert!(strangers.is_empty(), "{strangers:#?}");
    let all = json_of(&audit_cluster(&["-o", "json", "--all"]).exit(2));
    let administrators = json!({"kind": "Group", "name": "system:masters"});
    let is_theirs = |finding: &&Value| finding["subject"] == administrators;
    assert!(all.iter().any(|finding| is_theirs(&finding)));
    // With --all what Kubernetes binds itself is named as such, and nothing of it is to be changed.
    let (built_in, others): (Vec<&Value>, Vec<&Value>) =
        all.iter().partition(|finding| finding["builtIn"] == true);
    assert_eq!(others, live.iter().collect::<Vec<_>>());
    assert!(built_in.len() > 15, "{built_in:#?}");
    for finding in &built_in {
        let binding = finding["binding"]["name"].as_str().unwrap();
        assert_eq!(finding["diff"], Value::Null, "{finding:#}");
        let advice = finding["advice"].as_str().unwrap();
        assert!(
            advice.starts_with("none: Kubernetes creates ") && advice.contains(binding),
            "{advice}"
        );
    }
    let shown = audit_cluster(&["--all"]).exit(2).stdout;
    assert!(
        shown.contains("ClusterRoleBinding cluster-admin  (built-in)"),
        "{shown}"
    );
    assert!(!shown.contains("take Group system:masters"), "{shown}");
    let sarif: Value =
        serde_json::from_str(&audit_cluster(&["-o", "sarif", "--all"]).exit(2).stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let settled = results.iter().filter(|result| {
        result["suppressions"][0]["status"] == "accepted"
            && result["message"]["text"]
                .as_str()
                .unwrap()
                .contains("What to do: none: ")
    });
    assert_eq!(settled.count(), built_in.len());

    // The line of a finding is that of its rule.
    for finding in &files {
        let text = std::fs::read_to_string(finding["file"].as_str().unwrap()).unwrap();
        let number = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
        let begin = text.lines().nth(number - 1).unwrap();
        let words = ["apiGroups", "nonResourceURLs", "{"];
        assert!(
            words.iter().any(|word| begin.contains(word)),
            "{finding}: {begin}"
        );
    }
}

#[test]
fn lists_of_many_pages_are_read_to_their_end() {
    let cp = cluster();
    created();
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "zz-many"}});
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    thread::scope(|threads| {
        for part in 0..4 {
            threads.spawn(move || {
                for number in 0..130 {
                    let role = json!({
                        "apiVersion": format!("{RBAC}/v1"), "kind": "Role",
                        "metadata": {"name": format!("many-{part}-{number}"), "namespace": "zz-many"},
                        "rules": [],
                    });
                    create(cp, &role);
                }
            });
        }
    });
    let subject = "zz-last";
    cp.grant(subject, Some("zz-many"), &json!([rule("get core secrets")]));
    let user = cp.user("pager", &["system:masters"]);
    let run = audit(&["-o", "json", "-v"])
        .kubeconfig(&user.kubeconfig)
        .run()
        .exit(2);
    let found = json_of(&run);
    assert!(
        found
            .iter()
            .any(|finding| finding["subject"]["name"] == subject)
    );
    let pages = run.stderr.matches("/roles?limit=500").count();
    assert!(pages >= 2, "{}", run.stderr);
}

#[test]
fn everything_is_read_in_one_wave_and_nothing_is_written() {
    const RTT: Duration = Duration::from_secs(1);
    let cp = ControlPlane::shared();
    let scope = cp.scope("audit-waves");
    cp.grant(&scope.name, None, &json!([rule("get core nodes/proxy")]));
    let relay = cp.latency(RTT);
    let slow = scope.user.via(&relay.url());
    audit(&[]).kubeconfig(&slow).run().exit(2);
    let events = cp.audit(&scope.user.name);
    let of_reviews = |event: &Event| event.resource == "subjectaccessreviews";
    let (reviews, reads): (Vec<Event>, Vec<Event>) = events.into_iter().partition(of_reviews);
    assert_eq!(reads.iter().filter(|event| event.verb == "list").count(), 4);
    assert!(
        reads
            .iter()
            .all(|event| event.verb == "list" || event.is_review())
    );
    assert_eq!(waves(&reads, RTT / 2), 1);
    assert!(!reviews.is_empty());
}

#[test]
fn whoever_may_read_and_not_ask_gets_findings_that_are_not_confirmed() {
    let cp = cluster();
    created();
    let viewer = cp.limited_user(
        "viewer",
        &json!([rule(
            "list rbac clusterroles,clusterrolebindings,roles,rolebindings"
        )]),
    );
    let run = audit(&["-o", "json"])
        .kubeconfig(&viewer.kubeconfig)
        .run()
        .exit(2);
    let warnings = run.stderr.matches("warning: not confirmed: ").count();
    assert_eq!(warnings, 1, "{}", run.stderr);
    assert!(
        run.stderr.contains("create subjectaccessreviews"),
        "{}",
        run.stderr
    );
    assert!(
        json_of(&run)
            .iter()
            .all(|finding| finding["confirmed"].is_null())
    );
    let events = cp.audit(&viewer.name);
    assert!(
        events
            .iter()
            .all(|event| event.verb == "list" || event.is_review())
    );

    // One read less: what is missing is said, as a rule.
    let half = cp.limited_user("half", &json!([rule("list rbac clusterroles,roles")]));
    let run = audit(&[]).kubeconfig(&half.kubeconfig).run().exit(1);
    for resource in ["clusterrolebindings", "rolebindings"] {
        let rule =
            format!(r#"{{"apiGroups":["{RBAC}"],"resources":["{resource}"],"verbs":["list"]}}"#);
        assert!(run.stderr.contains(&rule), "{}", run.stderr);
    }
}

#[test]
fn the_default_roles_are_those_of_the_api_server() {
    let cp = cluster();
    let text = include_str!("../../src/rbac/bindings/defaults.yaml");
    let defaults = yaml::parse(text, "defaults").unwrap();
    assert_eq!(defaults.len(), 8);
    for role in defaults {
        let path = format!(
            "{API}/clusterroles/{}",
            role["metadata"]["name"].as_str().unwrap()
        );
        let live = || cp.admin().get(&path).unwrap();
        assert_eq!(role["aggregationRule"], live()["aggregationRule"], "{path}");
        assert_eq!(
            role["metadata"]["labels"],
            live()["metadata"]["labels"],
            "{path}"
        );
        if role["aggregationRule"].is_null() {
            assert_eq!(role["rules"], live()["rules"], "{path}");
        }
    }
}
