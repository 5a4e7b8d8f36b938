//! In a real Pod under the restricted Pod Security standard: its root is read-only, its user has no name, and there is no
//! folder of its own. What the kubelet takes from it as the termination message is the result.

use std::path::Path;
use std::sync::Once;

use serde_json::{Value, json};
use testbed::{Cluster, Pod, Scope};

use super::{objects, settled};

const IMAGE: &str = "testbed.invalid/monconf:1";
/// A Pod that runs monconf once.
struct Runner<'a> {
    cluster: &'a Cluster,
    scope: &'a Scope<'a>,
    name: &'static str,
}

impl<'a> Runner<'a> {
    fn start(
        cluster: &'a Cluster,
        scope: &'a Scope<'a>,
        name: &'static str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        static IMPORTED: Once = Once::new();
        IMPORTED.call_once(|| {
            let program = Path::new(env!("CARGO_BIN_EXE_monconf"));
            cluster.node.import_image(IMAGE, &[program]);
        });
        let environment = environment.iter();
        let environment = environment.map(|(name, value)| json!({"name": name, "value": value}));
        let container = json!({
            "env": environment.collect::<Vec<_>>(),
            "securityContext": {
                "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
            },
        });
        let spec = json!({
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 30,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65_534, "runAsGroup": 65_534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        });
        let pod = Pod {
            image: IMAGE,
            args: arguments,
            container: container.as_object().unwrap().clone(),
            spec: spec.as_object().unwrap().clone(),
            ..Pod::default()
        };
        let mut object = pod.object(name);
        // So that it can be looked at once it is ended.
        object["metadata"]["finalizers"] = json!(["example.com/seen"]);
        let runner = Self {
            cluster,
            scope,
            name,
        };
        let pods = runner.path().rsplit_once('/').unwrap().0.to_owned();
        cluster.cp.admin().post(&pods, &object).unwrap();
        runner
    }

    fn path(&self) -> String {
        format!(
            "/api/v1/namespaces/{}/pods/{}",
            self.scope.namespace, self.name
        )
    }

    fn log(&self) -> String {
        self.cluster.pod_log(&self.scope.namespace, self.name)
    }

    /// Exit code and termination message.
    fn ended(self) -> (i64, Value) {
        let admin = self.cluster.cp.admin();
        let pod = || admin.get(&self.path()).unwrap();
        let of = |pod: &Value| pod["status"]["containerStatuses"][0]["state"]["terminated"].clone();
        testbed::poll::poll(|| of(&pod()).is_object().then_some(()))
            .unwrap_or_else(|| panic!("{:#}\n{}", pod()["status"], self.log()));
        let terminated = of(&pod());
        let message = terminated["message"]
            .as_str()
            .unwrap_or_else(|| panic!("{terminated}\n{}", self.log()));
        (terminated["exitCode"].as_i64().unwrap(), settled(message))
    }
}

impl Drop for Runner<'_> {
    fn drop(&mut self) {
        let free = json!({"metadata": {"finalizers": null}});
        let admin = self.cluster.cp.admin();
        let _ = admin.patch_merge(&self.path(), &free);
        let _ = admin.delete(&self.path());
    }
}

#[test]
fn a_pod_that_may_write_nothing_tells_its_result() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let cp = &cluster.cp;
    let scope = cp.scope("in-pod");
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": scope.namespace, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    });
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    cp.wait_for_namespace(&scope.namespace);
    let user = format!("system:serviceaccount:{}:default", scope.namespace);
    cp.grant(
        &user,
        None,
        &json!([
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ]),
    );
    let environment = [
        ("MONCONF_LOG_FORMAT", "json"),
        ("MONCONF_RESULT_FILE", "/dev/termination-log"),
        ("MONCONF_NAME", scope.name.as_str()),
        ("MONCONF_NAMESPACE", scope.namespace.as_str()),
        ("MONCONF_JOBS", "apiserver,kubelet"),
        ("MONCONF_OUTPUT", "json"),
    ];
    let run =
        |name, arguments: &[&str]| Runner::start(cluster, &scope, name, arguments, &environment);

    let apply = run("apply", &["prometheus", "--apply"]);
    let (code, result) = {
        testbed::poll::until("its log", || apply.log().contains("\"result\":"));
        let log = apply.log();
        let lines: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("\"level\":"))
            .collect();
        assert!(objects(&lines.join("\n")).len() > 8, "{log}");
        apply.ended()
    };
    assert_eq!(
        (code, &result["result"]),
        (0, &json!("applied")),
        "{result}"
    );

    let (code, result) = run("verify", &["verify", "prometheus"]).ended();
    assert_eq!(
        (code, &result["result"]),
        (0, &json!("verified")),
        "{result}"
    );

    let (code, result) = run("usage", &["rotate", "--if-do"]).ended();
    assert_eq!((code, &result["retryable"]), (1, &json!(false)), "{result}");

    let mut elsewhere = environment.to_vec();
    elsewhere.extend([
        ("KUBERNETES_SERVICE_HOST", "127.0.0.1"),
        ("KUBERNETES_SERVICE_PORT", "1"),
    ]);
    let (code, result) = Runner::start(
        cluster,
        &scope,
        "elsewhere",
        &["rotate", "--apply"],
        &elsewhere,
    )
    .ended();
    assert_eq!((code, &result["retryable"]), (75, &json!(true)), "{result}");

    // Deleted while it waits: it is process 1, which no signal ends by itself.
    let waiting = run(
        "rotate",
        &["rotate", "--apply", "--overlap", "1h", "--wait"],
    );
    testbed::poll::until("a new token", || {
        waiting.log().contains("Token issued for ")
    });
    cp.admin().delete(&waiting.path()).unwrap();
    let (code, result) = waiting.ended();
    assert_eq!(
        (code, &result["error"]),
        (143, &json!("interrupted by SIGTERM")),
        "{result}"
    );
    assert_eq!(result["retryable"], true);
}
