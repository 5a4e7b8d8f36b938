//! What is left alone, and how that is said.

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use super::{BY_HAND, live, made_by_hand, monconf, rewrite, text, writes};
use crate::support::Monconf;

/// What an apply says that is refused and writes nothing.
fn refused(scope: &Scope, arguments: &[&str]) -> String {
    let before = (writes(scope), live(scope));
    let run = monconf(scope, &["--jobs", "kubelet", "--apply"])
        .args(arguments)
        .run()
        .exit(1);
    assert_eq!((writes(scope), live(scope)), before);
    run.stderr
        .replace(&scope.namespace, "NS")
        .replace(&scope.name, "NAME")
}

#[test]
fn a_job_of_others_is_replaced_only_where_it_is_asked_to() {
    let scope = ControlPlane::shared().scope("foreign-job");
    let foreign = format!(
        "{BY_HAND}- job_name: {}-kubernetes-nodes # mine\n",
        scope.name
    );
    made_by_hand(&scope, &foreign);
    let said = refused(&scope, &[]);
    assert!(
        said.contains("error: Secret NS/more, key jobs.yaml:13: job NAME-kubernetes-nodes was not written by monconf\nhint: `monconf prometheus "),
        "{said}"
    );
    monconf(
        &scope,
        &["--jobs", "kubelet", "--apply", "--take-ownership"],
    )
    .run()
    .ok();
    let taken = text(&scope);
    assert!(
        taken.starts_with(BY_HAND) && !taken.contains("# mine"),
        "{taken}"
    );

    // Another instance's is no matter of asking.
    rewrite(
        &scope,
        &taken.replace(&format!("instance {}", scope.name), "instance blue"),
    );
    let said = refused(&scope, &["--take-ownership"]);
    assert!(
        said.contains("job NAME-kubernetes-nodes belongs to instance blue of monconf\n"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_edited_is_told_with_its_line() {
    let scope = ControlPlane::shared().scope("unfit-key");
    made_by_hand(&scope, BY_HAND);
    let job = format!("- job_name: {}-kubernetes-nodes", scope.name);
    for (text, words) in [
        (
            "[{job_name: a}]\n".to_owned(),
            "jobs.yaml:1: the document is written in brackets",
        ),
        (
            "scrape_configs: []\n".to_owned(),
            "jobs.yaml:1: the document is a map, not a list",
        ),
        (
            format!("{job}\n{job}\n"),
            "jobs.yaml:2: NAME-kubernetes-nodes is there twice",
        ),
        (
            "- job_name: a\n  job_name: b\n".to_owned(),
            "jobs.yaml:2:3: the key \"job_name\" is given twice",
        ),
        (
            "- a: {\n".to_owned(),
            "error: Secret NS/more, key jobs.yaml:",
        ),
    ] {
        rewrite(&scope, &text);
        let said = refused(&scope, &[]);
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("--drop-in"), "{said}");
    }
    let binary = json!({"data": {"jobs.yaml": "/w=="}});
    scope
        .admin()
        .patch_merge(&super::path(&scope), &binary)
        .unwrap();
    let said = refused(&scope, &[]);
    assert!(
        said.contains("error: Secret NS/more, key jobs.yaml: it is not UTF-8\n"),
        "{said}"
    );
}

#[test]
fn an_object_that_would_be_too_large_or_may_not_change_is_found_out_before_anything_is_written() {
    let scope = ControlPlane::shared().scope("large-key");
    made_by_hand(&scope, BY_HAND);
    let path = super::path(&scope);
    let filler = |bytes: usize| json!({"stringData": {"filler": "x".repeat(bytes)}});
    scope
        .admin()
        .patch_merge(&path, &filler((1 << 20) - 400))
        .unwrap();
    let said = refused(&scope, &[]);
    let (_, number) = said
        .split_once("error: Secret NS/more would hold ")
        .unwrap();
    let (number, rest) = number.split_once(' ').unwrap();
    assert!(
        rest.starts_with("bytes in all its keys; the API server accepts 1048576\n"),
        "{said}"
    );

    // The number is the server's: as many bytes fewer, and it fits to the byte.
    let above = number.parse::<usize>().unwrap() - (1 << 20);
    scope
        .admin()
        .patch_merge(&path, &filler((1 << 20) - 400 - above))
        .unwrap();
    monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    let data = live(&scope)["data"].clone();
    let size =
        |value: &Value| crate::support::token::decoded(&json!({"data": {"x": value}}), "x").len();
    assert_eq!(
        data.as_object().unwrap().values().map(size).sum::<usize>(),
        1 << 20
    );

    let scope = ControlPlane::shared().scope("immutable-key");
    made_by_hand(&scope, BY_HAND);
    scope
        .admin()
        .patch_merge(&super::path(&scope), &json!({"immutable": true}))
        .unwrap();
    let said = refused(&scope, &[]);
    assert!(
        said.contains("error: Secret NS/more is immutable: no key of it can change\n"),
        "{said}"
    );
}

#[test]
fn a_namespace_that_does_not_exist_is_not_made() {
    let scope = ControlPlane::shared().scope("no-namespace");
    let run = Monconf::prometheus(
        &scope,
        &[
            "--apply",
            "--additional-scrape-configs",
            "nowhere/more:jobs.yaml",
        ],
    );
    let run = run.run().exit(1);
    assert!(
        run.stderr.contains("error: cannot write Secret nowhere/more: there is no namespace nowhere\nhint: `kubectl create namespace nowhere` creates it\n"),
        "{}",
        run.stderr
    );
    assert_eq!(writes(&scope), Vec::<String>::new());
}

#[test]
fn whoever_may_not_read_or_write_it_is_told_the_rule() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("key-viewer");
    made_by_hand(&scope, BY_HAND);
    let viewer = cp.limited_user(
        "key-viewer",
        &json!([
            {"apiGroups": [""], "resources": ["namespaces", "serviceaccounts"], "verbs": ["get"]},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles", "clusterrolebindings", "roles", "rolebindings"], "verbs": ["get"]},
        ]),
    );
    let tokens = ["", "-a", "-b"].map(|slot| format!("{}-k8s-token{slot}", scope.name));
    let secrets = |names: &[String], verbs: Value| json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": names, "verbs": verbs}]);
    cp.grant(
        &viewer.name,
        Some(&scope.namespace),
        &secrets(&tokens, json!(["get"])),
    );
    let run = |arguments: &[&str]| {
        monconf(&scope, &["--jobs", "kubelet"])
            .args(arguments)
            .kubeconfig(&viewer.kubeconfig)
            .run()
    };
    let said = run(&[]).exit(1).stderr;
    assert!(
        said.contains("cannot read Secret ")
            && said.contains("may not get secrets more in namespace "),
        "{said}"
    );
    assert!(
        said.contains(
            r#"{"apiGroups":[""],"resources":["secrets"],"verbs":["get"],"resourceNames":["more"]}"#
        ),
        "{said}"
    );

    // Everything else is there already: the one write that is left is refused.
    monconf(&scope, &["--jobs", "kubelet", "--apply"])
        .run()
        .ok();
    rewrite(&scope, BY_HAND);
    cp.grant(
        &viewer.name,
        Some(&scope.namespace),
        &secrets(&["more".to_owned()], json!(["get"])),
    );
    let planned = run(&[]).ok();
    assert!(
        planned.stdout.contains("adds 1 job\n"),
        "{}",
        planned.stdout
    );
    assert!(
        planned
            .stderr
            .contains("so it is not known whether a Prometheus reads these jobs\n"),
        "{}",
        planned.stderr
    );
    let said = run(&["--apply"]).exit(1).stderr;
    assert!(
        said.contains("may not patch secrets more in namespace "),
        "{said}"
    );
    assert!(
        said.contains(r#""resources":["secrets"],"verbs":["patch"],"resourceNames":["more"]"#),
        "{said}"
    );
    assert_eq!(text(&scope), BY_HAND);
    cp.grant(
        &viewer.name,
        Some(&scope.namespace),
        &secrets(&["more".to_owned()], json!(["patch"])),
    );
    run(&["--apply"]).ok();
    assert_eq!(text(&scope).matches("# by monconf").count(), 1);
}

#[test]
fn flags_that_name_two_places_or_none_are_refused() {
    for (arguments, words) in [
        (
            &["--config", "a.yml"][..],
            "--additional-scrape-configs and --config or --drop-in name two places",
        ),
        (
            &["--drop-in", "a.yml"],
            "--additional-scrape-configs and --config or --drop-in name two places",
        ),
        (
            &["--configmap", "a:b"],
            "--additional-scrape-configs and --configmap name two places",
        ),
        (
            &["--format", "operator"],
            "--additional-scrape-configs is for a text of the raw format; --format operator writes objects",
        ),
        (
            &["--token-dir", "a"],
            "--token-dir needs --config or --drop-in",
        ),
    ] {
        let call = Monconf::new([
            "prometheus",
            "--offline",
            "--additional-scrape-configs",
            "more:jobs.yaml",
        ]);
        let run = call.args(arguments).run().exit(1);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    for place in ["more", "a/b/c:d", "more:", "more:jobs#agent"] {
        let run = Monconf::new(["prometheus", "--offline"])
            .env("MONCONF_ADDITIONAL_SCRAPE_CONFIGS", place)
            .run()
            .exit(1);
        assert!(
            run.stderr
                .contains("hint: write it as [NAMESPACE/]NAME:KEY\n"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn offline_the_list_is_planned_as_if_nothing_existed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("monconf.yaml"),
        "additionalScrapeConfigs: more:jobs.yaml\njobs: [kubelet]\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        Monconf::new(["prometheus", "--offline"])
            .args(arguments)
            .current_dir(folder.path())
            .run()
            .ok()
    };
    let planned = run(&[]);
    assert!(
        planned
            .stdout
            .contains("+ Secret              monitoring/more, key jobs.yaml     adds 1 job\n"),
        "{}",
        planned.stdout
    );
    assert_eq!(planned.stderr, "");
    assert!(
        run(&["-o", "config"])
            .stdout
            .starts_with("- job_name: kubernetes-nodes  # by monconf, instance monitoring\n")
    );
}
