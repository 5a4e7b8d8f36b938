//! `monconf alloy --from-metricsinstance`: what is translated runs, and what is not is told.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};
use testbed::poll::until;
use testbed::{ControlPlane, Crds, GrafanaAgent, Options, Scope, alloy_syntax, grafana_agent};

use crate::support::Monconf;

pub(super) const SELECTORS: &str = include_str!("metricsinstances/selectors.yaml");
pub(super) const JOBS: &str = include_str!("metricsinstances/jobs.yaml");
const UNTRANSLATABLE: &str = include_str!("metricsinstances/untranslatable.yaml");

/// In every place of the fixtures where a secret is.
pub(super) const SECRET: &str = "hunter2";

pub(super) fn control_plane() -> &'static ControlPlane {
    static SHARED: LazyLock<ControlPlane> = LazyLock::new(|| {
        ControlPlane::start(Options {
            crds: Crds::Minimal,
            agent_crds: true,
            ..Options::default()
        })
    });
    &SHARED
}

/// Creates the objects of a file in the test's namespace.
pub(super) fn create(scope: &Scope, text: &str) {
    scope.create_namespace();
    let certificate = json!(scope.cp.ca_pem()).to_string();
    let text = text.replace("NAMESPACE", &scope.namespace);
    let text = text.replace("CERTIFICATE", &certificate);
    for object in yaml::parse(&text, "fixture").unwrap() {
        let group = match object["kind"].as_str().unwrap() {
            "Secret" | "ConfigMap" | "Service" => "/api/v1",
            _ => "/apis/monitoring.grafana.com/v1alpha1",
        };
        let plural = object["kind"].as_str().unwrap().to_lowercase();
        let path = format!("{group}/namespaces/{}/{plural}s", scope.namespace);
        let strict = format!("{path}?fieldValidation=Strict");
        scope.admin().post(&strict, &object).unwrap();
    }
}

pub(super) fn translate(scope: &Scope, name: &str, arguments: &[&str]) -> Monconf {
    let of = format!("{}/{name}", scope.namespace);
    Monconf::new(["alloy", "--from-metricsinstance", &of])
        .args(arguments)
        .kubeconfig(scope.kubeconfig())
}

/// Runs a configuration in flow mode, outside the cluster.
pub(super) fn run(text: &str, kubeconfig: &Path) -> GrafanaAgent {
    let file = format!("kubeconfig_file = {:?}", kubeconfig.to_str().unwrap());
    let mut running = String::new();
    for line in text.lines() {
        running.push_str(line);
        running.push('\n');
        if line.starts_with("discovery.kubernetes ") {
            running.extend([&file, "\n"]);
        } else if line.starts_with("prometheus.operator.") || line.starts_with("remote.kubernetes.")
        {
            running.extend(["client {\n", &file, "\n}\n"]);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("translated.river");
    fs::write(&path, running).unwrap();
    GrafanaAgent::start_flow(&path)
}

/// Runs a configuration, and returns the components that are not healthy.
pub(super) fn unhealthy(text: &str, kubeconfig: &Path) -> Vec<Value> {
    let agent = run(text, kubeconfig);
    let sick = || {
        let components = agent.components().into_iter();
        components
            .filter(|component| component["health"]["state"] != "healthy")
            .collect::<Vec<_>>()
    };
    until("components are evaluated", || {
        !agent.components().is_empty()
            && sick()
                .iter()
                .all(|component| component["health"]["state"] != "unknown")
    });
    sick()
}

pub(super) fn is_formatted(text: &str) {
    assert_eq!(grafana_agent::fmt(text).as_deref(), Ok(text));
    assert_eq!(alloy_syntax::format(text).as_deref(), Ok(text));
}

#[test]
fn selectors_and_a_login_are_translated_whole() {
    let scope = control_plane().scope("selectors");
    create(&scope, SELECTORS);
    let run = translate(&scope, "primary", &[]).run().ok();
    let (text, namespace) = (&run.stdout, &scope.namespace);
    is_formatted(text);
    assert!(!run.stderr.contains("error:"), "{}", run.stderr);
    assert!(!(run.stdout.clone() + &run.stderr).contains(SECRET));
    assert!(!text.contains("tenant-7"), "{text}");
    let note = format!("note: Secret {namespace}/remote-login: is read by Alloy itself");
    assert!(run.stderr.contains(&note), "{}", run.stderr);
    let blocks = [
        "prometheus.operator.servicemonitors \"monconf_primary\" {\n\tforward_to = [prometheus.remote_write.monconf_primary.receiver]\n\n\tselector {\n\t\tmatch_labels = {\"app.kubernetes.io/part-of\" = \"shop\"}\n\n\t\tmatch_expression {\n\t\t\tkey      = \"team\"\n\t\t\toperator = \"In\"\n\t\t\tvalues   = [\"a\", \"b\"]\n\t\t}\n\t}\n\n\tscrape {\n\t\tdefault_scrape_interval = \"30s\"\n\t}\n}\n".to_owned(),
        format!("prometheus.operator.podmonitors \"monconf_primary\" {{\n\tforward_to = [prometheus.remote_write.monconf_primary.receiver]\n\tnamespaces = [\"{namespace}\"]\n"),
        "prometheus.operator.probes \"monconf_primary\" {\n\tforward_to = [prometheus.remote_write.monconf_primary.receiver]\n\n\tscrape".to_owned(),
        format!("\texternal_labels = {{\"__replica__\" = \"replica-0\", cluster = \"{namespace}/grafana-agent\", region = \"eu-1\"}}\n").replace("\"__replica__\"", "__replica__"),
        "\t\tbasic_auth {\n\t\t\tusername = nonsensitive(remote.kubernetes.secret.monconf_primary_remote_login.data[\"user\"])\n\t\t\tpassword = remote.kubernetes.secret.monconf_primary_remote_login.data[\"pass\"]\n".to_owned(),
        "\twal {\n\t\tmax_keepalive_time = \"24h\"\n\t}\n".to_owned(),
    ];
    for block in blocks {
        assert!(text.contains(&block), "{block}\nis not in\n{text}");
    }
    let events = control_plane().audit(&scope.user.name);
    assert!(!events.iter().any(testbed::audit::Event::is_write));
    assert_eq!(unhealthy(text, scope.kubeconfig()), [] as [Value; 0]);
}

#[test]
fn jobs_are_pipelines_without_their_shards() {
    let scope = control_plane().scope("jobs");
    create(&scope, JOBS);
    let run = translate(&scope, "own-jobs", &[]).run().ok();
    let text = &run.stdout;
    is_formatted(text);
    for note in [
        "note: GrafanaAgent NAMESPACE/grafana-agent spec.metrics.shards: are members of Alloy's cluster now",
        "note: spec.additionalScrapeConfigs[kubernetes-pods].relabel_configs: the steps for $(SHARDS) and $(SHARD) are left out",
    ] {
        let note = note.replace("NAMESPACE", &scope.namespace);
        assert!(run.stderr.contains(&note), "{note}\n{}", run.stderr);
    }
    let jobs: Vec<String> = alloy_syntax::values(text)
        .as_array()
        .unwrap()
        .iter()
        .map(|block| {
            format!(
                "{} {}",
                block["block"].as_str().unwrap_or_default(),
                block["label"].as_str().unwrap_or_default()
            )
        })
        .filter(|block| block.starts_with("prometheus.scrape"))
        .collect();
    assert_eq!(
        jobs,
        ["kubernetes_pods", "databases", "mixed"]
            .map(|job| format!("prometheus.scrape monconf_own__jobs_{job}"))
    );
    for part in [
        // What Prometheus writes before it relabels.
        "\t\tsource_labels = [\"__metrics_path__\"]\n\t\tregex         = \"\"\n\t\ttarget_label  = \"__metrics_path__\"\n\t\treplacement   = \"/metrics\"\n",
        "\t\treplacement   = \"$1\"\n",
        "\tforward_to = [prometheus.relabel.monconf_own__jobs_kubernetes_pods.receiver]\n",
        "[{__address__ = \"10.0.0.1:9100\", tier = \"db\"}, {__address__ = \"10.0.0.2:9100\", tier = \"db\"}]",
        "= concat(discovery.kubernetes.monconf_own__jobs_mixed.targets, discovery.kubernetes.monconf_own__jobs_mixed__0_2.targets, [{__address__ = \"127.0.0.1:1\"}])\n",
        "\t\tca_pem               = nonsensitive(remote.kubernetes.secret.monconf_own__jobs_db.data[\"ca.crt\"])\n",
        "\tscrape_timeout    = \"5s\"\n",
        "\tclustering {\n\t\tenabled = true\n\t}\n",
        "\t\theaders        = {\"X-Scope-OrgID\" = \"shop\"}\n",
        "\t\twrite_relabel_config {\n\t\t\taction        = \"keep\"\n\t\t\tsource_labels = [\"__name__\"]\n\t\t\tregex         = \"up|node_.*\"\n\t\t}\n",
        "\t\t\tbatch_send_deadline = \"10s\"\n",
        "\t\tmetadata_config {\n\t\t\tsend          = true\n\t\t\tsend_interval = \"5m\"\n\t\t}\n",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    assert!(
        !text.contains("SHARD") && !text.contains("external_labels"),
        "{text}"
    );
    let alone = translate(&scope, "own-jobs", &["--clustering=false"])
        .run()
        .ok();
    assert!(!alone.stdout.contains("clustering"), "{}", alone.stdout);

    assert_eq!(unhealthy(text, scope.kubeconfig()), [] as [Value; 0]);
}

#[test]
fn what_cannot_be_translated_is_told_and_nothing_is_printed() {
    let scope = control_plane().scope("strange");
    create(&scope, UNTRANSLATABLE);
    let path = format!("/api/v1/namespaces/{}", scope.namespace);
    let label = json!({"metadata": {"labels": {"monitored": scope.namespace}}});
    scope.admin().patch_merge(&path, &label).unwrap();

    let run = translate(&scope, "strange", &[]).run().exit(1);
    assert_eq!(run.stdout, "");
    assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
    for finding in [
        "error: MetricsInstance NAMESPACE/strange: is run by several GrafanaAgents",
        "error: spec.serviceMonitorNamespaceSelector: Alloy cannot choose namespaces by their labels",
        "error: spec.podMonitorNamespaceSelector: no namespace matches now",
        "error: GrafanaAgent NAMESPACE/grafana-agent spec.metrics.enforcedSampleLimit: cannot be enforced",
        "error: GrafanaAgent NAMESPACE/grafana-agent spec.metrics.overrideHonorLabels: cannot be enforced",
        "note: GrafanaAgent NAMESPACE/grafana-agent spec.metrics.replicas: each Alloy",
        "error: spec.additionalScrapeConfigs[consul].consul_sd_configs: Alloy's component has no such argument",
        "error: spec.additionalScrapeConfigs[consul].static_configs[0].targets[0]: holds $(POD_NAME)",
        "error: spec.additionalScrapeConfigs[inline].basic_auth.password: holds a secret",
        "error: spec.additionalScrapeConfigs[inline].kubernetes_sd_configs[0].bearer_token: holds a secret",
        "error: spec.remoteWrite[0].url: holds a secret",
        "error: spec.remoteWrite[0].bearerToken: holds a secret",
        "error: spec.remoteWrite[0].headers.Authorization: holds a secret",
        "note: spec.remoteWrite[0].queueConfig.maxRetries: ",
        "error: spec.remoteFlushDeadline: Alloy's component has no such argument",
        "error: spec.writeStaleOnShutdown: Alloy's component has no such argument",
        "--bypass-errors prints what can be",
    ] {
        let finding = finding.replace("NAMESPACE", &scope.namespace);
        assert!(run.stderr.contains(&finding), "{finding}\n{}", run.stderr);
    }

    let run = translate(&scope, "strange", &["--bypass-errors"])
        .run()
        .ok();
    let text = &run.stdout;
    is_formatted(text);
    assert!(
        run.stderr.contains("error: spec.remoteFlushDeadline"),
        "{}",
        run.stderr
    );
    assert!(!(run.stdout.clone() + &run.stderr).contains(SECRET));
    let namespaces = format!("\tnamespaces = [\"{}\"]\n", scope.namespace);
    assert!(text.contains(&namespaces), "{text}");
    // No namespaces would be all of them.
    assert!(!text.contains("podmonitors"), "{text}");
    assert!(
        text.contains("url     = \"http://127.0.0.1:9/api/v1/write\"\n"),
        "{text}"
    );
    assert!(text.contains("__replica__ = constants.hostname"), "{text}");
    assert_eq!(unhealthy(text, scope.kubeconfig()), [] as [Value; 0]);
}

#[test]
fn wrong_names_flags_and_rights_are_told() {
    let cp = control_plane();
    let scope = cp.scope("wrong");
    create(&scope, SELECTORS);
    let refused = |arguments: &[&str]| {
        let run = Monconf::new(["alloy"])
            .args(arguments)
            .kubeconfig(scope.kubeconfig())
            .run()
            .exit(1);
        assert_eq!(run.stdout, "");
        run.stderr
    };
    let absent = format!("{}/absent", scope.namespace);
    let said = refused(&["--from-metricsinstance", &absent]);
    let expected =
        format!("error: there is no MetricsInstance {absent}\nhint: `kubectl get metricsinstances");
    assert!(said.contains(&expected), "{said}");
    for name in ["primary", "a/b/c", "../x/y", "a/"] {
        let said = refused(&["--from-metricsinstance", name]);
        assert!(
            said.contains("names no MetricsInstance\nhint: write it as NAMESPACE/NAME"),
            "{said}"
        );
    }
    for flag in [
        "--apply",
        "--jobs=kubelet",
        "--config=x",
        "--namespace=x",
        "--remote-write=http://x",
    ] {
        let said = refused(&["--from-metricsinstance", "a/b", flag]);
        assert!(said.contains("cannot be used with"), "{said}");
    }
    let said = refused(&["--bypass-errors"]);
    assert!(said.contains("--from-metricsinstance"), "{said}");

    let nobody = cp.limited_user("translate", &json!([]));
    let of = format!("{}/primary", scope.namespace);
    let run = Monconf::new(["alloy", "--from-metricsinstance", &of])
        .kubeconfig(&nobody.kubeconfig)
        .run()
        .exit(1);
    assert_eq!(run.stdout, "");
    for missing in [
        format!(
            "get metricsinstances.monitoring.grafana.com primary in namespace {}",
            scope.namespace
        ),
        "list grafanaagents.monitoring.grafana.com".to_owned(),
    ] {
        assert!(run.stderr.contains(&missing), "{missing}\n{}", run.stderr);
    }
}
