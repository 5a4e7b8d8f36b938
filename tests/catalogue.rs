//! Every job of the catalogue in every form: what reads a form, the real one, accepts it.

use std::collections::BTreeSet;
use std::fs;

use monconf::job::{BLACKBOX_EXPORTER, catalogue};
use serde_json::{Value, json};
use testbed::poll::{poll, until};
use testbed::{ControlPlane, Crds, Operator, OperatorVersion, Options, Scope, promtool_check};

use crate::support::{Monconf, Run};

/// Both ways to kubelets.
const WAYS: [&[&str]; 2] = [
    &[],
    &["--kubelet", "apiserver-proxy", "--allow-nodes-proxy"],
];

fn names() -> Vec<String> {
    let jobs = catalogue(BLACKBOX_EXPORTER).into_iter();
    jobs.map(|job| job.name).collect()
}

fn apply(scope: &Scope, arguments: &[&str]) -> Run {
    // From one way to the next may be a move.
    Monconf::prometheus(scope, &["--apply", "--yes", "--jobs", &names().join(",")])
        .args(arguments)
        .run()
        .ok()
}

#[test]
fn every_job_is_listed_with_its_rights() {
    let listed = Monconf::new(["jobs"]).run().ok().stdout;
    let listed: Vec<&str> = listed
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split([':', ' ']).next())
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(listed, names());
    let listed = Monconf::new(["jobs", "-o", "json"]).run().ok().stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let job = |name: &str| {
        let mut jobs = listed.as_array().unwrap().iter();
        jobs.find(|job| job["name"] == name).unwrap().clone()
    };
    assert_eq!(
        job("scheduler")["discovering"][0],
        json!({
            "verb": "list", "apiGroup": "", "resource": "pods", "resourceName": null,
            "namespace": "kube-system", "jobs": ["scheduler"],
        })
    );
    assert_eq!(
        job("scheduler")["scraping"],
        json!([{"verb": "get", "nonResourceURL": "/metrics", "jobs": ["scheduler"]}])
    );
    assert_eq!(job("cadvisor")["default"], true);
    let own = include_str!("../examples/own-jobs/monconf.yaml");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("monconf.yaml"), own).unwrap();
    let listed = Monconf::new(["jobs"]).current_dir(folder.path()).run().ok();
    assert!(
        listed.stdout.contains(
            "\nshop (default): the shop's web and API servers
  finds             role pod in shop, shop-canary
  scrapes           http, /metrics
  needs to scrape   nothing: its targets serve everybody
  needs to discover list, watch nodes
                    list, watch pods in shop
                    list, watch replicasets.apps in shop
"
        ),
        "{}",
        listed.stdout
    );
}

#[test]
fn the_list_is_of_the_consumer_that_is_named() {
    let listed = |arguments: &[&str]| -> Vec<Value> {
        let run = Monconf::new(["jobs", "-o", "json"]).args(arguments).run();
        serde_json::from_str(&run.ok().stdout).unwrap()
    };
    let finds = |jobs: &[Value], name: &str| {
        let job = jobs.iter().find(|job| job["name"] == name).unwrap();
        let first = job["discovering"][0]["resource"].clone();
        (first, job["operatorKind"].clone())
    };
    let monitors = listed(&["grafana-agent", "--format", "monitors"]);
    let endpoints = (json!("endpoints"), json!("ServiceMonitor"));
    assert_eq!(finds(&monitors, "coredns"), endpoints);
    // That operator knows no ScrapeConfig.
    assert_eq!(finds(&monitors, "kubelet"), (json!("nodes"), Value::Null));
    let slices = (json!("endpointslices"), Value::Null);
    assert_eq!(finds(&listed(&["grafana-agent"]), "coredns"), slices);
    assert_eq!(finds(&listed(&["alloy"]), "coredns"), slices);
    let operator = (json!("endpointslices"), json!("ServiceMonitor"));
    assert_eq!(finds(&listed(&[]), "coredns"), operator);
}

#[test]
fn prometheus_own_checker_accepts_both_raw_forms() {
    let scope = ControlPlane::shared().scope("all-raw");
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("prometheus.yml");
    for way in WAYS {
        let text = apply(&scope, way).stdout;
        let text = if text.starts_with('#') {
            text
        } else {
            apply(&scope, &[way, &["--format", "raw"]].concat()).stdout
        };
        fs::write(&main, text).unwrap();
        promtool_check(&main, true).unwrap();

        let drop_in = folder.path().join("k8s.yml");
        let drop_in = ["--drop-in", drop_in.to_str().unwrap()];
        apply(&scope, &[way, &drop_in].concat());
        fs::write(&main, "scrape_config_files: [k8s.yml]\n").unwrap();
        let said = promtool_check(&main, false).unwrap();
        assert!(said.contains("SUCCESS"), "{said}");
    }
}

/// The API server checks every field (`fieldValidation=Strict`); what an older one does not know is left out.
#[test]
fn the_kinds_of_a_new_and_of_an_old_operator_accept_every_monitor() {
    for crds_version in [OperatorVersion::V0_93_0, OperatorVersion::V0_77_2] {
        let cp = ControlPlane::start(Options {
            crds_version,
            ..Options::default()
        });
        let scope = cp.scope("all-monitors");
        let is_old = crds_version == OperatorVersion::V0_77_2;
        for way in WAYS {
            let run = apply(&scope, &[way, &["--interval", "1m"]].concat());
            let left_out = "warning: the ServiceMonitor of this cluster's prometheus-operator has no field spec.serviceDiscoveryRole: it is left out";
            assert_eq!(run.stderr.contains(left_out), is_old, "{}", run.stderr);
            let again = apply(&scope, &[way, &["--interval", "1m"]].concat());
            assert!(again.stdout.contains("No changes"), "{}", again.stdout);
        }
        let group = "/apis/monitoring.coreos.com";
        let kinds = [
            ("v1", "servicemonitors"),
            ("v1", "podmonitors"),
            ("v1alpha1", "scrapeconfigs"),
        ];
        let monitors = kinds.map(|(version, plural)| {
            let path = format!("{group}/{version}/namespaces/{}/{plural}", scope.namespace);
            cp.admin().get(&path).unwrap()["items"]
                .as_array()
                .unwrap()
                .len()
        });
        assert_eq!(
            monitors.iter().sum::<usize>(),
            names().len(),
            "{monitors:?}"
        );
        assert!(monitors.iter().all(|&number| number > 0), "{monitors:?}");

        // Whoever may not read the CRDs sees the same plan.
        let reader = cp.limited_user(
            "all-monitors",
            &json!([
                {"apiGroups": ["", "rbac.authorization.k8s.io", "monitoring.coreos.com"], "resources": ["*"], "verbs": ["get", "list"]},
            ]),
        );
        let plan = Monconf::prometheus(&scope, &["--jobs", &names().join(","), "--interval", "1m"])
            .args(WAYS[1])
            .kubeconfig(&reader.kubeconfig)
            .run()
            .ok();
        assert!(plan.stdout.contains("No changes"), "{}", plan.stdout);
    }
}

/// prometheus-operator itself makes a configuration of every monitor, and leaves none out.
#[test]
fn the_operator_makes_a_valid_configuration_of_every_monitor() {
    let cp = ControlPlane::start(Options {
        crds: Crds::All,
        ..Options::default()
    });
    let scope = cp.scope("operator");
    scope.create_namespace();
    let selectors = ["serviceMonitor", "podMonitor", "scrapeConfig"]
        .iter()
        .flat_map(|kind| {
            [
                (format!("{kind}Selector"), json!({})),
                (format!("{kind}NamespaceSelector"), json!({})),
            ]
        });
    let mut spec: serde_json::Map<String, Value> = selectors.collect();
    spec.insert("serviceAccountName".to_owned(), json!("default"));
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"}, "spec": spec,
    });
    let path = format!(
        "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheuses",
        scope.namespace
    );
    cp.admin().post(&path, &prometheus).unwrap();
    let operator = Operator::start(&cp);
    for (way, expected) in WAYS.iter().zip([
        "/metrics/cadvisor",
        "/api/v1/nodes/$1/proxy/metrics/cadvisor",
    ]) {
        apply(&scope, way);
        let config = poll(|| {
            let config = operator.generated_config(&scope.namespace, "main");
            let document = yaml::parse(&config, "generated").ok()?.pop()?;
            let jobs = document["scrape_configs"].as_array()?.len();
            // Two of the catalogue's Services have a port under two names.
            (jobs >= names().len() + 2 && config.contains(expected)).then_some(config)
        });
        let config = config.unwrap_or_else(|| panic!("{}", operator.log()));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, &config).unwrap();
        promtool_check(&file, true).unwrap();
        assert_eq!(operator.rejections(), Vec::<String>::new());
        let generated = yaml::parse(&config, "generated").unwrap().remove(0);
        let sources: BTreeSet<String> = generated["scrape_configs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| {
                job["job_name"]
                    .as_str()
                    .unwrap()
                    .split('/')
                    .nth(2)
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(sources.len(), names().len(), "{sources:?}");
    }
}

/// With the operator it is Prometheus' own account that discovers: what that one lacks is said, until it has it.
#[test]
fn a_plan_says_what_the_account_that_discovers_lacks() {
    let cp = ControlPlane::start(Options::default());
    let scope = cp.scope("discoverer");
    let path = "/apis/monitoring.coreos.com/v1/namespaces/default/prometheuses";
    let spec = json!({
        "serviceAccountName": "prometheus-k8s",
        "serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {},
        "scrapeConfigSelector": {}, "scrapeConfigNamespaceSelector": {},
    });
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"}, "spec": spec,
    });
    cp.admin().post(path, &prometheus).unwrap();
    let named = ["--selected-by", "default/main"];
    let plan = |arguments: &[&str]| {
        Monconf::prometheus(&scope, &named)
            .args(arguments)
            .run()
            .ok()
            .stderr
    };
    let who = "warning: Prometheus default/main discovers as ServiceAccount default/prometheus-k8s";
    let said = plan(&[]);
    assert!(
        said.contains(&format!(
            "{who}, which lacks list, watch nodes (for kubelet, cadvisor); list, watch pods, services in default (for apiserver); list, watch endpointslices.discovery.k8s.io in default (for apiserver)"
        )),
        "{said}"
    );
    let account = "system:serviceaccount:default:prometheus-k8s";
    let verbs = ["list", "watch"];
    cp.grant(
        account,
        None,
        &json!([{"apiGroups": [""], "resources": ["nodes"], "verbs": verbs}]),
    );
    let said = plan(&[]);
    assert!(said.contains(who) && !said.contains("nodes"), "{said}");
    cp.grant(
        account,
        Some("default"),
        &json!([
            {"apiGroups": [""], "resources": ["pods", "services"], "verbs": verbs},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs},
        ]),
    );
    until("nothing is lacking", || !plan(&[]).contains(who));

    // One that looks into the monitors' own namespace only is told apart.
    let confined = json!({"spec": {"ignoreNamespaceSelectors": true}});
    cp.admin()
        .patch_merge(&format!("{path}/main"), &confined)
        .unwrap();
    let said = plan(&[]);
    assert!(
        said.contains("warning: Prometheus default/main has ignoreNamespaceSelectors: it looks into the monitors' own namespace only, and finds no targets of apiserver elsewhere"),
        "{said}"
    );
    assert!(
        said.contains(&format!(
            "list, watch pods, services in {} (for apiserver)",
            scope.namespace
        )),
        "{said}"
    );

    // Whoever may not ask about others is told so, and plans all the same.
    let reader = cp.limited_user(
        "discoverer",
        &json!([{"apiGroups": ["", "rbac.authorization.k8s.io", "monitoring.coreos.com"], "resources": ["*"], "verbs": ["get", "list"]}]),
    );
    let plan = Monconf::prometheus(&scope, &named)
        .kubeconfig(&reader.kubeconfig)
        .run()
        .ok();
    assert!(
        plan.stderr.contains(&format!(
            "{who}; whether that account may do so is not known: "
        )),
        "{}",
        plan.stderr
    );
}
