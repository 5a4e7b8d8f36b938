//! `monconf rbac explain`: what it says, and whether it is true.

mod cases;
mod proof;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testbed::{Cluster, Component, ControlPlane, Crds, Network, Operator, Options, promtool_check};

use crate::support::Monconf;
use cases::{CASES, KUBELETS};
use proof::{Claim, NAMESPACE};

fn explain(file: &Path, output: &str) -> String {
    let arguments = ["rbac", "explain", "-o", output, "-f"];
    Monconf::new(arguments).args([file]).run().ok().stdout
}

fn claim(name: &str, file: &Path, jobs: Vec<Value>) -> Claim {
    Claim {
        name: name.to_owned(),
        jobs,
        manifests: explain(file, "yaml"),
    }
}

/// The scrape configs of any form that holds some.
fn jobs(text: &str) -> Vec<Value> {
    let document = yaml::parse(text, "configuration").unwrap().remove(0);
    let jobs = document
        .get("scrape_configs")
        .or_else(|| document.pointer("/metrics/configs/0/scrape_configs"))
        .unwrap_or(&document);
    jobs.as_array().unwrap().clone()
}

/// The example of Prometheus' own documentation; its exporter is one that nobody runs.
fn documentation() -> String {
    let file =
        Component::prometheus_source().join("documentation/examples/prometheus-kubernetes.yml");
    let text = fs::read_to_string(file).unwrap();
    text.replace("blackbox-exporter.example.com:9115", "127.0.0.1:9")
}

#[test]
fn every_derived_right_is_needed_and_all_together_are_enough() {
    let Some(network) = Network::new() else {
        return;
    };
    let cp = ControlPlane::start(Options {
        address: Some(network.address()),
        crds: Crds::All,
        ..Options::default()
    });
    furnish(&cp, &network);
    let folder = tempfile::tempdir().unwrap();
    let mut claims = Vec::new();
    for case in CASES {
        let file = folder.path().join(format!("{}.yml", case.name));
        fs::write(&file, case.text).unwrap();
        let report: Value = serde_json::from_str(&explain(&file, "json")).unwrap();
        let open = report["jobs"].as_array().unwrap().iter();
        let open: usize = open
            .map(|job| job["unproven"].as_array().unwrap().len())
            .sum();
        assert_eq!(open, case.open, "{}: {report:#}", case.name);
        claims.push(claim(case.name, &file, jobs(case.text)));
    }
    let file = folder.path().join("documentation.yml");
    fs::write(&file, documentation()).unwrap();
    claims.push(claim("documentation", &file, jobs(&documentation())));
    claims.push(files_of_files(folder.path()));
    claims.push(monitors(&cp, folder.path()));
    proof::prove(&cp, &claims);
}

#[test]
fn a_real_kubelet_asks_for_what_was_derived() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let namespace = json!({"metadata": {"name": NAMESPACE}});
    // Another test of this process may have made it.
    let _ = cluster.cp.admin().post("/api/v1/namespaces", &namespace);
    let folder = tempfile::tempdir().unwrap();
    let claims: Vec<Claim> = KUBELETS
        .iter()
        .map(|case| {
            let file = folder.path().join(format!("{}.yml", case.name));
            fs::write(&file, case.text).unwrap();
            claim(case.name, &file, jobs(case.text))
        })
        .collect();
    proof::prove_at_kubelets(&cluster.cp, &claims);
}

/// Jobs in files that the configuration names by a pattern.
fn files_of_files(folder: &Path) -> Claim {
    let inner = CASES
        .iter()
        .find(|case| case.name == "two-namespaces")
        .unwrap();
    fs::create_dir(folder.join("jobs.d")).unwrap();
    fs::write(folder.join("jobs.d/a.yml"), inner.text).unwrap();
    fs::write(folder.join("jobs.d/a.yml.bak"), "no: configuration").unwrap();
    let file = folder.join("main.yml");
    let main = "scrape_config_files: [jobs.d/*.yml]\nscrape_configs:\n- job_name: nodes\n  metrics_path: /probe\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs: [{target_label: __address__, replacement: '127.0.0.1:9'}]\n";
    fs::write(&file, main).unwrap();
    let jobs = [jobs(main), jobs(inner.text)].concat();
    claim("files-of-files", &file, jobs)
}

const MONITORS: &str = "apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: apiserver, namespace: monitoring}
spec:
  selector: {matchLabels: {component: apiserver, provider: kubernetes}}
  namespaceSelector: {matchNames: [default]}
  serviceDiscoveryRole: EndpointSlice
  endpoints:
  - port: https
    scheme: https
    bearerTokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
    tlsConfig: {insecureSkipVerify: true}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: web, namespace: monitoring}
spec:
  selector: {matchLabels: {app: web}}
  namespaceSelector: {matchNames: [shop]}
  attachMetadata: {node: true}
  endpoints:
  - port: http
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: web, namespace: monitoring}
spec:
  selector: {matchLabels: {app: web}}
  namespaceSelector: {matchNames: [shop, monitoring]}
  podMetricsEndpoints:
  - port: http
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: ScrapeConfig
metadata: {name: ingresses, namespace: monitoring}
spec:
  metricsPath: /probe
  kubernetesSDConfigs:
  - role: Ingress
    namespaces: {names: [shop]}
  relabelings:
  - {action: replace, targetLabel: __address__, replacement: '127.0.0.1:9'}
";

/// What the real operator makes of monitors, and what is said of the monitors themselves.
fn monitors(cp: &ControlPlane, folder: &Path) -> Claim {
    let file = folder.join("monitors.yaml");
    fs::write(&file, MONITORS).unwrap();
    let everything = json!({
        "serviceMonitorSelector": {}, "podMonitorSelector": {}, "scrapeConfigSelector": {},
    });
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
        "metadata": {"name": "main", "namespace": NAMESPACE}, "spec": everything,
    });
    for object in yaml::parse(MONITORS, "monitors")
        .unwrap()
        .iter()
        .chain([&prometheus])
    {
        let version = object["apiVersion"].as_str().unwrap();
        let plural = format!("{}s", object["kind"].as_str().unwrap().to_lowercase())
            .replace("prometheuss", "prometheuses");
        let path = format!("/apis/{version}/namespaces/{NAMESPACE}/{plural}");
        cp.admin().post(&path, object).unwrap();
    }
    let operator = Operator::start(cp);
    let mut config = String::new();
    let complete = |config: &str| {
        [
            "serviceMonitor/monitoring/web",
            "serviceMonitor/monitoring/apiserver",
            "podMonitor/",
            "scrapeConfig/",
        ]
        .iter()
        .all(|job| config.contains(job))
    };
    testbed::poll::until("the operator has read the monitors", || {
        config = operator.generated_config(NAMESPACE, "main");
        complete(&config)
    });
    // As the operator's reloader does in the pod.
    let config = config.replace("$(SHARD)", "0");
    let rendered = folder.join("rendered.yml");
    fs::write(&rendered, &config).unwrap();
    let needs = |file: &Path| {
        let report: Value = serde_json::from_str(&explain(file, "json")).unwrap();
        let mut needs: Vec<String> = report["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|job| job["needs"].as_array().unwrap())
            .map(|need| {
                format!(
                    "{} {} {} {}",
                    need["verb"], need["resource"], need["nonResourceURL"], need["namespace"]
                )
            })
            .collect();
        needs.sort();
        needs
    };
    assert_eq!(needs(&file), needs(&rendered), "{config}");
    claim("monitors", &file, jobs(&config))
}

/// Something of each kind that is discovered. Nobody answers at its addresses.
fn furnish(cp: &ControlPlane, network: &Network) {
    let address = network.address().to_string();
    let post = |path: &str, object: Value| cp.admin().post(path, &object).unwrap();
    for namespace in ["shop", NAMESPACE] {
        post(
            "/api/v1/namespaces",
            json!({"metadata": {"name": namespace}}),
        );
        cp.wait_for_namespace(namespace);
    }
    post("/api/v1/nodes", json!({"metadata": {"name": "node-1"}}));
    let node = json!({"status": {
        "addresses": [{"type": "InternalIP", "address": address}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    }});
    cp.admin()
        .patch_merge("/api/v1/nodes/node-1/status", &node)
        .unwrap();
    let ports = json!([{"name": "http", "port": 8080}]);
    post(
        "/api/v1/namespaces/shop/services",
        json!({
            "metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"ports": ports},
        }),
    );
    post(
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
        json!({
            "metadata": {"name": "web", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4", "endpoints": [{"addresses": [address]}], "ports": ports,
        }),
    );
    post(
        "/api/v1/namespaces/shop/pods",
        json!({
            "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"prometheus.io/scrape": "true"}},
            "spec": {"containers": [{"name": "web", "image": "web", "ports": [{"name": "http", "containerPort": 8080}]}]},
        }),
    );
    let pod =
        json!({"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}});
    cp.admin()
        .patch_merge("/api/v1/namespaces/shop/pods/web/status", &pod)
        .unwrap();
}

/// A folder with one file, for runs whose output names it.
fn folder(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

#[test]
fn the_example_of_prometheus_documentation_is_explained_line_by_line() {
    let file = "documentation/examples/prometheus-kubernetes.yml";
    let source = Component::prometheus_source();
    let run = Monconf::new(["rbac", "explain", "-f", file])
        .current_dir(&source)
        .run()
        .ok();
    let expected = "\
documentation/examples/prometheus-kubernetes.yml

JOB                           NEEDS                                    WHERE    WHY
kubernetes-apiservers         list, watch endpoints                    cluster  role endpoints finds targets (line 27)
                              list, watch services                     cluster  role endpoints adds each target's Service (line 27)
                              list, watch pods                         cluster  role endpoints adds each target's pod (line 27)
                              get /metrics                             cluster  the API server itself is scraped (line 24)
kubernetes-nodes              list, watch nodes                        cluster  role node finds targets (line 90)
                              get nodes/metrics                        cluster  the kubelets are asked directly for /metrics (line 65)
kubernetes-cadvisor           list, watch nodes                        cluster  role node finds targets (line 141)
                              get nodes/metrics                        cluster  the kubelets are asked directly for /metrics/cadvisor (line 110)
kubernetes-service-endpoints  list, watch endpoints                    cluster  role endpoints finds targets (line 154)
                              list, watch services                     cluster  role endpoints adds each target's Service (line 154)
                              list, watch pods                         cluster  role endpoints adds each target's pod (line 154)
                              nothing for scrapes                      -        the scrape shows no token: the target answers everybody
kubernetes-services           list, watch services                     cluster  role service finds targets (line 204)
                              nothing for scrapes                      -        the scrape shows no token: the target answers everybody
kubernetes-ingresses          list, watch ingresses.networking.k8s.io  cluster  role ingress finds targets (line 235)
                              nothing for scrapes                      -        the scrape shows no token: the target answers everybody
kubernetes-pods               list, watch pods                         cluster  role pod finds targets (line 270)
                              nothing for scrapes                      -        the scrape shows no token: the target answers everybody

7 rules in a ClusterRole, for the ServiceAccount of the pod that scrapes.
";
    assert_eq!(run.stdout, expected);
    assert!(run.stderr.contains("hint: `-o yaml`"), "{}", run.stderr);
}

#[test]
fn the_example_in_the_documentation_is_what_is_printed() {
    let page = include_str!("../docs/access.md");
    let block = |begin: &str| {
        page.split_once(begin)
            .unwrap()
            .1
            .split_once("```")
            .unwrap()
            .0
    };
    let folder = folder("prometheus.yml", block("```yaml\n"));
    let run = Monconf::new(["rbac", "explain", "-f", "prometheus.yml"])
        .current_dir(folder.path())
        .run()
        .ok();
    let (command, printed) = block("```console\n$ ").split_once('\n').unwrap();
    assert_eq!(command, "monconf rbac explain -f prometheus.yml");
    assert_eq!(run.stdout, printed);
}

#[test]
fn without_a_file_our_own_jobs_are_explained() {
    let empty = tempfile::tempdir().unwrap();
    let own = |arguments: &[&str]| {
        let run = Monconf::new(["rbac", "explain"])
            .args(arguments)
            .current_dir(empty.path());
        run.run().ok().stdout
    };
    let raw = own(&["--jobs", "apiserver,kubelet"]);
    assert!(
        raw.contains(
            "for whoever's token is in /etc/prometheus/secrets/prometheus-k8s-token/token."
        ),
        "{raw}"
    );
    let operator = own(&["--jobs", "kubelet", "--format", "operator", "-o", "yaml"]);
    let manifests = yaml::parse(&operator, "roles").unwrap();
    let rules: Vec<&Value> = manifests.iter().map(|role| &role["rules"]).collect();
    // The operator's Prometheus discovers, the token scrapes.
    assert_eq!(
        json!(rules),
        json!([
            [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]}],
            [{"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}],
        ])
    );
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_line() {
    for (text, message) in [
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n    authorization: {credentials: x}\n",
            "prometheus.yml:5: to use custom HTTP client configuration",
        ),
        ("scrape_configs:\n- job_name: [a\n", "prometheus.yml:3: "),
        (
            "scrape_configs:\n- job_name: a\n- job_name: a\n",
            "prometheus.yml:3: found multiple scrape configs with job name \"a\"",
        ),
        ("global: {}\n", "no scrape job in prometheus.yml"),
        ("", "no scrape job in prometheus.yml"),
        ("just words\n", "no scrape job in prometheus.yml"),
        (
            "apiVersion: azmonitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a}\nspec: {selector: {}, endpoints: [{port: web}]}\n",
            "no scrape job in prometheus.yml",
        ),
        (
            "apiVersion: shop.example/v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {p: 'scrape_configs: [{job_name: x}]'}\n",
            "no scrape job in prometheus.yml",
        ),
        (
            "scrape_configs: {job_name: a}\n",
            "prometheus.yml:1: a list is expected here",
        ),
    ] {
        let folder = folder("prometheus.yml", text);
        let run = Monconf::new(["rbac", "explain", "-f", "prometheus.yml"])
            .current_dir(folder.path())
            .run()
            .exit(1);
        assert!(run.stderr.contains(message), "{text}\n{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let run = Monconf::new(["rbac", "explain", "-f", "/nowhere/x.yml"])
        .run()
        .exit(1);
    assert!(
        run.stderr
            .contains("cannot read /nowhere/x.yml: there is no such file"),
        "{}",
        run.stderr
    );
    let main = folder(
        "main.yml",
        "scrape_config_files: [none/*.yml]\nscrape_configs: [{job_name: a}]\n",
    );
    let run = Monconf::new(["rbac", "explain", "-f", "main.yml"])
        .current_dir(main.path())
        .run()
        .ok();
    assert!(
        run.stderr
            .contains("warning: main.yml:1: none/*.yml matches no file"),
        "{}",
        run.stderr
    );
}

#[test]
fn no_credentials_of_a_configuration_are_shown() {
    let secret = "c2VjcmV0LXRva2VuLW9mLW5vYm9keQ";
    let text = format!("scrape_configs:
- job_name: a
  scheme: https
  authorization: {{credentials: {secret}}}
  kubernetes_sd_configs:
  - {{role: node, api_server: 'https://10.0.0.1', basic_auth: {{username: jane, password: {secret}}}}}
- job_name: b
  bearer_token: {secret}
  static_configs: [{{targets: ['https://jane:{secret}@10.0.0.1/metrics']}}]
");
    let folder = folder("prometheus.yml", &text);
    for output in ["text", "json", "yaml"] {
        let arguments = ["rbac", "explain", "-f", "prometheus.yml", "-o", output];
        let run = Monconf::new(arguments)
            .current_dir(folder.path())
            .run()
            .ok();
        let printed = run.stdout + &run.stderr;
        assert!(!printed.contains(secret), "{printed}");
        assert!(
            printed.contains("whoever's token the configuration holds"),
            "{printed}"
        );
    }
}

/// Discoveries that are right, or wrong in one way.
const DISCOVERIES: &[&str] = &[
    "role: pod",
    "role: nodes",
    "role: Node",
    "api_server: https://a",
    "role: pod, namespaces: {own_namespace: true}",
    "role: pod, api_server: 'https://a', namespaces: {own_namespace: true}",
    "role: pod, kubeconfig_file: /k, namespaces: {own_namespace: true}",
    "role: pod, kubeconfig_file: /k, api_server: 'https://a'",
    "role: pod, kubeconfig_file: /k, tls_config: {ca_file: /ca}",
    "role: pod, kubeconfig_file: /k, follow_redirects: true",
    "role: pod, follow_redirects: false",
    "role: pod, enable_http2: true",
    "role: pod, enable_http2: false",
    "role: pod, tls_config: {}",
    "role: pod, tls_config: {insecure_skip_verify: false}",
    "role: pod, tls_config: {insecure_skip_verify: true}",
    "role: pod, authorization: {}",
    "role: pod, authorization: {credentials_file: /t}",
    "role: pod, bearer_token_file: /t",
    "role: pod, bearer_token_file: ''",
    "role: pod, basic_auth: {username: a, password: b}",
    "role: pod, proxy_url: 'http://a'",
    "role: pod, proxy_from_environment: false",
    "role: pod, proxy_from_environment: true",
    "role: pod, api_server: 'https://a', authorization: {credentials_file: /t}",
    "role: pod, selectors: [{role: node, field: metadata.name=a}]",
    "role: pod, selectors: [{role: service}]",
    "role: endpoints, selectors: [{role: pod}, {role: service}, {role: endpoints}]",
    "role: endpoints, selectors: [{role: pod}, {role: pod}]",
    "role: endpointslice, selectors: [{role: endpoints}]",
    "role: ingress, selectors: [{role: ingress, label: a=b}]",
    "role: node, attach_metadata: {node: true}",
    "role: pod, attach_metadata: {nodes: true}",
    "role: pod, attach_metadata: {node: yes please}",
    "role: pod, namespaces: {names: a}",
    "role: pod, namespaces: [a]",
    "role: pod, namespace: {names: [a]}",
];

#[test]
fn what_prometheus_refuses_of_a_discovery_is_refused_and_nothing_else() {
    let mut differences = Vec::new();
    for discovery in DISCOVERIES {
        let text = format!(
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - {{{discovery}}}\n"
        );
        let folder = folder("prometheus.yml", &text);
        let file = folder.path().join("prometheus.yml");
        let theirs = promtool_check(&file, true);
        let ours = Monconf::new(["rbac", "explain", "-f"]).args([&file]).run();
        if theirs.is_ok() != (ours.code == 0) {
            differences.push(format!("{discovery}\n  {theirs:?}\n  {}", ours.stderr));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The rules of each role among manifests, by kind and namespace.
fn rules(manifests: &str) -> Vec<(Value, Value, Value)> {
    let objects = yaml::parse(manifests, "manifests").unwrap().into_iter();
    let roles = objects.filter(|object| {
        let kind = object["kind"].as_str().unwrap_or_default();
        kind.ends_with("Role")
    });
    let parts = roles.map(|role| {
        let namespace = role["metadata"]["namespace"].clone();
        (role["kind"].clone(), namespace, role["rules"].clone())
    });
    parts.collect()
}

#[test]
fn the_roles_of_every_consumer_are_those_that_its_command_makes() {
    let login = [
        "--remote-write",
        "https://metrics.example/api/v1/write",
        "--remote-write-token",
        "login:token",
    ];
    let monitors = [
        "--format",
        "monitors",
        "--jobs",
        "apiserver,kubelet,coredns",
    ];
    for (consumer, flags) in [
        ("prometheus", &["--format", "raw"][..]),
        ("grafana-agent", &["--format", "static"]),
        ("grafana-agent", &monitors),
        ("alloy", &login),
        ("alloy", &[&login[..], &["--token-from", "secret"]].concat()),
    ] {
        let explained = Monconf::new(["rbac", "explain", consumer, "-o", "yaml"])
            .args(flags)
            .run()
            .ok();
        let made = Monconf::new([consumer, "--offline", "-o", "yaml"])
            .args(flags)
            .run()
            .ok();
        let explained = rules(&explained.stdout);
        assert!(!explained.is_empty(), "{consumer} {flags:?}");
        assert_eq!(explained, rules(&made.stdout), "{consumer} {flags:?}");
    }
}

#[test]
fn the_secrets_that_alloy_reads_are_explained_beside_the_jobs() {
    let run = Monconf::new(["rbac", "explain", "alloy", "--jobs", "kubelet"])
        .args(["--token-from", "secret"])
        .run()
        .ok();
    let expected = "\
JOB        NEEDS                        WHERE       WHY
kubelet    list, watch nodes            cluster     role node finds targets
           get nodes/metrics            cluster     the kubelets are asked directly for /metrics
the token  get secrets alloy-k8s-token  monitoring  the configuration names this Secret

3 rules in a ClusterRole and a Role, for the ServiceAccount of the pod that scrapes.
";
    assert_eq!(run.stdout, expected);
}
