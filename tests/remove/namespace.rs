//! `--delete-namespace`: only one that monconf made, and only where nothing else is in it.

use std::sync::LazyLock;

use serde_json::json;
use testbed::{ControlPlane, Fault, Options, Scope};

use super::remove;
use crate::support::Monconf;

fn path(scope: &Scope) -> String {
    format!("/api/v1/namespaces/{}", scope.namespace)
}

fn is_going(scope: &Scope) -> bool {
    scope.admin().is_absent(&path(scope))
        || !scope.admin().get(&path(scope)).unwrap()["metadata"]["deletionTimestamp"].is_null()
}

#[test]
fn a_namespace_of_ours_goes_last_and_only_when_it_is_asked_for() {
    let scope = ControlPlane::shared().scope("vacant");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    remove("prometheus", &scope, &["--apply"]).run().ok();
    assert!(!is_going(&scope));
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    remove("prometheus", &scope, &["--apply", "--delete-namespace"])
        .run()
        .ok();
    assert!(is_going(&scope));
    assert_eq!(super::deleted(&scope).last().unwrap(), "Namespace NS");
}

#[test]
fn a_namespace_with_anything_of_others_in_it_is_refused_before_anything_is_deleted() {
    let scope = ControlPlane::shared().scope("inhabited");
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}});
    scope
        .admin()
        .post(&format!("{}/configmaps", path(&scope)), &map)
        .unwrap();
    let monitors = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/podmonitors",
        scope.namespace
    );
    let monitor = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": {"name": "theirs-too"},
        "spec": {"selector": {}, "podMetricsEndpoints": []},
    });
    scope.admin().post(&monitors, &monitor).unwrap();
    let run = remove("prometheus", &scope, &["--apply", "--delete-namespace"])
        .run()
        .exit(1);
    let sentence = format!(
        "error: Namespace {} is not deleted: it also holds ConfigMap theirs, PodMonitor theirs-too\nhint: `monconf remove prometheus ",
        scope.namespace
    );
    assert!(run.stderr.contains(&sentence), "{}", run.stderr);
    assert_eq!(super::deleted(&scope), [] as [String; 0]);
    // Another instance is somebody else too, and named by its objects.
    remove("prometheus", &scope, &["--apply"]).run().ok();
    assert!(!is_going(&scope));
}

#[test]
fn a_namespace_that_monconf_did_not_make_stays() {
    let scope = ControlPlane::shared().scope("theirs");
    scope.create_namespace();
    Monconf::prometheus(&scope, &["--apply"]).run().ok();
    let run = remove("prometheus", &scope, &["--apply", "--delete-namespace"])
        .run()
        .ok();
    assert!(
        run.stdout.contains("stays: not made by monconf"),
        "{}",
        run.stdout
    );
    assert!(!is_going(&scope));
}

/// A cluster whose kinds no other test sees.
fn world() -> &'static ControlPlane {
    static WORLD: LazyLock<ControlPlane> =
        LazyLock::new(|| ControlPlane::start(Options::default()));
    &WORLD
}

/// Has the cluster serve a kind of another owner: the plural is the kind in lower case with an `s`. The first version is
/// the stored one.
fn define(group: &str, kind: &str, versions: &[&str]) {
    let singular = kind.to_lowercase();
    let plural = format!("{singular}s");
    let version = |name: &&str| {
        json!({
            "name": name, "served": true, "storage": *name == versions[0],
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
        })
    };
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": singular},
            "versions": versions.iter().map(version).collect::<Vec<_>>(),
        },
    });
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    world().admin().post(crds, &crd).unwrap();
    testbed::poll::until("the kind is discovered", || {
        let groups = world().admin().get("/apis").unwrap().to_string();
        versions.iter().all(|version| {
            let api = format!("/apis/{group}/{version}");
            let document = world().admin().get(&api).unwrap_or_default();
            let mut resources = document["resources"].as_array().into_iter().flatten();
            groups.contains(&format!("\"{group}/{version}\""))
                && resources.any(|resource| resource["name"] == plural.as_str())
        })
    });
}

/// Creates an object of another owner in the namespace of the test.
fn create(scope: &Scope, group: &str, version: &str, kind: &str, name: &str) {
    let object = json!({
        "apiVersion": format!("{group}/{version}"), "kind": kind, "metadata": {"name": name}, "spec": {},
    });
    let collection = format!(
        "/apis/{group}/{version}/namespaces/{}/{}s",
        scope.namespace,
        kind.to_lowercase()
    );
    scope.admin().post(&collection, &object).unwrap();
}

/// `remove --delete-namespace` names these objects, and deletes nothing.
#[track_caller]
fn assert_refused(scope: &Scope, objects: &str) {
    let run = remove("prometheus", scope, &["--apply", "--delete-namespace"])
        .run()
        .exit(1);
    let sentence = format!(
        "error: Namespace {} is not deleted: it also holds {objects}\n",
        scope.namespace
    );
    assert!(run.stderr.contains(&sentence), "{}", run.stderr);
    assert_eq!(super::deleted(scope), [] as [String; 0]);
    assert!(!is_going(scope));
}

fn applied(test: &str) -> Scope<'static> {
    let scope = world().scope(test);
    Monconf::prometheus(&scope, &["--apply", "--jobs", "apiserver"])
        .run()
        .ok();
    scope
}

#[test]
fn a_kind_of_a_version_that_its_group_does_not_prefer_is_found() {
    let scope = applied("unpreferred");
    let group = world().admin().get("/apis/monitoring.coreos.com").unwrap();
    assert_eq!(group["preferredVersion"]["version"], "v1");
    create(
        &scope,
        "monitoring.coreos.com",
        "v1alpha1",
        "ScrapeConfig",
        "theirs",
    );
    assert_refused(&scope, "ScrapeConfig theirs");
}

#[test]
fn every_version_of_a_group_of_several_kinds_is_read_and_each_object_is_named_once() {
    let scope = applied("versions");
    define("versions.example", "Stable", &["v1", "v1beta1"]);
    define("versions.example", "Young", &["v1alpha1", "v1beta1"]);
    define("versions.example", "Beta", &["v1beta2"]);
    create(&scope, "versions.example", "v1beta1", "Stable", "one");
    create(&scope, "versions.example", "v1alpha1", "Young", "two");
    create(&scope, "versions.example", "v1beta2", "Beta", "three");
    assert_refused(&scope, "Beta three, Stable one, Young two");
}

#[test]
fn a_kind_of_another_group_is_not_taken_for_the_one_of_kubernetes() {
    for (test, kind, name) in [
        ("their-event", "Event", "theirs"),
        ("their-account", "ServiceAccount", "default"),
        ("their-map", "ConfigMap", "kube-root-ca.crt"),
        ("their-secret", "Secret", "theirs"),
    ] {
        let scope = applied(test);
        let group = format!("{test}.example");
        define(&group, kind, &["v1"]);
        create(&scope, &group, "v1", kind, name);
        assert_refused(&scope, &format!("{kind}.{group} {name}"));
    }
}

#[test]
fn a_list_of_several_pages_is_read_to_its_end() {
    let scope = applied("pages");
    define("pages.example", "Page", &["v1"]);
    for number in 0..130 {
        create(
            &scope,
            "pages.example",
            "v1",
            "Page",
            &format!("p{number:03}"),
        );
    }
    let first: Vec<String> = (0..10).map(|number| format!("Page p{number:03}")).collect();
    assert_refused(&scope, &format!("{} and 120 more", first.join(", ")));
}

#[test]
fn what_cannot_be_looked_at_is_not_taken_for_empty() {
    let scope = applied("unseen");
    let empty_list = || Fault::Respond {
        status: 200,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: "[]".into(),
    };
    let inside = format!("/apis/apps/v1/namespaces/{}/deployments", scope.namespace);
    let forbidden = Fault::status(403, "Forbidden", "deployments.apps is forbidden");
    let missing = Fault::status(404, "NotFound", "the server could not find it");
    let unavailable = Fault::status(503, "ServiceUnavailable", "no endpoints");
    for (path, fault) in [
        ("/apis", unavailable.clone()),
        ("/apis", empty_list()),
        ("/apis/apps/v1", unavailable),
        ("/apis/apps/v1", missing.clone()),
        ("/apis/apps/v1", empty_list()),
        (&inside, forbidden),
        (&inside, missing),
        (&inside, empty_list()),
        (&inside, Fault::Truncate),
    ] {
        let spoilt = path.to_owned();
        let shown = format!("{path}: {fault:?}");
        let relay = world().relay(move |request| {
            let is_it = request.method == "GET" && request.path == spoilt;
            if is_it { fault.clone() } else { Fault::Pass }
        });
        let kubeconfig = scope.user.via(&relay.url());
        let run = remove("prometheus", &scope, &["--apply", "--delete-namespace"])
            .kubeconfig(&kubeconfig)
            .run();
        assert_eq!(run.code, 1, "{shown}\n{}", run.stderr);
        let sentence = format!(
            "error: Namespace {} is not deleted: it is not known what is in it",
            scope.namespace
        );
        assert!(run.stderr.contains(&sentence), "{shown}\n{}", run.stderr);
        assert_eq!(super::deleted(&scope), [] as [String; 0], "{shown}");
    }
}

#[test]
fn an_object_that_is_created_during_the_removal_keeps_the_namespace() {
    let scope = applied("meanwhile");
    let (admin, namespace) = (world().admin().clone(), path(&scope));
    let relay = world().relay(move |request| {
        // The ServiceAccount is deleted long after the plan, and some steps before the Namespace.
        if request.method == "DELETE" && request.path.contains("/serviceaccounts/") {
            let map =
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}});
            admin
                .post(&format!("{namespace}/configmaps"), &map)
                .unwrap();
        }
        Fault::Pass
    });
    let kubeconfig = scope.user.via(&relay.url());
    let run = remove("prometheus", &scope, &["--apply", "--delete-namespace"])
        .kubeconfig(&kubeconfig)
        .run()
        .exit(1);
    let sentence = format!(
        "error: Namespace {} is not deleted: it also holds ConfigMap theirs\n",
        scope.namespace
    );
    assert!(run.stderr.contains(&sentence), "{}", run.stderr);
    assert!(
        run.stderr
            .contains(&format!("not written: Namespace {}", scope.namespace)),
        "{}",
        run.stderr
    );
    assert!(!is_going(&scope));
    assert!(
        !super::deleted(&scope).is_empty(),
        "the instance is removed"
    );
}
