//! Why an operator's monitor is not scraped: each cause made for real, and mended by what is printed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use testbed::poll::poll;
use testbed::{Component, ControlPlane, Crds, Operator, Options, Prometheus, Scope};

use super::support::{Instance, codes};
use crate::support::{Monconf, Run};

const MONITORING: &str = "/apis/monitoring.coreos.com/v1/namespaces";

/// A cluster with the real Prometheus Operator.
struct World {
    operator: Operator,
    cp: ControlPlane,
}

impl World {
    fn shared() -> &'static Self {
        static SHARED: LazyLock<World> = LazyLock::new(|| {
            let cp = ControlPlane::start(Options {
                crds: Crds::All,
                ..Options::default()
            });
            World {
                operator: Operator::start(&cp),
                cp,
            }
        });
        &SHARED
    }
}

/// An instance in the operator's format beside a `Prometheus` of its own namespace.
struct Operated<'a> {
    scope: Scope<'a>,
    jobs: &'static str,
}

impl<'a> Operated<'a> {
    fn applied(scope: Scope<'a>, jobs: &'static str) -> Self {
        scope.create_namespace();
        let prometheus = json!({
            "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"},
            "spec": {"serviceAccountName": "default", "serviceMonitorSelector": {}, "scrapeConfigSelector": {}},
        });
        let path = format!("{MONITORING}/{}/prometheuses", scope.namespace);
        scope.admin().post(&path, &prometheus).unwrap();
        let operated = Self { scope, jobs };
        operated.call("prometheus", &["--apply"]).run().ok();
        operated
    }

    fn call(&self, verb: &str, arguments: &[&str]) -> Monconf {
        Monconf::for_consumer(verb, &self.scope, &["--jobs", self.jobs]).args(arguments)
    }

    fn report_as(&self, kubeconfig: &Path, arguments: &[&str]) -> Value {
        let call = self.call("verify", &[arguments, &["-o", "json"]].concat());
        let run = call.kubeconfig(kubeconfig).run();
        serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr))
    }

    fn report(&self) -> Value {
        self.report_as(self.scope.kubeconfig(), &[])
    }

    /// Waits until the checks fail for these causes and no others.
    #[track_caller]
    fn wait_for(&self, causes: &[&str]) -> Value {
        let mut last = Value::Null;
        let reached = poll(|| {
            last = self.report();
            (codes(&last) == causes).then(|| last.clone())
        });
        reached.unwrap_or_else(|| panic!("not {causes:?}: {last:#}"))
    }

    /// The fix for the one cause of that code, run as a shell runs it.
    #[track_caller]
    fn mend(&self, report: &Value, code: &str) -> Run {
        let mut causes = report["causes"].as_array().unwrap().iter();
        let cause = causes.find(|cause| cause["code"] == code).unwrap();
        let kubectl = Component::Kubernetes.binary("kubectl");
        let programs = [kubectl.as_path(), Path::new(env!("CARGO_BIN_EXE_monconf"))];
        let folders = programs.map(|program| program.parent().unwrap().to_owned());
        let system = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&system)));
        let child = Command::new("setsid")
            .args(["sh", "-ec", cause["fix"].as_str().unwrap()])
            .env("PATH", path.unwrap())
            .env("KUBECONFIG", self.scope.kubeconfig())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Run::of(child.unwrap()).ok()
    }

    fn monitor(&self) -> String {
        let Scope {
            namespace, name, ..
        } = &self.scope;
        format!("{MONITORING}/{namespace}/servicemonitors/{name}-k8s")
    }

    fn change_prometheus(&self, spec: &Value) {
        let path = format!("{MONITORING}/{}/prometheuses/main", self.scope.namespace);
        let change = json!({"spec": spec});
        self.scope.admin().patch_merge(&path, &change).unwrap();
    }
}

fn sentence(report: &Value) -> &str {
    report["causes"][0]["cause"].as_str().unwrap()
}

/// The result of the first check of that name.
fn result<'r>(report: &'r Value, check: &str) -> &'r str {
    let mut checks = report["checks"].as_array().unwrap().iter();
    let found = checks.find(|row| row["check"] == check).unwrap();
    found["result"].as_str().unwrap()
}

#[test]
fn a_monitor_that_is_gone_or_that_nobody_selects_is_said() {
    let operated = Operated::applied(World::shared().cp.scope("unselected"), "apiserver");
    let Scope {
        namespace, name, ..
    } = &operated.scope;
    let report = operated.wait_for(&[]);
    let by = format!("by Prometheus {namespace}/main");
    assert!(result(&report, "is selected").contains(&by), "{report:#}");

    operated.scope.admin().delete(&operated.monitor()).unwrap();
    let report = operated.wait_for(&["not-applied"]);
    operated.mend(&report, "not-applied");
    operated.wait_for(&[]);

    // The labels that a selector asks for are made by the instance's own command.
    operated.change_prometheus(
        &json!({"serviceMonitorSelector": {"matchLabels": {"release": "main"}}}),
    );
    let report = operated.wait_for(&["not-selected"]);
    let why = format!("Prometheus {namespace}/main asks for label release=main");
    assert!(sentence(&report).contains(&why), "{report:#}");
    operated.mend(&report, "not-selected");
    operated.wait_for(&[]);

    for (spec, why) in [
        (
            json!({"serviceMonitorSelector": null}),
            "has no spec.serviceMonitorSelector, which selects nothing",
        ),
        (
            json!({"serviceMonitorNamespaceSelector": {"matchLabels": {"team": "shop"}}}),
            "looks into namespaces with label team=shop only",
        ),
    ] {
        operated.change_prometheus(&spec);
        let report = operated.wait_for(&["not-selected"]);
        assert!(
            sentence(&report).contains(&format!("ServiceMonitor {namespace}/{name}-k8s"))
                && sentence(&report).contains(why),
            "{report:#}"
        );
        operated.mend(&report, "not-selected");
        operated.wait_for(&[]);
    }
}

#[test]
fn a_prometheus_agent_selects_as_well() {
    let operated = Operated::applied(World::shared().cp.scope("agent"), "apiserver");
    let namespace = &operated.scope.namespace;
    operated.change_prometheus(&json!({"serviceMonitorSelector": null}));
    operated.wait_for(&["not-selected"]);
    let agent = json!({
        "apiVersion": "monitoring.coreos.com/v1alpha1", "kind": "PrometheusAgent", "metadata": {"name": "light"},
        "spec": {"serviceMonitorSelector": {}},
    });
    let path =
        format!("/apis/monitoring.coreos.com/v1alpha1/namespaces/{namespace}/prometheusagents");
    operated.scope.admin().post(&path, &agent).unwrap();
    let report = operated.wait_for(&[]);
    assert_eq!(
        result(&report, "is selected"),
        format!("by PrometheusAgent {namespace}/light")
    );
}

#[test]
fn a_monitor_without_a_service_and_one_without_its_port_are_told_apart() {
    let operated = Operated::applied(World::shared().cp.scope("no-service"), "coredns");
    let report = operated.wait_for(&["no-service"]);
    assert!(
        sentence(&report).contains(
            "there is no Service with the labels k8s-app=kube-dns in namespace kube-system"
        ),
        "{report:#}"
    );
    let shown = operated.mend(&report, "no-service").stdout + " ";
    assert!(!shown.contains("kube-dns"), "{shown}");

    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}},
        "spec": {"ports": [{"name": "dns-tcp", "port": 53}]},
    });
    let services = "/api/v1/namespaces/kube-system/services";
    let admin = operated.scope.admin();
    admin.post(services, &service).unwrap();
    let report = operated.wait_for(&["no-port"]);
    assert!(
        sentence(&report)
            .ends_with("asks for the port metrics, and the Services that it selects have dns-tcp."),
        "{report:#}"
    );
    let shown = operated.mend(&report, "no-port").stdout;
    assert!(shown.contains("port: metrics"), "{shown}");
    let ports = json!({"spec": {"ports": [{"name": "dns-tcp", "port": 53}, {"name": "metrics", "port": 9153}]}});
    admin
        .patch_merge(&format!("{services}/kube-dns"), &ports)
        .unwrap();
    operated.wait_for(&[]);
}

#[test]
fn what_the_operator_rejects_is_told_in_its_words() {
    let world = World::shared();
    let operated = Operated::applied(world.cp.scope("rejected"), "apiserver");
    let Scope {
        namespace, name, ..
    } = &operated.scope;
    operated.wait_for(&[]);
    let secret = format!("/api/v1/namespaces/{namespace}/secrets/{name}-k8s-token");
    let garbled = json!({"data": {"ca.crt": BASE64_STANDARD.encode("no certificate")}});
    operated
        .scope
        .admin()
        .patch_merge(&secret, &garbled)
        .unwrap();
    // The operator looks again when something that it watches changes.
    operated.change_prometheus(&json!({"scrapeInterval": "31s"}));
    let mut last = Value::Null;
    let rejected = poll(|| {
        last = operated.report();
        codes(&last)
            .contains(&"rejected-by-operator")
            .then(|| last.clone())
    });
    let report = rejected.unwrap_or_else(|| panic!("{last:#}\n{}", world.operator.log()));
    assert!(
        report["causes"]
            .to_string()
            .contains("failed to decode PEM block"),
        "{report:#}"
    );
    // Kubernetes tells times in whole seconds: within one it is not known what came first.
    std::thread::sleep(Duration::from_secs(1));
    operated.mend(&report, "rejected-by-operator");
    operated.wait_for(&[]);
}

#[test]
fn who_may_not_read_what_it_takes_is_told_so() {
    let operated = Operated::applied(World::shared().cp.scope("unread"), "apiserver");
    let rules = json!([
        {"apiGroups": ["", "rbac.authorization.k8s.io"], "resources": ["namespaces", "secrets", "serviceaccounts", "clusterroles", "clusterrolebindings", "roles", "rolebindings", "endpoints", "pods"], "verbs": ["get", "list"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"]},
        {"apiGroups": ["monitoring.coreos.com"], "resources": ["servicemonitors", "scrapeconfigs", "podmonitors", "prometheusrules"], "verbs": ["get", "list"]},
    ]);
    let reader = operated.scope.cp.limited_user("unread", &rules);
    let report = operated.report_as(&reader.kubeconfig, &[]);
    for check in [
        "is selected",
        "selects what has its port",
        "is taken by its operator",
    ] {
        let mut checks = report["checks"].as_array().unwrap().iter();
        let row = checks.find(|row| row["check"] == check).unwrap();
        assert_eq!(row["outcome"], "nothing", "{row:#}");
        let result = row["result"].as_str().unwrap();
        assert!(result.starts_with("not known: "), "{row:#}");
    }
}

/// The names that the operator gives the jobs are those that are looked for.
#[test]
fn the_running_prometheus_is_asked_for_the_operator_s_jobs() {
    let world = World::shared();
    let operated = Operated::applied(world.cp.scope("loaded"), "apiserver,kubelet");
    let generated = poll(|| {
        let config = world
            .operator
            .generated_config(&operated.scope.namespace, "main");
        let document = yaml::parse(&config, "generated").ok()?.pop()?;
        let jobs = document["scrape_configs"].as_array()?.iter();
        let names: Vec<Value> = jobs.map(|job| job["job_name"].clone()).collect();
        (names.len() == 2).then_some(names)
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, "scrape_configs: []\n").unwrap();
    let prometheus = Prometheus::start(&file, &[]);
    let asked = ["--prometheus-url", prometheus.url()];
    let report = operated.report_as(operated.scope.kubeconfig(), &asked);
    assert_eq!(codes(&report), ["not-loaded", "not-loaded"], "{report:#}");

    let jobs = generated.unwrap_or_else(|| panic!("{}", world.operator.log()));
    let itself = prometheus.url().trim_start_matches("http://");
    let jobs = jobs.iter().zip([itself, "127.0.0.1:1"]).map(|(name, target)| {
        json!({"job_name": name, "scrape_interval": "1s", "static_configs": [{"targets": [target]}]})
    });
    let config = json!({"scrape_configs": jobs.collect::<Vec<_>>()});
    fs::write(&file, config.to_string()).unwrap();
    prometheus.reload().unwrap();
    let mut last = Value::Null;
    let reached = poll(|| {
        last = operated.report_as(operated.scope.kubeconfig(), &asked);
        let ran = last["checks"].to_string().matches("\"1 target\"").count();
        (codes(&last) == ["refused"] && ran == 1).then_some(())
    });
    assert!(reached.is_some(), "{last:#}");
}

#[test]
fn the_running_prometheus_is_asked_for_the_jobs_of_a_file() {
    let instance = Instance::applied(
        ControlPlane::shared().scope("loaded-file"),
        &["--jobs", "apiserver"],
    );
    let main = instance.path("prometheus.yml");
    let whole = fs::read_to_string(&main).unwrap();
    fs::write(&main, "scrape_configs: []\n").unwrap();
    let prometheus = Prometheus::start(&main, &[]);
    let asked = ["--prometheus-url", prometheus.url()];
    let report = instance.report(&asked);
    assert_eq!(codes(&report), ["not-loaded"], "{report:#}");
    // The fix's last line, with curl's own answer.
    let fix = report["causes"][0]["fix"].as_str().unwrap();
    assert!(fix.contains(&format!("curl -X POST {}/-/reload", prometheus.url())));
    fs::write(&main, whole).unwrap();
    prometheus.reload().unwrap();
    // It takes up what it has read a few seconds later. There is no EndpointSlice in this cluster.
    let runs = format!("runs {}-kubernetes-apiservers", instance.scope.name);
    let mut last = Value::Null;
    let reached = poll(|| {
        last = instance.report(&asked);
        (codes(&last).is_empty() && result(&last, &runs) == "no target").then_some(())
    });
    assert!(reached.is_some(), "{last:#}");

    let nobody = instance.report(&["--prometheus-url", "http://127.0.0.1:1"]);
    assert_eq!(codes(&nobody), ["refused"], "{nobody:#}");
}
