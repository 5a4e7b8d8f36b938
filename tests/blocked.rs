//! A plan that cannot be applied ends with what blocks it and how to unblock it, and the line that it gives does.

use std::fs;

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use crate::support::paste::paste;
use crate::support::{Monconf, Run};

/// Something that blocks a plan.
struct Case<'a> {
    name: &'a str,
    /// Puts it in the way.
    prepare: &'a dyn Fn(&Scope),
    /// The command, and its arguments behind the test's names.
    verb: &'a str,
    arguments: &'a [&'a str],
    /// What the plan says, NAME and NS standing for the test's.
    blocked: &'a str,
    /// The line that unblocks it, without the names.
    fix: &'a str,
    /// Whether that line is another plan; else it makes room for the same one.
    is_plan: bool,
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

fn account(scope: &Scope, labels: &Value) {
    scope.create_namespace();
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": format!("{}-sa", scope.name), "labels": labels},
    });
    let path = format!("/api/v1/namespaces/{}/serviceaccounts", scope.namespace);
    scope.admin().post(&path, &account).unwrap();
}

fn edited_role(scope: &Scope) {
    Monconf::prometheus(scope, &["--apply"]).run().ok();
    let edit = json!({"rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]});
    let role = format!(
        "{RBAC}/clusterroles/{}-clusterrole?fieldManager=kubectl-edit",
        scope.name
    );
    scope.admin().patch_merge(&role, &edit).unwrap();
}

fn shared_namespace(scope: &Scope) {
    Monconf::prometheus(scope, &["--apply"]).run().ok();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}});
    let path = format!("/api/v1/namespaces/{}/configmaps", scope.namespace);
    scope.admin().post(&path, &map).unwrap();
}

/// The same for every run and test: names, and the backticked line.
fn settled(text: &str, scope: &Scope) -> String {
    text.replace(&scope.namespace, "NS")
        .replace(&scope.name, "NAME")
}

fn run(scope: &Scope, case: &Case, more: &[&str]) -> Run {
    Monconf::for_consumer(case.verb, scope, case.arguments)
        .args(more)
        .run()
}

/// A call with the test's names.
fn line(verb: &str, rest: &str) -> String {
    format!("monconf {verb} --name NAME --namespace NS {rest}")
}

#[test]
fn an_object_in_the_way() {
    let other = json!({
        "app.kubernetes.io/managed-by": "monconf",
        "app.kubernetes.io/instance": "blue",
        "app.kubernetes.io/component": "prometheus",
    });
    let take_over = line("prometheus", "--take-ownership");
    let cases = [
        Case {
            name: "conflict",
            prepare: &edited_role,
            verb: "prometheus",
            arguments: &[],
            blocked: "ClusterRole NAME-clusterrole: .rules is set by kubectl-edit",
            fix: &take_over,
            is_plan: true,
        },
        Case {
            name: "by-hand",
            prepare: &|scope: &Scope| account(scope, &json!({})),
            verb: "prometheus",
            arguments: &[],
            blocked: "ServiceAccount NS/NAME-sa exists and was not made by monconf",
            fix: &take_over,
            is_plan: true,
        },
        Case {
            name: "other-instance",
            prepare: &|scope: &Scope| account(scope, &other),
            verb: "prometheus",
            arguments: &[],
            blocked: "ServiceAccount NS/NAME-sa belongs to instance blue of monconf (prometheus)",
            fix: "monconf prometheus --namespace NS --name NAME-2",
            is_plan: true,
        },
        Case {
            name: "not-vacant",
            prepare: &shared_namespace,
            verb: "remove",
            arguments: &["--delete-namespace"],
            blocked: "Namespace NS is not deleted: it also holds ConfigMap theirs",
            fix: "monconf remove --name NAME --namespace NS",
            is_plan: true,
        },
    ];
    for case in &cases {
        unblocks(case);
    }
}

#[test]
fn an_object_that_is_missing() {
    let nothing = |_: &Scope| {};
    let cases = [
        Case {
            name: "not-served",
            prepare: &nothing,
            verb: "grafana-agent",
            arguments: &["--format", "operator"],
            blocked: "this cluster does not serve GrafanaAgent",
            fix: &line("grafana-agent", "--format static"),
            is_plan: true,
        },
        Case {
            name: "no-account",
            prepare: &|scope: &Scope| scope.create_namespace(),
            verb: "prometheus",
            arguments: &["--existing-access"],
            blocked: "there is no ServiceAccount NS/NAME-sa, for which the token would be",
            fix: &line("prometheus", "--existing-access=false"),
            is_plan: true,
        },
        Case {
            name: "no-namespace",
            prepare: &nothing,
            verb: "prometheus",
            arguments: &[
                "--additional-scrape-configs",
                "blocked-elsewhere/more:jobs.yaml",
            ],
            blocked: "cannot write Secret blocked-elsewhere/more: there is no namespace",
            fix: "kubectl create namespace blocked-elsewhere",
            is_plan: false,
        },
    ];
    for case in &cases {
        unblocks(case);
    }
}

#[test]
fn a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (foreign, missing) = (file("foreign.yml"), file("missing.yml"));
    fs::write(&foreign, "# mine\n").unwrap();
    let nothing = |_: &Scope| {};
    let replaced = line(
        "prometheus",
        &format!("--drop-in {foreign} --take-ownership"),
    );
    let cases = [
        Case {
            name: "foreign-file",
            prepare: &nothing,
            verb: "prometheus",
            arguments: &["--drop-in", &foreign],
            blocked: "foreign.yml exists and was not written by monconf",
            fix: &replaced,
            is_plan: true,
        },
        Case {
            name: "no-file",
            prepare: &nothing,
            verb: "prometheus",
            arguments: &["--config", &missing],
            blocked: "there is no file ",
            fix: &format!("touch {missing}"),
            is_plan: false,
        },
    ];
    for case in &cases {
        unblocks(case);
    }
}

fn unblocks(case: &Case) {
    let name = case.name;
    let scope = ControlPlane::shared().scope(name);
    (case.prepare)(&scope);
    let shown = run(&scope, case, &[]).exit(1);
    let text = settled(&shown.stdout, &scope);
    // The end: the counts, what blocks, the line.
    let (_, end) = text
        .rsplit_once(" Blocked: nothing was written.\n")
        .unwrap_or_else(|| panic!("{name}: {text}"));
    assert!(end.starts_with("blocked: "), "{name}: {end}");
    assert!(end.contains(case.blocked), "{name}: {end}");
    let last = end.lines().last().unwrap();
    assert!(
        last.starts_with(&format!("fix: `{}`", case.fix)),
        "{name}: {last}"
    );
    for untrue in ["--apply writes it", "--apply deletes it"] {
        assert!(!text.contains(untrue), "{name}: {text}");
    }
    // Standard error says it to those who do not read the plan.
    let error = settled(&shown.stderr, &scope);
    assert!(error.contains(case.blocked), "{name}: {error}");
    assert!(
        error.contains(&format!("hint: `{}`", case.fix)),
        "{name}: {error}"
    );

    let report = run(&scope, case, &["-o", "json"]).exit(1).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    let blocker = &report["blockers"][0];
    let said = |field: &str| settled(blocker[field].as_str().unwrap(), &scope);
    assert!(said("message").contains(case.blocked), "{name}: {blocker}");
    let line = said("hint").replace(" -o json", "");
    assert!(
        line.starts_with(&format!("`{}`", case.fix)),
        "{name}: {line}"
    );

    let line = shown.stdout.lines().last().unwrap().split('`').nth(1);
    let run_again = paste(&scope, line.unwrap());
    assert_eq!(run_again.code, 0, "{name}: {run_again:?}");
    if !case.is_plan {
        let again = run(&scope, case, &[]).ok();
        assert!(
            !again.stdout.contains("blocked: "),
            "{name}: {}",
            again.stdout
        );
    }
}

#[test]
fn several_blockers_each_have_their_way_out() {
    let scope = ControlPlane::shared().scope("blocked-twice");
    account(&scope, &json!({}));
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": format!("{}-clusterrole", scope.name)}, "rules": [],
    });
    scope
        .admin()
        .post(&format!("{RBAC}/clusterroles"), &binding)
        .unwrap();
    let place = [
        "--additional-scrape-configs",
        "blocked-nowhere/more:jobs.yaml",
    ];
    let run = Monconf::prometheus(&scope, &place).run().exit(1);
    let text = settled(&run.stdout, &scope);
    let (_, end) = text.rsplit_once("nothing was written.\n").unwrap();
    let mut begins: Vec<&str> = end
        .lines()
        .filter_map(|line| line.split(": ").next())
        .collect();
    // Those that one step unblocks are together.
    begins.dedup();
    assert_eq!(begins, ["blocked", "fix", "blocked", "fix"], "{end}");
    let error = settled(&run.stderr, &scope);
    let (_, hint) = error.rsplit_once("hint: ").unwrap();
    for fix in [
        "--take-ownership` ",
        "`kubectl create namespace blocked-nowhere` ",
    ] {
        assert!(hint.contains(fix), "{error}");
    }
}

#[test]
fn on_one_terminal_it_is_said_once() {
    let scope = ControlPlane::shared().scope("blocked-terminal");
    account(&scope, &json!({}));
    for arguments in [&[][..], &["--apply"]] {
        let command = Monconf::prometheus(&scope, arguments).command();
        let (code, shown) = testbed::pty::run(&command, |_| {});
        assert_eq!(code, 1, "{shown}");
        assert_eq!(
            shown.matches("was not made by monconf").count(),
            1,
            "{shown}"
        );
        assert_eq!(
            shown.matches("--take-ownership` takes it over").count(),
            1,
            "{shown}"
        );
        assert!(!shown.contains("[y/N]"), "{shown}");
    }
}
