//! What has a name of ours and is somebody else's stays, and is told.

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use super::remove;
use crate::support::{Monconf, state};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

fn labels(instance: &str, component: &str) -> Value {
    json!({
        "app.kubernetes.io/managed-by": "monconf",
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/component": component,
    })
}

fn named(kind: &str, api: &str, name: &str, labels: &Value) -> Value {
    json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels}})
}

fn make(scope: &Scope, collection: &str, object: &Value) -> String {
    let made = scope.admin().post(collection, object).unwrap();
    format!(
        "{collection}/{}",
        made["metadata"]["name"].as_str().unwrap()
    )
}

/// Collections of the kinds that are tried.
struct Collections {
    secrets: String,
    accounts: String,
    roles: String,
    monitors: String,
}

impl Collections {
    fn of(scope: &Scope) -> Self {
        let core = format!("/api/v1/namespaces/{}", scope.namespace);
        Self {
            secrets: format!("{core}/secrets"),
            accounts: format!("{core}/serviceaccounts"),
            roles: format!("{RBAC}/clusterroles"),
            monitors: format!(
                "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors",
                scope.namespace
            ),
        }
    }
}

fn secret(name: &str, labels: &Value) -> Value {
    named("Secret", "v1", name, labels)
}

fn account(name: &str, labels: &Value) -> Value {
    named("ServiceAccount", "v1", name, labels)
}

fn role(name: &str, labels: &Value) -> Value {
    named("ClusterRole", "rbac.authorization.k8s.io/v1", name, labels)
}

fn monitor(name: &str, labels: &Value) -> Value {
    let mut monitor = named("ServiceMonitor", "monitoring.coreos.com/v1", name, labels);
    monitor["spec"] = json!({"selector": {}, "endpoints": []});
    monitor
}

/// What looks like an object of the instance and is none stays.
#[test]
fn look_alikes_of_every_name_stay_and_are_told() {
    let scope = ControlPlane::shared().scope("alike");
    scope.create_namespace();
    let name = |suffix: &str| format!("{}{suffix}", scope.name);
    let at = Collections::of(&scope);
    let ours = labels(&scope.name, "prometheus");
    let (none, alloys) = (json!({}), labels(&scope.name, "alloy"));
    let (somebodys, longer) = (
        labels("somebody", "prometheus"),
        labels(&name("2"), "prometheus"),
    );
    let mut helms = ours.clone();
    helms["app.kubernetes.io/managed-by"] = "Helm".into();
    // The names are ours, the labels are not.
    let in_our_place = [
        (
            &at.secrets,
            secret(&name("-k8s-token-a"), &none),
            "Secret NS/NAME-k8s-token-a",
        ),
        (
            &at.accounts,
            account(&name("-sa"), &alloys),
            "ServiceAccount NS/NAME-sa",
        ),
        (
            &at.roles,
            role(&name("-clusterrole"), &somebodys),
            "ClusterRole NAME-clusterrole",
        ),
        (
            &at.monitors,
            monitor(&name("-k8s"), &none),
            "ServiceMonitor NS/NAME-k8s",
        ),
    ];
    // The names are like ours, and so are the labels, all or all but one.
    let alike = [
        (&at.secrets, secret(&name("-k8s-token-c"), &ours)),
        (&at.accounts, account(&name("-sa2"), &helms)),
        (&at.roles, role(&name("-clusterrole2"), &longer)),
        (&at.monitors, monitor(&name("-k8s-mine"), &helms)),
        // All of the labels, as a copy has them, and another writer.
        (&at.monitors, monitor(&name("-k8s-copied"), &ours)),
        (&at.monitors, monitor(&name("-k8s-agent"), &alloys)),
    ];
    let mut paths: Vec<String> = in_our_place
        .iter()
        .map(|(collection, object, _)| make(&scope, collection, object))
        .collect();
    paths.extend(
        alike
            .iter()
            .map(|(collection, object)| make(&scope, collection, object)),
    );
    // One that monconf wrote, of a name that nobody would guess, goes.
    let own = format!("{}/unguessable", at.monitors);
    scope
        .admin()
        .apply(&own, &monitor("unguessable", &ours), "monconf")
        .unwrap();
    let before: Vec<Value> = paths
        .iter()
        .map(|path| scope.admin().get(path).unwrap())
        .collect();

    let run = remove("prometheus", &scope, &["--apply"]).run().ok();
    let now: Vec<Value> = paths
        .iter()
        .map(|path| scope.admin().get(path).unwrap())
        .collect();
    assert_eq!(now, before);
    assert!(scope.admin().is_absent(&own));
    let table = run
        .stdout
        .replace(&scope.namespace, "NS")
        .replace(&scope.name, "NAME");
    for (_, _, target) in &in_our_place {
        let (kind, place) = target.split_once(' ').unwrap();
        let line = table.lines().find(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some("=") && words.next() == Some(kind) && words.next() == Some(place)
        });
        assert!(
            line.is_some_and(|line| line.contains("stays: ")),
            "{target}: {table}"
        );
    }
    assert!(
        table.contains("stays: of instance somebody of monconf (prometheus)"),
        "{table}"
    );
    assert!(
        table.contains("stays: of instance NAME of monconf (alloy)"),
        "{table}"
    );
    for path in paths {
        scope.admin().delete(&path).unwrap();
    }
}

/// The ClusterRole and its binding have the same names for an instance of the same name in another namespace.
#[test]
fn an_instance_of_the_same_name_in_another_namespace_stays() {
    let scope = ControlPlane::shared().scope("twin");
    scope.create_namespace();
    Monconf::prometheus(&scope, &["--apply", "--format", "raw"])
        .run()
        .ok();
    let before = state::of(&scope);
    let elsewhere = Monconf::new(["remove", "prometheus", "--name", &scope.name, "--apply"])
        .args(["--yes", "--namespace", "default"])
        .kubeconfig(scope.kubeconfig())
        .run()
        .ok();
    assert_eq!(state::of(&scope), before);
    assert!(
        elsewhere.stdout.contains("Nothing to remove"),
        "{}",
        elsewhere.stdout
    );
    assert!(
        elsewhere
            .stdout
            .contains(&format!("in namespace {}", scope.namespace)),
        "{}",
        elsewhere.stdout
    );
}

#[test]
fn what_a_finalizer_holds_is_told_and_is_no_error() {
    let scope = ControlPlane::shared().scope("held");
    scope.create_namespace();
    Monconf::prometheus(&scope, &["--apply", "--format", "raw"])
        .run()
        .ok();
    let role = format!("{RBAC}/clusterroles/{}-clusterrole", scope.name);
    let hold = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    scope.admin().patch_merge(&role, &hold).unwrap();
    let run = remove("prometheus", &scope, &["--apply"]).run().ok();
    assert!(
        run.stdout
            .contains("is gone only when finalizer example.com/hold lets it go"),
        "{}",
        run.stdout
    );
    let again = remove("prometheus", &scope, &["--apply"]).run().ok();
    let sentence = format!(
        "warning: ClusterRole {}-clusterrole is being deleted already; it waits for finalizer example.com/hold",
        scope.name
    );
    assert!(again.stderr.contains(&sentence), "{}", again.stderr);
    assert!(
        again.stdout.contains("Nothing to remove"),
        "{}",
        again.stdout
    );
    scope
        .admin()
        .patch_merge(&role, &json!({"metadata": {"finalizers": null}}))
        .unwrap();
}

/// Between the diff and the deletion somebody has put another object in the place of ours.
#[test]
fn an_object_that_was_changed_since_it_was_read_is_not_deleted_unseen() {
    let scope = ControlPlane::shared().scope("swapped");
    scope.create_namespace();
    Monconf::prometheus(&scope, &["--apply", "--format", "raw"])
        .run()
        .ok();
    let role = format!("{RBAC}/clusterroles/{}-clusterrole", scope.name);
    let admin = scope.admin().clone();
    let path = role.clone();
    let relay = scope.cp.relay(move |request| {
        if request.method == "DELETE" && request.path == path {
            let others = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}});
            admin.patch_merge(&path, &others).unwrap();
        }
        testbed::Fault::Pass
    });
    let run = remove("prometheus", &scope, &["--apply"])
        .kubeconfig(&scope.user.via(&relay.url()))
        .run()
        .ok();
    assert!(
        run.stderr
            .contains("changed in the meantime; planning again"),
        "{}",
        run.stderr
    );
    assert!(!scope.admin().is_absent(&role));
    scope.admin().delete(&role).unwrap();
}
