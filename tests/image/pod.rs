//! The image on a node: any user, nothing to write to, Pod Security at its strictest.

use serde_json::{Map, Value, json};
use testbed::poll::poll;
use testbed::{Cluster, Pod, Scope};

use crate::support::image::{NAME, import};

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

/// How the program is run: more of the container's and of the Pod's fields.
#[derive(Default)]
struct Setting {
    container: Value,
    spec: Value,
}

/// Runs it to its end as a user without a name; whether that was a good one, and what it wrote.
fn run(
    cluster: &Cluster,
    scope: &Scope,
    name: &str,
    args: &[&str],
    setting: &Setting,
) -> (bool, String) {
    let mut container = json!({
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
    for (object, more) in [
        (&mut container, &setting.container),
        (&mut spec, &setting.spec),
    ] {
        for (field, value) in more.as_object().into_iter().flatten() {
            object[field] = value.clone();
        }
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
    let phase = poll(|| {
        let phase = status()["phase"].clone();
        (phase == "Succeeded" || phase == "Failed").then_some(phase)
    });
    let log = cluster.pod_log(&scope.namespace, name);
    let Some(phase) = phase else {
        panic!("{name} does not end: {:#}\n{log}", status());
    };
    (phase == "Succeeded", log)
}

/// Binds the account of the namespace's Pods to the administrator's role.
fn may_do_everything(scope: &Scope) {
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
}

#[test]
fn it_runs_as_any_user() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = restricted(cluster, "image-user");
    let setting = Setting {
        spec: json!({"automountServiceAccountToken": false}),
        ..Setting::default()
    };
    let version = run(cluster, &scope, "version", &["--version"], &setting);
    let expected = concat!("monconf ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(version, (true, expected.to_owned()));
    let (well, jobs) = run(cluster, &scope, "jobs", &["jobs"], &setting);
    assert!(well && jobs.contains("cadvisor"), "{jobs}");
}

/// With the CA that the Pod has; by a name, which the program looks up without any library of this machine.
#[test]
fn it_plans_as_the_account_of_its_pod() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = restricted(cluster, "image-plan");
    may_do_everything(&scope);
    let setting = Setting {
        container: json!({
            "env": [{"name": "KUBERNETES_SERVICE_HOST", "value": "kubernetes.default.svc"}],
        }),
        spec: json!({
            "hostAliases": [{"ip": "10.96.0.1", "hostnames": ["kubernetes.default.svc"]}],
        }),
    };
    let args = [
        "prometheus",
        "--name",
        &scope.name,
        "--namespace",
        &scope.namespace,
    ];
    let (well, plan) = run(cluster, &scope, "plan", &args, &setting);
    assert!(well, "{plan}");
    assert!(plan.contains("https://kubernetes.default.svc"), "{plan}");
    assert!(plan.contains("Plan: "), "{plan}");
}

/// There are no certificates of authorities in it: what is not verified works all the same, and what is says how.
#[test]
fn it_does_without_authorities_of_the_system() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let scope = restricted(cluster, "image-no-ca");
    may_do_everything(&scope);
    let kubeconfig = |insecure: bool| {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "pod"}}],
            "clusters": [{"name": "here", "cluster": {
                "server": "https://10.96.0.1", "insecure-skip-tls-verify": insecure,
            }}],
            "users": [{"name": "pod", "user": {
                "tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token",
            }}],
        });
        config.to_string()
    };
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubeconfigs"},
        "data": {"insecure": kubeconfig(true), "verified": kubeconfig(false)},
    });
    let maps = format!("/api/v1/namespaces/{}/configmaps", scope.namespace);
    scope.admin().post(&maps, &map).unwrap();
    let setting = Setting {
        container: json!({"volumeMounts": [{"name": "kubeconfigs", "mountPath": "/kubeconfigs"}]}),
        spec: json!({
            "volumes": [{"name": "kubeconfigs", "configMap": {"name": "kubeconfigs"}}],
        }),
    };
    let status = |name: &str| {
        let kubeconfig = format!("/kubeconfigs/{name}");
        let args = ["status", "--kubeconfig", &kubeconfig];
        run(cluster, &scope, name, &args, &setting)
    };
    let (well, said) = status("insecure");
    assert!(well, "{said}");
    let (well, said) = status("verified");
    assert!(!well && said.contains("this system has none"), "{said}");
    assert!(said.contains("SSL_CERT_FILE"), "{said}");

    // The client of Prometheus is made before the token is looked for.
    let args = [
        "verify",
        "--name",
        &scope.name,
        "--prometheus-url",
        "http://127.0.0.1:9",
    ];
    let (well, said) = run(cluster, &scope, "plain", &args, &Setting::default());
    assert!(!well && said.contains("there is no token"), "{said}");
}
