//! The roles of the chart's Jobs suffice for what the Jobs run, whatever the settings, and nothing is asked beyond them.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use testbed::poll::until;
use testbed::{Client, ControlPlane, Event, Helm, Options, Scope};

use super::CHART;
use super::rendered::{Rendered, run};
use super::value_sets::{AGENT_OPERATOR, PROMETHEUS_OPERATOR};
use crate::support::Monconf;

const CASES: [(&str, &str); 12] = [
    ("prometheus", "format: auto"),
    ("prometheus", "{withAlerts: true, jobs: [apiserver, pods]}"),
    ("prometheus", "format: raw"),
    ("prometheus", "additionalScrapeConfigs: 'more:jobs.yaml'"),
    ("prometheus", "additionalScrapeConfigs: 'absent:jobs.yaml'"),
    ("prometheus", "configmap: 'server:prometheus.yml'"),
    ("grafana-agent", "format: operator"),
    (
        "grafana-agent",
        "{format: monitors, jobs: [apiserver, coredns, kubelet]}",
    ),
    ("grafana-agent", "{format: operator, attach: theirs}"),
    ("grafana-agent", "format: static"),
    (
        "alloy",
        "{tokenFrom: secret, forwardTo: [a.b.receiver], configmap: 'alloy-k8s:config.alloy'}",
    ),
    (
        "alloy",
        "{tokenFrom: pod, forwardTo: [a.b.receiver], configmap: 'alloy-k8s:config.alloy'}",
    ),
];

#[test]
fn every_job_runs_with_the_rights_that_the_chart_gives_it() {
    let cp = ControlPlane::start(Options {
        agent_crds: true,
        ..Options::default()
    });
    let mut faults = Vec::new();
    for (consumer, config) in CASES {
        let case = format!("{consumer} {config}");
        let scope = cp.scope("runner");
        scope.create_namespace();
        cp.wait_for_namespace(&scope.namespace);
        given(&scope);
        let rendered = rendered(&scope, consumer, config);
        for object in &rendered.0 {
            grant(&scope, object);
        }
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("monconf.yaml");
        fs::write(&file, rendered.settings()).unwrap();
        for verb in ["apply", "apply", "rotate", "remove"] {
            let Some(job) = job(&rendered, verb) else {
                assert!(case.contains("tokenFrom: pod"), "{case}: no {verb}");
                continue;
            };
            let arguments = job["spec"]["containers"][0]["args"].as_array().unwrap();
            let arguments = arguments
                .iter()
                .map(|argument| match argument.as_str().unwrap() {
                    "/etc/monconf/monconf.yaml" => file.to_str().unwrap(),
                    argument => argument,
                });
            let account = format!(
                "system:serviceaccount:{}:demo-monconf-{verb}",
                scope.namespace
            );
            let user = cp.user(&account, &["system:serviceaccounts"]);
            until_granted(user.client(), &rendered, &format!("demo-monconf-{verb}"));
            let run = Monconf::new(arguments).kubeconfig(&user.kubeconfig).run();
            let mut refused = cp.audit(&account);
            // Outside a Pod, where no file has them, the authorities are looked for there.
            refused.retain(|event| event.code == 403 && event.name != "kube-root-ca.crt");
            for event in refused {
                let Event {
                    verb: asked, uri, ..
                } = event;
                faults.push(format!("{case} {verb}: refused {asked} {uri}"));
            }
            if run.code != 0 {
                faults.push(format!("{case} {verb}: {}{}", run.stdout, run.stderr));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is somebody else's, and there before the chart.
fn given(scope: &Scope) {
    let admin = scope.admin();
    let root = format!("/api/v1/namespaces/{}", scope.namespace);
    let of = |name: &str, kind: &str, data: Value| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "stringData": data});
    admin
        .post(
            &format!("{root}/secrets"),
            &of("more", "Secret", json!({"jobs.yaml": "[]\n"})),
        )
        .unwrap();
    let mut map = of("server", "ConfigMap", json!({}));
    map["data"] = json!({"prometheus.yml": "scrape_configs: []\n"});
    map.as_object_mut().unwrap().remove("stringData");
    admin.post(&format!("{root}/configmaps"), &map).unwrap();
    let agent = json!({
        "apiVersion": "monitoring.grafana.com/v1alpha1", "kind": "GrafanaAgent", "metadata": {"name": "theirs"}, "spec": {},
    });
    let agents = format!(
        "/apis/monitoring.grafana.com/v1alpha1/namespaces/{}/grafanaagents",
        scope.namespace
    );
    admin.post(&agents, &agent).unwrap();
}

fn rendered(scope: &Scope, consumer: &str, config: &str) -> Rendered {
    let config = config.trim_start_matches('{').trim_end_matches('}');
    let values = format!(
        "consumer: {consumer}\nconfig: {{name: {}, {config}}}\n",
        scope.name
    );
    let served = PROMETHEUS_OPERATOR.iter().chain(&AGENT_OPERATOR);
    let served: Vec<&str> = served.flat_map(|api| ["--api-versions", api]).collect();
    let template = ["template", "demo", CHART, "--namespace", &scope.namespace];
    Rendered::read(&run(Helm::V4, &[&template[..], &served].concat(), &values))
}

/// Makes what of the chart is accounts and roles.
fn grant(scope: &Scope, object: &Value) {
    let kind = object["kind"].as_str().unwrap();
    let root = match kind {
        "ServiceAccount" => "/api/v1",
        "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding" => {
            "/apis/rbac.authorization.k8s.io/v1"
        }
        _ => return,
    };
    let plural = format!("{}s", kind.to_lowercase());
    let path = match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
        None => format!("{root}/{plural}"),
    };
    scope.admin().post(&path, object).unwrap();
}

/// Waits until the authorizer knows every role of the account.
fn until_granted(client: &Client, rendered: &Rendered, account: &str) {
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let roles = rendered.0.iter().filter(|object| {
        let name = object["metadata"]["name"].as_str().unwrap();
        object["rules"].is_array() && name.ends_with(account)
    });
    for role in roles {
        let rule = &role["rules"][0];
        let (resource, subresource) = rule["resources"][0].as_str().map_or(("", ""), |resource| {
            resource.split_once('/').unwrap_or((resource, ""))
        });
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {
            "resourceAttributes": {
                "namespace": role["metadata"]["namespace"], "verb": rule["verbs"][0], "group": rule["apiGroups"][0],
                "resource": resource, "subresource": subresource, "name": rule["resourceNames"][0],
            },
        }});
        until("a role is in force", || {
            client.post(reviews, &review).unwrap()["status"]["allowed"] == true
        });
    }
}

/// The Pod of a Job or CronJob.
fn job(rendered: &Rendered, verb: &str) -> Option<Value> {
    let name = format!("demo-monconf-{verb}");
    let mut objects = rendered
        .0
        .iter()
        .filter(|object| object["metadata"]["name"] == *name);
    let found = |object: &Value| match object["kind"].as_str() {
        Some("Job") => Some(object["spec"]["template"].clone()),
        Some("CronJob") => Some(object["spec"]["jobTemplate"]["spec"]["template"].clone()),
        _ => None,
    };
    objects.find_map(found)
}
