//! What the real API server says about the objects, strictly, and Pod Security about the Pods.

use serde_json::{Value, json};
use testbed::{Client, ControlPlane, Helm, Scope};

use super::CHART;
use super::rendered::{Rendered, run};
use super::value_sets::{SETS, values};

/// Values beside `config`, all of them with something that must arrive literally.
const HOSTILE: &str = r#"
commonLabels: {team: "0123", "app.kubernetes.io/name": mine}
image: {repository: "registry:5000/mon/conf", digest: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", pullSecrets: [{name: "0123"}]}
hook: {activeDeadlineSeconds: 3600, backoffLimit: 0, ttlSecondsAfterFinished: 2000000000}
resources: {limits: {cpu: 1, memory: 1e8}}
pod:
  runAsUser: 1000650000
  labels: {"on": "yes", team: other}
  annotations: {note: "a: b\nc # {{ .Values }}", monconf/settings: mine}
  nodeSelector: {disk: "true"}
  tolerations: [{operator: Exists, effect: NoSchedule, tolerationSeconds: null}]
  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In, values: ["1e3"]}]}]}}}
  env: [{name: HTTPS_PROXY, value: "http://a:1"}, {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
"#;

fn restricted(test: &str) -> Scope<'static> {
    let scope = ControlPlane::shared().scope(test);
    scope.create_namespace();
    let level = |mode: &str| {
        (
            format!("pod-security.kubernetes.io/{mode}"),
            json!("restricted"),
        )
    };
    let labels: Value = ["enforce", "warn", "audit"]
        .map(level)
        .into_iter()
        .collect();
    let path = format!("/api/v1/namespaces/{}", scope.namespace);
    scope
        .admin()
        .patch_merge(&path, &json!({"metadata": {"labels": labels}}))
        .unwrap();
    scope
}

fn rendered(helm: Helm, scope: &Scope, values: &str, apis: &[&str]) -> Rendered {
    let served: Vec<&str> = apis
        .iter()
        .flat_map(|api| ["--api-versions", api])
        .collect();
    let template = ["template", "demo", CHART, "--namespace", &scope.namespace];
    Rendered::read(&run(helm, &[&template[..], &served].concat(), values))
}

/// The collection of an object.
fn path(object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap();
    let root = if version == "v1" {
        "/api/v1".to_owned()
    } else {
        format!("/apis/{version}")
    };
    let plural = format!("{}s", object["kind"].as_str().unwrap().to_lowercase());
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
        None => format!("{root}/{plural}"),
    }
}

/// Panics unless the object would be created, without a word.
#[track_caller]
fn accepted(client: &Client, object: &Value, of: &str) {
    let path = format!("{}?dryRun=All&fieldValidation=Strict", path(object));
    let body = object.to_string();
    let answer = client
        .send("POST", &path, "application/json", body.as_bytes())
        .unwrap();
    assert_eq!(answer.code, 201, "{of}: {}\n{body}", answer.text);
    assert_eq!(answer.headers.get("warning"), None, "{of}: {body}");
}

/// The Pods that an object would lead to.
fn pod(object: &Value) -> Option<Value> {
    let template = match object["kind"].as_str().unwrap() {
        "Pod" => object,
        "Job" => &object["spec"]["template"],
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
        _ => return None,
    };
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
    pod["metadata"]["name"] = object["metadata"]["name"].clone();
    pod["metadata"]["namespace"] = object["metadata"]["namespace"].clone();
    Some(pod)
}

#[test]
fn every_object_is_accepted_strictly_and_every_pod_by_pod_security() {
    let scope = restricted("chart-dry");
    let admin = scope.admin();
    for verb in ["apply", "rotate", "remove", "verify"] {
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": format!("given-monconf-{verb}"), "namespace": scope.namespace},
        });
        admin.post(&path(&account), &account).unwrap();
    }
    for (index, set) in SETS.iter().enumerate() {
        let values = format!("{}{}", values(set), ["", HOSTILE][index % 2]);
        let rendered = rendered(Helm::ALL[index / 2 % 2], &scope, &values, set.2);
        let mut pods = 0;
        for object in &rendered.0 {
            let mut object = object.clone();
            // Other tests have instances of the same name in the same cluster.
            for kind in ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"] {
                if object["kind"] == kind {
                    let name = format!(
                        "{}-{}",
                        scope.name,
                        object["metadata"]["name"].as_str().unwrap()
                    );
                    object["metadata"]["name"] = name.into();
                }
            }
            let Some(mut pod) = pod(&object) else {
                accepted(admin, &object, &format!("{set:?}"));
                continue;
            };
            let account = pod["spec"]["serviceAccountName"]
                .as_str()
                .unwrap()
                .replace("demo", "given");
            pod["spec"]["serviceAccountName"] = account.into();
            accepted(admin, &pod, &format!("{set:?}"));
            if object["kind"] != "Pod" {
                accepted(admin, &object, &format!("{set:?}"));
            }
            pods += 1;
        }
        assert!(pods >= 2, "{set:?}");
    }
}

#[test]
fn values_arrive_as_they_are_written() {
    let scope = ControlPlane::shared().scope("chart-literal");
    let config = r#"
config:
  shards: 1000000
  interval: 1m
  externalLabels: {cluster: "a: b\nc # {{ fail }}", number: "0123", truth: "yes", empty: "", quote: "'\"\\"}
  ownJobs: [{name: api, role: pod, port: 9090, params: {a: ["1e3", ""]}, relabelling: [{action: hashmod, sourceLabels: [__address__], modulus: 10000000, targetLabel: x}]}]
consumer: grafana-agent
"#;
    for helm in Helm::ALL {
        let rendered = rendered(helm, &scope, &format!("{config}{HOSTILE}"), &[]);
        let settings = yaml::parse(rendered.settings(), "monconf.yaml")
            .unwrap()
            .remove(0);
        let given = yaml::parse(config, "values.yaml").unwrap().remove(0);
        for (key, value) in given["config"].as_object().unwrap() {
            assert_eq!(&settings[key], value, "{helm:?} {key}");
        }
        let pod = pod(rendered.object("Job", "demo-monconf-apply")).unwrap();
        assert_eq!(
            pod["metadata"]["annotations"]["note"],
            "a: b\nc # {{ .Values }}"
        );
        assert_ne!(pod["metadata"]["annotations"]["monconf/settings"], "mine");
        assert_eq!(pod["metadata"]["labels"]["on"], "yes");
        assert_eq!(pod["metadata"]["labels"]["team"], "0123");
        assert_eq!(
            pod["metadata"]["labels"]["app.kubernetes.io/name"],
            "monconf"
        );
        assert_eq!(pod["spec"]["securityContext"]["runAsUser"], 1_000_650_000);
        assert_eq!(
            pod["spec"]["containers"][0]["resources"]["limits"]["memory"]
                .to_string()
                .trim_end_matches(".0"),
            "100000000"
        );
    }
}

#[test]
fn names_are_short_enough_and_no_numbers() {
    let scope = ControlPlane::shared().scope("chart-names");
    scope.create_namespace();
    for release in [
        "123",
        "a2345678901234567890123456789012345678901234567890123",
    ] {
        for helm in Helm::ALL {
            let template = ["template", release, CHART, "--namespace", &scope.namespace];
            let output = run(
                helm,
                &template,
                &format!("config: {{name: {}}}", scope.name),
            );
            for object in Rendered::read(&output)
                .0
                .iter()
                .filter(|object| object["kind"] != "Pod")
            {
                accepted(scope.admin(), object, release);
            }
        }
    }
}
