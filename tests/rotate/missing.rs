//! Where there is no instance nothing is written, and those that exist are named.

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use super::support::{Instance, refused};
use crate::support::{Monconf, token};

fn secrets(scope: &Scope) -> Vec<String> {
    let path = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    let list = scope.admin().get(&path).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|secret| secret["metadata"]["name"].to_string())
        .collect()
}

#[test]
fn a_namespace_of_no_instance_gets_no_secret() {
    let cp = ControlPlane::shared();
    let existing = Instance::applied(cp, "missing-existing");
    let scope = cp.scope("missing-namespace");
    scope.create_namespace();
    for arguments in [
        &["--apply"][..],
        &["--if-due", "--apply", "--yes"],
        &["--apply", "--overlap", "0s", "--format", "raw"],
        &[],
    ] {
        let call = Monconf::for_consumer("rotate", &scope, &["--jobs", "apiserver"]);
        let said = refused(&scope, call.args(arguments));
        let missing = format!(
            "error: no instance {0} of prometheus in namespace {1}: ServiceAccount {1}/{0}-sa does not exist. Nothing was written",
            scope.name, scope.namespace
        );
        assert!(said.contains(&missing), "{said}");
        let listed = format!(
            "\n    prometheus {}/{}\n",
            existing.scope.namespace, existing.scope.name
        );
        assert!(said.contains("\n  instances on this cluster:\n"), "{said}");
        assert!(said.contains(&listed), "{said}");
        assert_eq!(secrets(&scope), Vec::<String>::new());
    }
}

#[test]
fn an_account_that_somebody_made_is_no_instance() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("missing-account");
    scope.create_namespace();
    let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", scope.namespace);
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": format!("{}-sa", scope.name)},
    });
    scope.admin().post(&accounts, &account).unwrap();
    let call = Monconf::for_consumer("rotate", &scope, &["--jobs", "apiserver", "--apply"]);
    let said = refused(&scope, call);
    assert!(
        said.contains("-sa exists and was not created by monconf. Nothing was written"),
        "{said}"
    );
    assert_eq!(secrets(&scope), Vec::<String>::new());
}

#[test]
fn without_its_account_nothing_is_written_and_the_consumer_s_command_repairs_it() {
    let cp = ControlPlane::shared();
    let instance = Instance::applied(cp, "missing-sa");
    let scope = &instance.scope;
    let account = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        scope.namespace, scope.name
    );
    scope.admin().delete(&account).unwrap();
    let before = instance.token();
    for arguments in [&["--apply"][..], &["--if-due", "--apply"], &[]] {
        let said = refused(scope, instance.call("rotate", arguments));
        let missing = format!(
            "error: ServiceAccount {0}/{1}-sa of instance {1} does not exist: no token can be issued for it. Nothing was written\n",
            scope.namespace, scope.name
        );
        assert!(said.contains(&missing), "{said}");
        assert!(
            said.contains("--apply` creates it again, with a new token"),
            "{said}"
        );
        assert_eq!(instance.token(), before);
        assert!(!instance.exists('b'));
    }
    instance.call("prometheus", &["--apply"]).run().ok();
    assert!(token::is_accepted(cp, &instance.token()));
    instance.rotate(&["--overlap", "0s"]).ok();

    // An account that was made again by then has none of the tokens before: those are replaced.
    scope.admin().delete(&account).unwrap();
    let labels = json!({
        "app.kubernetes.io/managed-by": "monconf",
        "app.kubernetes.io/instance": scope.name,
        "app.kubernetes.io/component": "prometheus",
    });
    let made = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": format!("{}-sa", scope.name), "labels": labels},
    });
    let (accounts, _) = account.rsplit_once('/').unwrap();
    scope.admin().post(accounts, &made).unwrap();
    instance.rotate(&["--if-due", "--overlap", "0s"]).ok();
    assert!(token::is_accepted(cp, &instance.token()));
}

/// A runner that may read only its own instance cannot list others, and is told so.
#[test]
fn who_may_not_list_accounts_is_told_that_instances_are_not_known() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("missing-denied");
    scope.create_namespace();
    let get = |group: &str, resources: Value| json!({"apiGroups": [group], "resources": resources, "verbs": ["get"]});
    let limited = cp.limited_user(
        "instances",
        &json!([
            get("", json!(["namespaces", "secrets", "serviceaccounts"])),
            get(
                "rbac.authorization.k8s.io",
                json!([
                    "roles",
                    "rolebindings",
                    "clusterroles",
                    "clusterrolebindings"
                ])
            ),
        ]),
    );
    let drop_in = ["--jobs", "apiserver", "--drop-in", "k8s.yml", "--apply"];
    let run = Monconf::for_consumer("rotate", &scope, &drop_in)
        .kubeconfig(&limited.kubeconfig)
        .run()
        .exit(1);
    assert!(
        run.stderr.contains("which instances exist is not known: "),
        "{}",
        run.stderr
    );
    let events = cp.audit(&limited.name);
    assert!(events.iter().all(|event| !event.is_write()));
}
