//! `monconf remove`: everything of one instance goes, and nothing else.

mod files;
mod interrupted;
mod keys;
mod left;
mod namespace;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use testbed::{ControlPlane, Options, Scope};

use crate::support::{Monconf, Run, everything, state, token};

/// `monconf remove CONSUMER --yes` with the names and the user of a test.
fn remove(consumer: &str, scope: &Scope, arguments: &[&str]) -> Monconf {
    Monconf::new(["remove", consumer, "--yes"])
        .args(["--name", &scope.name, "--namespace", &scope.namespace])
        .args(arguments)
        .kubeconfig(scope.kubeconfig())
}

/// Deletions that the API server carried out, in the order in which it did.
fn deleted(scope: &Scope) -> Vec<String> {
    let events = scope.cp.audit(&scope.user.name);
    let deletions = events
        .iter()
        .filter(|event| event.verb == "delete" && event.code < 300);
    deletions
        .map(|event| state::target(event).replace(&scope.namespace, "NS"))
        .map(|target| target.replace(&scope.name, "NAME"))
        .collect()
}

/// The bytes of every file below a folder, and the folders themselves.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let below = tree(&entry.path()).into_iter();
            found.extend(below.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
            found.insert(name + "/", Vec::new());
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// A cluster of its own: nobody else changes anything in it.
#[test]
fn after_remove_the_cluster_is_what_it_was_and_its_neighbours_are_untouched() {
    let cp = ControlPlane::start(Options {
        agent_crds: true,
        ..Options::default()
    });
    let scope = cp.scope("gone");
    scope.create_namespace();
    // Two other instances in the same namespace, one of the same consumer and one of another.
    for consumer in ["prometheus", "alloy"] {
        let name = format!("{}-{consumer}", scope.name);
        Monconf::new([consumer, "--name", &name, "--namespace", &scope.namespace])
            .args(["--apply"])
            .args((consumer == "alloy").then_some("--remote-write=https://example.com/push"))
            .kubeconfig(scope.kubeconfig())
            .run()
            .ok();
    }
    testbed::poll::until(
        "the namespace is furnished",
        std::time::Duration::from_secs(30),
        || {
            let path = format!(
                "/api/v1/namespaces/{}/serviceaccounts/default",
                scope.namespace
            );
            !cp.admin().is_absent(&path)
        },
    );
    let before = everything::in_cluster(cp.admin());

    let write = ["--remote-write", "https://example.com/push"];
    for (consumer, form) in [
        ("prometheus", &[][..]),
        (
            "prometheus",
            &["--format", "raw", "--jobs", "apiserver,kubelet,coredns"],
        ),
        ("grafana-agent", &write),
        (
            "grafana-agent",
            &[
                write[0], write[1], "--format", "monitors", "--jobs", "coredns",
            ],
        ),
        (
            "alloy",
            &[
                write[0],
                write[1],
                "--token-from",
                "secret",
                "--configmap",
                "a:b",
            ],
        ),
    ] {
        Monconf::for_consumer(consumer, &scope, &["--apply"])
            .args(form)
            .run()
            .ok();
        let token = token::of_secret(&scope);
        assert!(token::is_accepted(&cp, &token));
        let whole = everything::in_cluster(cp.admin());
        assert!(whole.len() >= before.len() + 6, "{consumer} {form:?}");

        // Shown first; the flags of the form need not be said again.
        let plan = remove(consumer, &scope, &["--detailed-exitcode"])
            .run()
            .exit(2);
        let head = format!(
            ": removal of instance {} in namespace {}\n",
            scope.name, scope.namespace
        );
        assert!(plan.stdout.contains(&head), "{}", plan.stdout);
        assert!(
            plan.stdout
                .ends_with("Nothing was deleted; --apply deletes it.\n"),
            "{}",
            plan.stdout
        );
        assert!(!plan.stdout.contains(&token), "{}", plan.stdout);
        assert_eq!(everything::in_cluster(cp.admin()), whole);

        remove(consumer, &scope, &["--apply"]).run().ok();
        assert_eq!(
            everything::in_cluster(cp.admin()),
            before,
            "{consumer} {form:?}"
        );
        token::wait_until_refused(&cp, &token);
    }
    let again = remove("prometheus", &scope, &["--apply", "--detailed-exitcode"])
        .run()
        .ok();
    assert!(
        again.stdout.contains("Nothing to remove"),
        "{}",
        again.stdout
    );
}

#[test]
fn what_revokes_goes_first_and_what_names_something_before_what_it_names() {
    let scope = ControlPlane::shared().scope("order");
    scope.create_namespace();
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    // A second handle, as after a rotation.
    Monconf::prometheus(&scope, &["--apply", "--duration", "30d"])
        .run()
        .ok();
    remove("prometheus", &scope, &["--apply"]).run().ok();
    let deleted = deleted(&scope);
    let stages: [&[&str]; 5] = [
        &["Secret NS/NAME-k8s-token-a", "Secret NS/NAME-k8s-token-b"],
        &["ClusterRoleBinding NAME-clusterrole-binding"],
        &["ClusterRole NAME-clusterrole", "ServiceAccount NS/NAME-sa"],
        &[
            "ScrapeConfig NS/NAME-k8s-cadvisor",
            "ScrapeConfig NS/NAME-k8s-kubelet",
            "ServiceMonitor NS/NAME-k8s",
        ],
        &["Secret NS/NAME-k8s-token"],
    ];
    let mut rest = deleted.as_slice();
    for stage in stages {
        let (these, others) = rest.split_at(stage.len());
        let mut these = these.to_vec();
        these.sort();
        assert_eq!(these, stage, "{deleted:?}");
        rest = others;
    }
    assert_eq!(rest, [] as [String; 0]);
}

#[test]
fn every_consumer_s_instance_goes_whatever_it_was_made_with() {
    let scope = ControlPlane::shared().scope("consumers");
    scope.create_namespace();
    let none: Vec<serde_json::Value> = Vec::new();
    for (consumer, arguments) in [
        (
            "alloy",
            &[
                "--forward-to",
                "prometheus.remote_write.a.receiver",
                "--configmap",
                "other-name:config.alloy",
            ][..],
        ),
        (
            "alloy",
            &[
                "--remote-write",
                "https://example.com/push",
                "--token-from",
                "secret",
            ],
        ),
        ("grafana-agent", &["--format", "static"]),
    ] {
        Monconf::for_consumer(consumer, &scope, &["--apply"])
            .args(arguments)
            .run()
            .ok();
        assert_ne!(state::of(&scope), none);
        let run = remove(consumer, &scope, &["--apply"]).run().ok();
        assert_eq!(state::of(&scope), none, "{}", run.stdout);
        let map = format!(
            "/api/v1/namespaces/{}/configmaps/other-name",
            scope.namespace
        );
        assert!(scope.admin().is_absent(&map));
    }
}

#[test]
fn the_report_for_programs_says_what_goes() {
    let scope = ControlPlane::shared().scope("remove-json");
    scope.create_namespace();
    Monconf::prometheus(&scope, &["--apply", "--format", "raw"])
        .run()
        .ok();
    let run: Run = remove("prometheus", &scope, &["-o", "json"]).run().ok();
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["removing"], true);
    assert_eq!(report["summary"]["create"], 0);
    assert_eq!(
        report["summary"]["delete"],
        report["changes"].as_array().unwrap().len()
    );
    let first = &report["changes"][0];
    assert_eq!(first["action"], "delete");
    assert_eq!(first["note"], "revokes its token");
    assert!(
        !run.stdout.contains(&token::of_secret(&scope)),
        "{}",
        run.stdout
    );
}

/// Without a file or a key named, whatever reads the token keeps its jobs.
#[test]
fn where_no_configuration_is_found_the_flags_that_name_one_are_told() {
    let scope = ControlPlane::shared().scope("pasted");
    scope.create_namespace();
    for (form, is_told) in [(&["--format", "raw"][..], true), (&[], false)] {
        Monconf::prometheus(&scope, &["--apply"])
            .args(form)
            .run()
            .ok();
        let run = remove("prometheus", &scope, &["--apply"]).run().ok();
        let hint = "hint: no configuration of this instance was found; ";
        assert_eq!(run.stderr.contains(hint), is_told, "{}", run.stderr);
    }
}
