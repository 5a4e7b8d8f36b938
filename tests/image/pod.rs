//! The image on a node: any user, nothing to write to, Pod Security at its strictest.

use std::time::Duration;

use serde_json::{Map, Value, json};
use testbed::poll::poll;
use testbed::{Cluster, Pod, Scope};

use crate::support::image::{NAME, import};

const PATIENCE: Duration = Duration::from_mins(1);

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A namespace where the image may run, restricted as far as Kubernetes goes.
fn restricted<'a>(cluster: &'a Cluster, test: &str) -> Scope<'a> {
    let scope = cluster.cp.scope(test);
    scope.create_namespace();
    cluster.cp.wait_for_namespace(&scope.namespace);
    let labels =
        json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
    let namespace = format!("/api/v1/namespaces/{}", scope.namespace);
    scope.admin().patch_merge(&namespace, &labels).unwrap();
    import(cluster);
    scope
}

/// Runs it to its end as a user without a name; what it wrote. `fields` are more of the Pod's `spec`.
fn run(
    cluster: &Cluster,
    scope: &Scope,
    name: &str,
    args: &[&str],
    env: &Value,
    fields: &Value,
) -> String {
    let container = json!({
        "env": env,
        "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    });
    let mut spec = json!({
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 12345, "runAsGroup": 12345,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    });
    for (field, value) in object(fields) {
        spec[field] = value;
    }
    let pod = Pod {
        image: NAME,
        args,
        container: object(&container),
        spec: object(&spec),
        ..Pod::default()
    };
    let pods = format!("/api/v1/namespaces/{}/pods", scope.namespace);
    scope.admin().post(&pods, &pod.object(name)).unwrap();
    let status = || {
        scope
            .admin()
            .get(&format!("{pods}/{name}"))
            .unwrap_or_default()["status"]
            .clone()
    };
    let phase = poll(PATIENCE, || {
        let phase = status()["phase"].clone();
        (phase == "Succeeded" || phase == "Failed").then_some(phase)
    });
    let log = cluster.pod_log(&scope.namespace, name);
    assert_eq!(phase, Some("Succeeded".into()), "{:#}\n{log}", status());
    log
}

#[test]
fn it_runs_as_any_user() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = restricted(cluster, "image-user");
    let without_token = json!({"automountServiceAccountToken": false});
    let version = run(
        cluster,
        &scope,
        "version",
        &["--version"],
        &json!([]),
        &without_token,
    );
    assert_eq!(
        version,
        concat!("monconf ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let jobs = run(
        cluster,
        &scope,
        "jobs",
        &["jobs"],
        &json!([]),
        &without_token,
    );
    assert!(jobs.contains("cadvisor"), "{jobs}");
}

/// With the CA that the Pod has; by a name, which the program looks up without any library of this machine.
#[test]
fn it_plans_as_the_account_of_its_pod() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = restricted(cluster, "image-plan");
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {
            "name": format!("{}-runner", scope.name),
            "labels": {"app.kubernetes.io/instance": scope.name},
        },
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": scope.namespace}],
    });
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    scope.admin().post(bindings, &binding).unwrap();
    let args = [
        "prometheus",
        "--name",
        &scope.name,
        "--namespace",
        &scope.namespace,
    ];
    let env = json!([{"name": "KUBERNETES_SERVICE_HOST", "value": "kubernetes.default.svc"}]);
    let aliases =
        json!({"hostAliases": [{"ip": "10.96.0.1", "hostnames": ["kubernetes.default.svc"]}]});
    let plan = run(cluster, &scope, "plan", &args, &env, &aliases);
    assert!(plan.contains("https://kubernetes.default.svc"), "{plan}");
    assert!(plan.contains("Plan: "), "{plan}");
}
