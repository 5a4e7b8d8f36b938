//! Whoever applies manifests: Helm's own requests are foreseen, what a role grants, and Pod Security.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use testbed::{ControlPlane, Helm, Scope, User};

use super::{apply, documents, report};
use crate::support::rights::asked;
use crate::support::{Monconf, Run};

const CHART: &str = "apiVersion: v2\nname: probe\nversion: 0.1.0\n";
/// Ordinary resources, roles that are granted, a role of the cluster's own, and hooks.
const TEMPLATE: &str = r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: NAME-scraper}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: NAME-settings}
data: {a: "{{ .Values.a | default 1 }}"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAME}
rules:
- {apiGroups: [""], resources: [nodes/metrics], verbs: [get]}
- {nonResourceURLs: [/metrics], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAME}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME}
subjects: [{kind: ServiceAccount, name: NAME-scraper, namespace: "{{ .Release.Namespace }}"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: NAME-reviews}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:public-info-viewer"}
subjects: [{kind: ServiceAccount, name: NAME-scraper, namespace: "{{ .Release.Namespace }}"}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: NAME-rotate}
spec:
  schedule: "0 0 * * *"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: NAME-runner
  annotations: {"helm.sh/hook": "post-install,post-upgrade", "helm.sh/hook-weight": "-10"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: NAME-runner
  annotations: {"helm.sh/hook": "post-install,post-upgrade", "helm.sh/hook-weight": "-9"}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [NAME-token], verbs: [get, patch]}
"#;

struct Chart<'a> {
    scope: &'a Scope<'a>,
    helm: Helm,
    folder: tempfile::TempDir,
}

impl<'a> Chart<'a> {
    fn new(scope: &'a Scope<'a>, helm: Helm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let templates = folder.path().join("probe/templates");
        fs::create_dir_all(&templates).unwrap();
        fs::write(folder.path().join("probe/Chart.yaml"), CHART).unwrap();
        let template = TEMPLATE.replace("NAME", &scope.name);
        fs::write(templates.join("all.yaml"), template).unwrap();
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scope.namespace}});
        scope
            .cp
            .admin()
            .post("/api/v1/namespaces", &namespace)
            .unwrap();
        Self {
            scope,
            helm,
            folder,
        }
    }

    fn chart(&self) -> String {
        self.folder.path().join("probe").display().to_string()
    }

    /// What `helm template` prints, in a file.
    fn rendered(&self) -> String {
        let arguments = [
            "template",
            "probe",
            &self.chart(),
            "-n",
            &self.scope.namespace,
        ];
        let text = self.helm.output(self.folder.path(), &arguments);
        let file = self.folder.path().join("rendered.yaml");
        fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    fn preflight(&self, kubeconfig: &Path, arguments: &[&str]) -> Run {
        let with = match self.helm {
            Helm::V3 => "helm3",
            Helm::V4 => "helm4",
        };
        let rendered = self.rendered();
        Monconf::new(["preflight", "--manifests", &rendered, "--with", with])
            .args(["-n", &self.scope.namespace])
            .args(arguments)
            .kubeconfig(kubeconfig)
            .run()
    }

    fn helm(&self, user: &User, arguments: &[&str]) -> Output {
        let mut command = self.helm.command(self.folder.path());
        command
            .args(arguments)
            .args(["-n", &self.scope.namespace])
            .env("KUBECONFIG", &user.kubeconfig);
        command.output().unwrap()
    }
}

#[track_caller]
fn ok(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

fn held(found: &Value) -> bool {
    let needs = found["needs"].as_array().unwrap();
    needs.iter().all(|need| need["held"] == true) && found["missing"] == 0
}

fn a_release(helm: Helm) {
    let cp = ControlPlane::shared();
    let scope = cp.scope(&format!("helm-{helm:?}"));
    let chart = Chart::new(&scope, helm);
    let user = cp.user(&format!("releaser-{}", scope.name), &[]);
    let as_user = ["--as", &user.name, "-o", "yaml"];
    let asked_for = chart.preflight(scope.kubeconfig(), &as_user).exit(1);
    let roles = documents(&asked_for.stdout);
    // Without one right that the chart's role grants, Helm is told by the API server what was foreseen.
    let mut less = roles.clone();
    for role in &mut less {
        if let Some(rules) = role.get_mut("rules").and_then(Value::as_array_mut) {
            rules.retain(|rule| {
                rule["nonResourceURLs"][0] != "/metrics"
                    && rule["nonResourceURLs"]
                        .as_array()
                        .is_none_or(|urls| !urls.contains(&json!("/metrics")))
            });
        }
    }
    apply(&scope, &less);
    let found = wait(&chart, &user, |found| {
        found["needs"]
            .as_array()
            .unwrap()
            .iter()
            .all(|need| need["held"] == true)
    });
    let missing = found["grants"].as_array().unwrap().iter();
    let missing: Vec<&Value> = missing
        .flat_map(|grant| grant["missing"].as_array().unwrap())
        .collect();
    assert_eq!(missing, ["get /metrics"], "{found:#}");
    let refused = chart.helm(&user, &["install", "probe", &chart.chart()]);
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        errors.contains(r#"{NonResourceURLs:["/metrics"], Verbs:["get"]}"#),
        "{errors}"
    );
    assert!(!errors.contains("nodes/metrics"), "{errors}");
    let _ = chart.helm(&user, &["uninstall", "probe"]);

    apply(&scope, &roles);
    wait(&chart, &user, held);
    let since = cp.audit(&user.name).len();
    ok(&chart.helm(&user, &["install", "probe", &chart.chart()]));
    ok(&chart.helm(&user, &["upgrade", "probe", &chart.chart(), "--set", "a=2"]));
    ok(&chart.helm(&user, &["uninstall", "probe"]));
    let events = cp.audit(&user.name).split_off(since);
    // Helm 3 looks at the Namespace of a hook that it has deleted, and does not mind.
    let refused: Vec<String> = events
        .iter()
        .filter(|event| event.code == 403 && event.resource != "namespaces")
        .flat_map(asked)
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

fn wait(chart: &Chart, user: &User, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut found = Value::Null;
    for _ in 0..200 {
        found = report(&chart.preflight(&user.kubeconfig, &["-o", "json"]));
        if is_so(&found) {
            break;
        }
    }
    assert!(is_so(&found), "{found:#}");
    found
}

#[test]
fn a_release_of_helm_3_takes_what_was_told() {
    a_release(Helm::V3);
}

#[test]
fn a_release_of_helm_4_takes_what_was_told() {
    a_release(Helm::V4);
}

/// The API server decides; whoever may not create Pods is told what the fields say.
#[test]
fn pod_security_is_told_before() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("preflight-pod-security");
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": scope.namespace, "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
    }});
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.yaml");
    let job = |name: &str, security: Value| {
        let of_container =
            json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
        json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"template": {"spec": {
                "restartPolicy": "Never", "securityContext": security, "serviceAccountName": "not-yet",
                "containers": [{"name": "a", "image": "a", "securityContext": of_container}],
            }}},
        })
    };
    let good = job(
        "good",
        json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}),
    );
    let bad = job("bad", json!({}));
    fs::write(&file, format!("{good}\n---\n{bad}\n")).unwrap();
    let reader = cp.limited_user(
        "reader",
        &json!([
            {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
            {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]},
        ]),
    );
    for (user, is_said) in [(&scope.user, true), (&reader, false)] {
        let run = Monconf::new([
            "preflight",
            "--manifests",
            file.to_str().unwrap(),
            "-n",
            &scope.namespace,
            "-o",
            "json",
        ])
        .kubeconfig(&user.kubeconfig)
        .run()
        .exit(1);
        let found = report(&run);
        assert_eq!(found["missing"], 1, "{found:#}");
        assert_eq!(found["admission"][0]["refused"], json!([]));
        assert_eq!(found["admission"][1]["saidByServer"], is_said);
        let why = found["admission"][1]["refused"].to_string();
        assert!(
            why.contains("runAsNonRoot")
                && why.contains("seccompProfile")
                && !why.contains("capabilities"),
            "{why}"
        );
    }
    let pods = format!("/api/v1/namespaces/{}/pods", scope.namespace);
    assert_eq!(cp.admin().get(&pods).unwrap()["items"], json!([]));
}

#[test]
fn what_is_no_manifest_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, words) in [
        ("{{ .Values.x }}: [\n", "helm template"),
        (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\nkind: Secret\n",
            ":5: this is no manifest: it has no apiVersion",
        ),
        ("", "there is no manifest in"),
        ("# nothing\n", "there is no manifest in"),
        (
            "{apiVersion: v1, kind: List, items: []}\n",
            "there is no manifest in",
        ),
        (
            "lab-host\n",
            ":1: this is no manifest: it has no apiVersion",
        ),
    ] {
        let file = folder.path().join("m.yaml");
        fs::write(&file, text).unwrap();
        let run = Monconf::new([
            "preflight",
            "--offline",
            "--manifests",
            file.to_str().unwrap(),
        ])
        .run()
        .exit(1);
        assert!(run.stderr.contains(words), "{text}: {}", run.stderr);
    }
}

/// What the server cannot tell, and no level tells either, is not said to be admitted.
#[test]
fn what_is_not_known_of_pods_is_said() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("preflight-not-known");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pod.yaml");
    fs::write(
        &file,
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: a}]}}",
    )
    .unwrap();
    let ask = |output: &str| {
        Monconf::new(["preflight", "-o", output, "--manifests"])
            .args([&file])
            .args(["-n", &scope.namespace])
            .kubeconfig(scope.kubeconfig())
            .run()
            .ok()
    };
    let absent = ask("text").stdout;
    assert!(
        absent.contains("  ! not known: ") && !absent.contains("admitted"),
        "{absent}"
    );
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scope.namespace}});
    cp.admin().post("/api/v1/namespaces", &namespace).unwrap();
    let admitted = ask("text").stdout;
    assert!(admitted.contains("  + its Pods are admitted"), "{admitted}");
    let quotas = format!("/api/v1/namespaces/{}/resourcequotas", scope.namespace);
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}});
    cp.admin().post(&quotas, &quota).unwrap();
    let mut found = report(&ask("json"));
    for _ in 0..200 {
        if found["admission"][0]["unknown"].is_string() {
            break;
        }
        found = report(&ask("json"));
    }
    let why = found["admission"][0]["unknown"].as_str().unwrap();
    assert!(why.contains("quota"), "{why}");
    assert_eq!(found["admission"][0]["saidByServer"], false);
}

/// An installation does not fail for want of rights on a test, nor on what only an uninstallation runs.
#[test]
fn hooks_of_tests_and_deletions_are_not_indispensable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hooks.yaml");
    let role = |name: &str, hooks: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": name, "annotations": {"helm.sh/hook": hooks}},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        })
    };
    let hooks = [
        ("tried", "test", Some("only for helm test")),
        ("gone", "pre-delete", Some("only for an uninstallation")),
        ("both", "post-install, pre-delete", None),
        ("later", "post-upgrade,post-rollback", None),
    ];
    let roles = hooks.map(|(name, hooks, _)| role(name, hooks).to_string());
    fs::write(&file, roles.join("\n---\n")).unwrap();
    let run = Monconf::new(["preflight", "--offline", "-o", "json", "--manifests"])
        .args([&file])
        .run()
        .ok();
    let found = report(&run);
    for (index, (name, _, when)) in hooks.iter().enumerate() {
        assert_eq!(found["grants"][index]["when"], json!(when), "{name}");
        let needs = found["needs"].as_array().unwrap().iter();
        let mut named = needs.filter(|need| need["resourceName"] == *name);
        assert!(
            named.all(|need| need["required"] == when.is_none()),
            "{name}: {found:#}"
        );
    }
}
