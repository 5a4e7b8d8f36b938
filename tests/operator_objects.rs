//! What the operator format writes, beside the real CRDs of prometheus-operator.

use std::fs;
use std::path::Path;

use monconf::object::Kind;
use monconf::render::{OPERATOR_VERSION, violations};
use serde_json::{Map, Value, json};
use testbed::{Component, ControlPlane, Options, Scope};

use crate::support::{Monconf, Run};

const MONITORING: &str = "/apis/monitoring.coreos.com";

fn apply(scope: &Scope, arguments: &[&str]) -> Run {
    Monconf::prometheus(scope, &["--apply"])
        .args(arguments)
        .run()
}

/// monconf sends every write with `fieldValidation=Strict`; that the server heeds it is the article's case below.
#[test]
fn every_form_of_every_monitor_is_accepted_by_the_real_crds() {
    let cp = ControlPlane::shared();
    for arguments in [
        &[][..],
        &["--kubelet-insecure-tls"],
        &["--interval", "45s"],
        &[
            "--kubelet-insecure-tls",
            "--interval",
            "1h30m",
            "--jobs",
            "kubelet",
        ],
    ] {
        let scope = cp.scope("strict");
        apply(&scope, arguments).ok();
        let strict = |event: &&testbed::Event| {
            event.verb == "patch" && event.group == "monitoring.coreos.com"
        };
        let events = cp.audit(&scope.user.name);
        let written: Vec<_> = events.iter().filter(strict).collect();
        assert!(!written.is_empty());
        for event in written {
            assert!(
                event.uri.contains("fieldValidation=Strict"),
                "{}",
                event.uri
            );
            assert!(event.code < 300, "{} {}", event.uri, event.code);
        }
        // What the server has is what was sent: nothing was dropped, nothing is filled in.
        let again = Monconf::prometheus(&scope, arguments).run().ok();
        assert!(again.stdout.contains("No changes"), "{}", again.stdout);
    }
}

/// The ServiceMonitor of a widespread tutorial.
fn tutorials_monitor(namespace: &str) -> Value {
    json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "k8s", "namespace": namespace},
        "spec": {"endpoints": [{
            "port": "https",
            "scheme": "https",
            "tlsConfig": {"insecureSkipVerify": true},
            "bearerTokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token",
        }]},
    })
}

#[test]
fn a_monitor_that_the_server_refuses_is_refused_by_our_own_check_in_its_words() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("refused-monitor");
    scope.create_namespace();
    let mut misspelt = tutorials_monitor(&scope.namespace);
    misspelt["spec"]["selector"] = json!({});
    let mut wrong = misspelt.clone();
    misspelt["spec"]["endpoints"][0]["metricsPath"] = json!("/metrics");
    wrong["spec"]["endpoints"][0]["scheme"] = json!("ftp");
    for (monitor, field, word) in [
        (
            tutorials_monitor(&scope.namespace),
            "spec.selector",
            "Required value",
        ),
        (misspelt, "spec.endpoints[0].metricsPath", "unknown field"),
        (wrong, "spec.endpoints[0].scheme", "Unsupported value"),
    ] {
        let path = format!(
            "{MONITORING}/v1/namespaces/{}/servicemonitors?fieldValidation=Strict",
            scope.namespace
        );
        let refused = scope.admin().post(&path, &monitor).unwrap_err();
        assert!(
            refused.message.contains(field) && refused.message.contains(word),
            "{}",
            refused.message
        );
        let found = violations(Kind::ServiceMonitor, &monitor);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].path, field);
        assert!(found[0].reason.contains(word), "{found:?}");
    }
}

/// The schemas that the program carries are those of the CRDs; `MONCONF_WRITE_SCHEMAS=1` writes them anew.
#[test]
fn the_bundled_schemas_are_those_of_the_crds() {
    let rules = [Kind::PrometheusRule];
    for kind in Kind::MONITORS.into_iter().chain(rules).chain(Kind::AGENTS) {
        let folder = if Kind::AGENTS.contains(&kind) {
            Component::agent_crds()
        } else {
            Component::crds()
        };
        let crd = folder.join(format!("{}_{}.yaml", kind.group(), kind.plural()));
        let crd = yaml::parse(&fs::read_to_string(&crd).unwrap(), kind.name())
            .unwrap()
            .remove(0);
        if Kind::MONITORS.contains(&kind) {
            assert_eq!(
                crd["metadata"]["annotations"]["operator.prometheus.io/version"],
                OPERATOR_VERSION
            );
        }
        let mut schema = reduced(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "");
        let fields = schema["properties"].as_object_mut().unwrap();
        fields.remove("status");
        if kind == Kind::GrafanaAgent {
            in_outline(&mut fields["spec"]);
        }
        let text = in_one_space_steps(&schema);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/render/schemas")
            .join(format!("{}.json", kind.name().to_lowercase()));
        if std::env::var_os("MONCONF_WRITE_SCHEMAS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert!(
            fs::read_to_string(&path).unwrap() == text,
            "{} is not what the CRD says",
            path.display()
        );
    }
}

/// What describes Pods in an agent's `spec` is large, and Kubernetes' own: only its type is kept.
fn in_outline(spec: &mut Value) {
    for (name, field) in spec["properties"].as_object_mut().unwrap() {
        if name != "metrics" {
            *field = json!({"type": field["type"]});
        }
    }
}

/// Names, types, what is required and what is allowed. Of service discoveries other than Kubernetes' only the type.
fn reduced(schema: &Value, name: &str) -> Value {
    let mut kept = Map::new();
    if schema["x-kubernetes-int-or-string"] != true && !schema["type"].is_null() {
        kept.insert("type".into(), schema["type"].clone());
    }
    if name.ends_with("SDConfigs") && name != "kubernetesSDConfigs" {
        return Value::Object(kept);
    }
    for field in ["required", "enum"] {
        if !schema[field].is_null() {
            kept.insert(field.into(), schema[field].clone());
        }
    }
    if let Some(properties) = schema["properties"].as_object() {
        let mut names: Vec<&String> = properties.keys().collect();
        names.sort();
        let properties = names
            .into_iter()
            .map(|name| (name.clone(), reduced(&properties[name], name)));
        kept.insert("properties".into(), Value::Object(properties.collect()));
    }
    if !schema["items"].is_null() {
        kept.insert("items".into(), reduced(&schema["items"], ""));
    }
    Value::Object(kept)
}

fn in_one_space_steps(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    let lines = text.lines().map(|line| {
        let text = line.trim_start();
        format!("{}{text}\n", " ".repeat((line.len() - text.len()) / 2))
    });
    lines.collect()
}

fn prometheus(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
        "metadata": {"namespace": namespace, "name": name}, "spec": spec,
    })
}

/// A control plane of its own, because a plan looks at every Prometheus object of the cluster.
#[test]
fn monitors_carry_the_labels_that_the_clusters_prometheus_objects_select() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("selected");
    let run = apply(&scope, &[]).ok();
    assert!(
        run.stdout.contains("selected by no Prometheus"),
        "{}",
        run.stdout
    );

    let everywhere = json!({
        "serviceMonitorSelector": {"matchLabels": {"release": "main"}}, "serviceMonitorNamespaceSelector": {},
        "scrapeConfigSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["infra", "web"]}]},
        "scrapeConfigNamespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": scope.namespace}},
    });
    let elsewhere = json!({"serviceMonitorSelector": {}, "scrapeConfigSelector": {}});
    let path = format!("{MONITORING}/v1/namespaces/default/prometheuses");
    for object in [
        prometheus("default", "main", &everywhere),
        prometheus("default", "other", &elsewhere),
    ] {
        cp.admin().post(&path, &object).unwrap();
    }
    let run = apply(&scope, &["--selected-by", "default/main"]).ok();
    assert!(
        run.stdout
            .contains("selected by Prometheus default/main (label release=main)"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("selected by Prometheus default/main (label team=infra)"),
        "{}",
        run.stdout
    );
    let label = |version: &str, plural: &str, name: &str, label: &str| {
        let path = format!(
            "{MONITORING}/{version}/namespaces/{}/{plural}/{name}",
            scope.namespace
        );
        cp.admin().get(&path).unwrap()["metadata"]["labels"][label].clone()
    };
    assert_eq!(
        label(
            "v1",
            "servicemonitors",
            &format!("{}-k8s", scope.name),
            "release"
        ),
        "main"
    );
    assert_eq!(
        label(
            "v1alpha1",
            "scrapeconfigs",
            &format!("{}-k8s-kubelet", scope.name),
            "team"
        ),
        "infra"
    );

    cp.admin().delete(&format!("{path}/main")).unwrap();
    let run = apply(&scope, &[]).ok();
    let warning = format!(
        "warning: Prometheus default/other: it does not look into namespace {}",
        scope.namespace
    );
    assert!(run.stderr.contains(&warning), "{}", run.stderr);
    assert!(run.stdout.contains("-    release: main"), "{}", run.stdout);
}

/// Without its namespaces a job would look everywhere, and show its token there.
#[test]
fn an_operator_that_cannot_say_where_to_look_is_refused() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("too-old");
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scrapeconfigs.monitoring.coreos.com";
    let mut crd = cp.admin().get(path).unwrap();
    crd["metadata"]["annotations"]["operator.prometheus.io/version"] = json!("0.70.0");
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["kubernetesSDConfigs"]
        ["items"]["properties"]
        .as_object_mut()
        .unwrap()
        .remove("namespaces");
    cp.admin().put(path, &crd).unwrap();
    let run = || Monconf::prometheus(&scope, &["--apply", "--jobs", "scheduler"]).run();
    // The API server's cache follows a moment later.
    testbed::poll::until("the schema is seen", || {
        run()
            .stderr
            .contains("has no field spec.kubernetesSDConfigs[].namespaces, without which")
    });
    run().exit(1);
}
