//! Objects that carry the instance's labels and were made by others: nothing of them is deleted.

use serde_json::{Value, json};
use testbed::{ControlPlane, Scope};

use super::{MONITORING, monconf};
use crate::support::Monconf;

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// An object of the instance under another name, as `kubectl get -o yaml | kubectl apply -f -` makes it.
fn copied(scope: &Scope, path: &str, collection: &str, manager: &str) -> String {
    let mut object = scope.admin().get(path).unwrap();
    let labels = object["metadata"]["labels"].clone();
    let name = format!("copied-by-{manager}");
    object["metadata"] = json!({"name": name, "labels": labels});
    let copy = format!("{collection}/{name}");
    scope.admin().apply(&copy, &object, manager).unwrap();
    copy
}

fn uid(scope: &Scope, path: &str) -> Value {
    scope.admin().get(path).unwrap()["metadata"]["uid"].clone()
}

#[test]
fn copies_of_monitors_and_roles_stay_whatever_their_labels_say() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("copies");
    monconf(&scope, &["--apply", "--jobs", "apiserver,kubelet"]).ok();
    let namespaced = format!("namespaces/{}", scope.namespace);
    let monitors = format!("{MONITORING}/v1/{namespaced}/servicemonitors");
    let configs = format!("{MONITORING}/v1alpha1/{namespaced}/scrapeconfigs");
    let monitor = copied(
        &scope,
        &format!("{monitors}/{}-k8s", scope.name),
        &monitors,
        "kubectl",
    );
    let config = copied(
        &scope,
        &format!("{configs}/{}-k8s-kubelet", scope.name),
        &configs,
        "argocd-controller",
    );
    let role = {
        let labels = scope
            .admin()
            .get(&format!("{monitors}/{}-k8s", scope.name))
            .unwrap()["metadata"]["labels"]
            .clone();
        let path = format!("{RBAC}/namespaces/default/roles/{}-copied", scope.name);
        let object = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": format!("{}-copied", scope.name), "labels": labels}, "rules": [],
        });
        scope.admin().apply(&path, &object, "kubectl").unwrap();
        path
    };
    // What monconf wrote itself under a name that it no longer uses goes.
    let own = copied(
        &scope,
        &format!("{monitors}/{}-k8s", scope.name),
        &monitors,
        "monconf",
    );
    let copies = [&monitor, &config, &role];
    let before = copies.map(|path| uid(&scope, path));

    let run = monconf(&scope, &["--apply", "--jobs", "apiserver"]).ok();
    assert_eq!(copies.map(|path| uid(&scope, path)), before);
    assert!(scope.admin().is_absent(&own));
    let warning = format!(
        "warning: ServiceMonitor {}/copied-by-kubectl stays: has this instance's labels, and was written by kubectl",
        scope.namespace
    );
    assert!(run.stderr.contains(&warning), "{}", run.stderr);

    let run = Monconf::new(["remove", "prometheus", "--apply", "--yes"])
        .args(["--name", &scope.name, "--namespace", &scope.namespace])
        .kubeconfig(scope.kubeconfig())
        .run()
        .ok();
    assert_eq!(copies.map(|path| uid(&scope, path)), before);
    assert!(
        run.stdout
            .contains("stays: has this instance's labels, and was written by argocd-controller"),
        "{}",
        run.stdout
    );
    scope.admin().delete(&role).unwrap();
}
