//! What is written: every object is accepted, a second run changes nothing, nothing is left of another format.

use monconf::object::Kind;
use monconf::render::violations;
use serde_json::{Value, json};
use testbed::{ControlPlane, Crds, Options, Scope};

use super::{agent, jobs, monconf, path};

const URL: &str = "http://127.0.0.1:9/api/v1/write";

pub(super) fn control_plane() -> ControlPlane {
    ControlPlane::start(Options {
        crds: Crds::Minimal,
        agent_crds: true,
        ..Options::default()
    })
}

fn get(scope: &Scope, plural: &str) -> Value {
    let path = format!("{}/{}", path(scope, plural), agent(scope));
    scope.admin().get(&path).unwrap()
}

fn names_of(scope: &Scope, path: &str) -> Vec<String> {
    let list = scope.admin().get(path).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_object_is_accepted_and_a_second_run_writes_nothing() {
    let cp = control_plane();
    let scope = cp.scope("accepted");
    let arguments = [
        "--apply",
        "--remote-write",
        URL,
        "--remote-write-token",
        "there:key",
    ];
    let run = monconf(&scope, &arguments).run().ok();
    let expected = format!("MetricsInstance     {}/{}", scope.namespace, agent(&scope));
    assert!(run.stdout.contains(&expected), "{}", run.stdout);
    assert_eq!(
        run.stderr.matches("reached its end of life").count(),
        1,
        "{}",
        run.stderr
    );
    let alloy = format!("`monconf alloy --remote-write {URL}`");
    assert!(run.stderr.contains(&alloy), "{}", run.stderr);

    let secret = format!("{}-k8s-token", scope.name);
    let selector = json!({"matchLabels": {
        "app.kubernetes.io/component": "grafana-agent",
        "app.kubernetes.io/instance": scope.name,
        "app.kubernetes.io/managed-by": "monconf",
    }});
    let agent_spec = get(&scope, "grafanaagents")["spec"].clone();
    let account = format!("{}-sa", scope.name);
    assert_eq!(agent_spec["serviceAccountName"], account);
    assert_eq!(agent_spec["secrets"], json!([secret, "there"]));
    assert_eq!(agent_spec["metrics"], json!({"instanceSelector": selector}));
    let instance = get(&scope, "metricsinstances");
    assert_eq!(
        instance["spec"],
        json!({
            "additionalScrapeConfigs": {"name": format!("{}-jobs", agent(&scope)), "key": "jobs.yaml"},
            "remoteWrite": [{
                "url": URL,
                "bearerTokenFile": "/var/lib/grafana-agent/extra-secrets/there/key",
            }],
        })
    );
    assert_eq!(instance["metadata"]["labels"], selector["matchLabels"]);
    let jobs = jobs(&scope);
    assert_eq!(jobs.len(), 3);
    for job in jobs {
        let mounted = format!("/var/lib/grafana-agent/extra-secrets/{secret}/token");
        assert_eq!(job["authorization"]["credentials_file"], mounted);
        let steps = job["relabel_configs"].as_array().unwrap();
        assert_eq!(steps[steps.len() - 2]["modulus"], "$(SHARDS)");
    }

    let again = monconf(&scope, &arguments)
        .args(["--detailed-exitcode"])
        .run()
        .ok();
    assert!(!again.stdout.contains("\n  + "), "{}", again.stdout);
    let events = cp.audit(&scope.user.name);
    let writes: Vec<_> = events.iter().filter(|event| event.is_write()).collect();
    // Namespace, account, role, binding, Role and RoleBinding, handle twice, token, Secret, two objects and the jobs.
    assert_eq!(writes.len(), 13, "{writes:#?}");
    assert!(writes.iter().all(|event| event.code < 300));
}

#[test]
fn monitors_are_what_the_agent_s_operator_reads_and_the_rest_is_in_the_secret() {
    let cp = control_plane();
    let scope = cp.scope("monitors");
    let arguments = [
        "--apply",
        "--format",
        "monitors",
        "--jobs",
        "apiserver,kubelet,coredns",
    ];
    monconf(&scope, &arguments).run().ok();
    let monitors = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors",
        scope.namespace
    );
    let list = scope.admin().get(&monitors).unwrap();
    let endpoint = |name: &str| {
        let mut items = list["items"].as_array().unwrap().iter();
        let item = items.find(|item| item["metadata"]["name"] == *name);
        item.unwrap_or_else(|| panic!("no {name}: {list:#}"))["spec"]["endpoints"][0].clone()
    };
    let apiserver = endpoint(&format!("{}-k8s", scope.name));
    let token = json!({"name": format!("{}-k8s-token", scope.name), "key": "token"});
    assert_eq!(apiserver["bearerTokenSecret"], token);
    assert!(apiserver["authorization"].is_null(), "{apiserver:#}");
    endpoint(&format!("{}-k8s-coredns", scope.name));
    let names: Vec<Value> = jobs(&scope)
        .iter()
        .map(|job| job["job_name"].clone())
        .collect();
    assert_eq!(names, [format!("{}-kubernetes-nodes", scope.name)]);

    // The agent looks for Services by their Endpoints, as the account that its Pods run as.
    let role = |namespace: &str| {
        let path = format!(
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles/{}-role",
            scope.name
        );
        scope.admin().get(&path).unwrap()["rules"].to_string()
    };
    for namespace in ["default", "kube-system"] {
        let rules = role(namespace);
        assert!(rules.contains("\"endpoints\""), "{rules}");
        assert!(!rules.contains("endpointslices"), "{rules}");
    }
    let account = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        scope.namespace, scope.name
    );
    let account = scope.admin().get(&account).unwrap();
    assert_eq!(account["automountServiceAccountToken"], true);

    // Another format leaves nothing of this one.
    monconf(&scope, &["--apply", "--yes"]).run().ok();
    assert_eq!(names_of(&scope, &monitors), Vec::<String>::new());
    assert_eq!(jobs(&scope).len(), 3);
    monconf(&scope, &["--apply", "--yes", "--format", "static"])
        .run()
        .ok();
    for plural in ["grafanaagents", "metricsinstances"] {
        assert_eq!(
            names_of(&scope, &path(&scope, plural)),
            Vec::<String>::new()
        );
    }
    let secrets = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    let secrets = names_of(&scope, &secrets);
    assert!(
        !secrets.iter().any(|name| name.ends_with("-jobs")),
        "{secrets:?}"
    );
}

#[test]
fn without_the_kinds_it_is_static_and_asked_for_they_are_missed() {
    let cp = ControlPlane::shared();
    let scope = cp.scope("absent");
    let run = monconf(&scope, &[]).run().ok();
    assert!(
        run.stderr.contains("Grafana Agent: static format"),
        "{}",
        run.stderr
    );
    let run = monconf(&scope, &["--format", "operator"]).run().exit(1);
    assert!(
        run.stderr.contains("this cluster does not serve GrafanaAgent and MetricsInstance: the CRDs of Grafana Agent's operator are not installed"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--format static"), "{}", run.stderr);
}

/// As in a well-known tutorial.
#[test]
fn jobs_in_the_agent_itself_are_refused_with_the_words_of_the_server() {
    let cp = control_plane();
    let scope = cp.scope("tutorial");
    scope.create_namespace();
    let object = json!({
        "apiVersion": "monitoring.grafana.com/v1alpha1", "kind": "GrafanaAgent",
        "metadata": {"name": "grafana-agent", "namespace": scope.namespace},
        "spec": {"metrics": {"instances": [{
            "name": "default",
            "scrapeConfigs": [{"job_name": "kubernetes", "kubernetes_sd_configs": [{"role": "node"}]}],
        }]}},
    });
    let strict = format!("{}?fieldValidation=Strict", path(&scope, "grafanaagents"));
    let refused = scope.admin().post(&strict, &object).unwrap_err();
    assert!(
        refused
            .message
            .contains("unknown field \"spec.metrics.instances\""),
        "{}",
        refused.message
    );
    let found = violations(Kind::GrafanaAgent, &object);
    let found: Vec<String> = found
        .iter()
        .map(|violation| format!("{} \"{}\"", violation.reason, violation.path))
        .collect();
    assert_eq!(found, ["unknown field \"spec.metrics.instances\""]);
}
