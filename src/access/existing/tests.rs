//! Configurations and what they need.

use super::*;
use crate::rbac::Scope;

const SETTINGS: Settings<'_> = Settings {
    namespace: "monitoring",
    api_server: None,
};

fn input(text: &str) -> Input {
    Input {
        file: "prometheus.yml".into(),
        text: text.into(),
    }
}

/// Every need, scrape that needs nothing, and open question of a configuration's jobs.
fn needs(text: &str) -> Vec<String> {
    let explanations =
        read(&[input(text)], &SETTINGS).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut lines = Vec::new();
    for explanation in explanations {
        for need in explanation.needs {
            let place = match need.scope {
                Scope::Cluster => String::new(),
                Scope::Namespace(namespace) => format!("{namespace}: "),
            };
            lines.push(format!("{place}{}", need.right));
        }
        lines.extend(explanation.free.iter().map(|_| "nothing".to_owned()));
        for open in explanation.unproven {
            let maybe: Vec<String> = open.maybe.iter().map(ToString::to_string).collect();
            lines.push(format!("? {}", maybe.join(", ")).trim_end().to_owned());
        }
    }
    lines
}

/// The needs of one job with a token, without those of its discovery.
fn scraped(job: &str) -> Vec<String> {
    let mut lines = needs(&format!(
        "scrape_configs:\n- job_name: a\n  authorization: {{credentials_file: /token}}\n{job}"
    ));
    lines.retain(|line| !line.contains("list ") && !line.contains("watch "));
    lines
}

#[test]
fn a_kubelet_is_authorized_by_what_is_asked_for() {
    for (job, expected) in [
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: node}]",
            "get nodes/metrics",
        ),
        (
            "  scheme: https\n  metrics_path: /stats/summary\n  kubernetes_sd_configs: [{role: node}]",
            "get nodes/stats",
        ),
        ("  kubernetes_sd_configs: [{role: node}]", "nothing"),
        (
            "  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {source_labels: [__address__], regex: '([^:]+)(?::\\d+)?', replacement: '${1}:10255', target_label: __address__}",
            "nothing",
        ),
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_node_address_InternalIP], regex: (.+), replacement: '$1:10250', target_label: __address__}",
            "get nodes/metrics",
        ),
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_node_name], regex: n1|n2, action: keep}",
            "get nodes/metrics n1",
        ),
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {source_labels: [__address__], regex: '(.*):10250', replacement: '$1:9100', target_label: __address__}",
            "? get /metrics",
        ),
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {replacement: /metrics/cadvisor, target_label: __metrics_path__}\n  - {source_labels: [__address__], regex: '(.*):10250', replacement: '$1:10259', target_label: __address__}",
            "get /metrics/cadvisor",
        ),
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: endpoints, namespaces: {names: [kube-system]}}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_service_label_k8s_app, __meta_kubernetes_endpoint_port_name], regex: kubelet;https-metrics, action: keep}",
            "get nodes/metrics",
        ),
        (
            "  scheme: https\n  static_configs: [{targets: ['10.0.0.7:10250']}]",
            "get nodes/metrics",
        ),
    ] {
        assert_eq!(scraped(job)[0], expected, "{job}");
    }
}

#[test]
fn the_api_server_is_known_by_its_names_and_its_paths() {
    let to = |path: &str| {
        format!(
            "  scheme: https\n  kubernetes_sd_configs: [{{role: node}}]\n  relabel_configs:\n  - {{target_label: __address__, replacement: 'kubernetes.default.svc:443'}}\n  - {{source_labels: [__meta_kubernetes_node_name], regex: (.+), target_label: __metrics_path__, replacement: '{path}'}}"
        )
    };
    let proxy = |role: &str, namespaces: &str, path: &str| {
        format!(
            "  scheme: https\n  kubernetes_sd_configs: [{{role: {role}, namespaces: {{names: [{namespaces}]}}}}]\n  relabel_configs:\n  - {{target_label: __address__, replacement: kubernetes.default.svc}}\n  - {{source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_{role}_name], regex: (.+);(.+), target_label: __metrics_path__, replacement: '{path}'}}"
        )
    };
    let fixed = |path: &str| {
        format!(
            "  scheme: https\n  metrics_path: {path}\n  static_configs: [{{targets: ['kubernetes.default.svc']}}]"
        )
    };
    for (job, expected) in [
        (to("/api/v1/nodes/${1}/proxy/metrics"), "get nodes/proxy"),
        (
            to("/api/v1/nodes/${1}:10250/proxy/metrics/cadvisor"),
            "get nodes/proxy",
        ),
        (
            proxy(
                "service",
                "shop",
                "/api/v1/namespaces/${1}/services/${2}:8080/proxy/metrics",
            ),
            "shop: get services/proxy",
        ),
        (
            proxy(
                "service",
                "",
                "/api/v1/namespaces/$1/services/$2/proxy/metrics",
            ),
            "get services/proxy",
        ),
        (
            proxy("pod", "shop", "/api/v1/namespaces/$1/pods/$2/proxy/metrics"),
            "shop: get pods/proxy",
        ),
        (fixed("/metrics"), "get /metrics"),
        (
            fixed("/api/v1/nodes/n1/proxy/metrics"),
            "get nodes/proxy n1",
        ),
        (
            fixed("/api/v1/namespaces/a/services/b:80/proxy/x"),
            "a: get services/proxy b:80",
        ),
        (fixed("/api/v1/nodes"), "?"),
    ] {
        assert_eq!(scraped(&job), [expected], "{job}");
    }
    // The address of any discovery is the API server's, also in another job.
    let other = "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: node, api_server: 'https://10.0.0.1:6443', authorization: {credentials_file: /t}}]\n- job_name: b\n  scheme: https\n  authorization: {credentials: secret}\n  static_configs: [{targets: ['10.0.0.1:6443', '10.0.0.2:6443']}]\n";
    assert_eq!(
        needs(other),
        [
            "list nodes",
            "watch nodes",
            "nothing",
            "get /metrics",
            "? get /metrics"
        ]
    );
    for keep in [
        "{source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_service_name, __meta_kubernetes_endpoint_port_name], action: keep, regex: default;kubernetes;https}",
        "{source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_service_label_component], action: keep, regex: default;apiserver}",
        "{source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_endpoints_name], action: keep, regex: (default;kubernetes)}",
    ] {
        let job = format!(
            "  scheme: https\n  kubernetes_sd_configs: [{{role: endpoints}}]\n  relabel_configs:\n  - {keep}"
        );
        assert_eq!(scraped(&job), ["get /metrics"]);
    }
}

#[test]
fn everybody_is_granted_nothing() {
    let text = "- job_name: a\n  kubernetes_sd_configs: [{role: node, api_server: 'https://a'}]\n";
    let explanations = read(&[input(text)], &SETTINGS).expect("a configuration");
    assert_eq!(
        manifests(&explanations, "x"),
        "# not granted to everybody: list nodes\n# not granted to everybody: watch nodes\n"
    );
    assert!(dangers(&explanations)[0].contains("system:anonymous"));
}

#[test]
fn what_is_known_for_each_target_only_is_no_need_and_no_guess() {
    for (job, expected) in [
        // Conventional annotations, and a token for whoever answers.
        (
            "  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path], target_label: __metrics_path__, regex: (.+)}",
            "? get /metrics",
        ),
        // The path is the node's annotation where it has one.
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_node_annotation_path], target_label: __metrics_path__, regex: (.+)}",
            "? get nodes/metrics",
        ),
        (
            "  scheme: https\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_pod_annotation_at], target_label: __address__}",
            "? get /metrics",
        ),
        (
            "  scheme: https\n  file_sd_configs: [{files: [x.json]}]",
            "? get /metrics",
        ),
        (
            "  static_configs: [{targets: [a:1]}]\n  relabel_configs:\n  - {regex: x(.+), replacement: __$1, action: labelmap}",
            "? get /metrics",
        ),
    ] {
        assert_eq!(scraped(job), [expected], "{job}");
    }
    // Without a token there is nothing to authorize, wherever it goes.
    let open = "- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_pod_annotation_path], target_label: __metrics_path__, regex: (.+)}\n";
    assert_eq!(needs(open), ["list pods", "watch pods", "nothing"]);
}

#[test]
fn discovery_needs_what_it_lists_where_it_looks() {
    let job = |sd: &str| format!("- job_name: a\n  kubernetes_sd_configs: [{sd}]\n");
    for (sd, expected) in [
        (
            "{role: pod, namespaces: {own_namespace: true}}",
            "monitoring: list pods",
        ),
        (
            "{role: pod, namespaces: {names: [shop], own_namespace: true}}",
            "shop: list pods",
        ),
        ("{role: pod, namespaces: {names: ['']}}", "list pods"),
        ("{role: ingress}", "list ingresses.networking.k8s.io"),
        (
            "{role: service, selectors: [{role: service, field: metadata.name=web}]}",
            "list services web",
        ),
    ] {
        assert_eq!(needs(&job(sd))[0], expected, "{sd}");
    }
    let all = "{role: pod, namespaces: {names: [a]}, attach_metadata: {node: true, namespace: true, deployment: true, cronjob: true}}";
    let lists: Vec<String> = needs(&job(all))
        .into_iter()
        .filter(|line| line.contains("list"))
        .collect();
    assert_eq!(
        lists,
        [
            "a: list pods",
            "list nodes",
            "list namespaces",
            "a: list replicasets.apps",
            "a: list jobs.batch"
        ]
    );
}

#[test]
fn what_prometheus_refuses_is_refused_with_its_line() {
    for (sd, line, message) in [
        ("role: nodes", 4, "unknown Kubernetes SD role \"nodes\""),
        ("api_server: https://a", 4, "role missing"),
        (
            "role: pod\n    authorization: {credentials_file: /t}",
            5,
            "please provide the 'api_server' URL explicitly",
        ),
        (
            "role: pod\n    tls_config: {ca_file: /ca}",
            5,
            "please provide the 'api_server'",
        ),
        (
            "role: pod\n    kubeconfig_file: /k\n    follow_redirects: false",
            6,
            "together with 'kubeconfig_file'",
        ),
        (
            "role: pod\n    kubeconfig_file: /k\n    api_server: https://a",
            4,
            "simultaneously",
        ),
        (
            "role: pod\n    api_server: https://a\n    namespaces: {own_namespace: true}",
            4,
            "'api_server' and 'namespaces.own_namespace'",
        ),
        (
            "role: pod\n    selectors:\n    - role: service",
            6,
            "pod role supports only pod, node selectors",
        ),
        (
            "role: pod\n    selectors: [{role: pod},\n      {role: pod}]",
            6,
            "duplicated selector role: pod",
        ),
        (
            "role: pod\n    namespace: {names: [a]}",
            5,
            "knows no field namespace",
        ),
    ] {
        let text = format!("scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - {sd}\n");
        let faults = read(&[input(&text)], &SETTINGS).expect_err(sd);
        assert!(faults[0].to_string().contains(message), "{}", faults[0]);
        assert_eq!(faults[0].line, line, "{sd}");
    }
    let twice = "- job_name: a\n- job_name: a\n- metrics_path: /x\n";
    let faults = read(&[input(twice)], &SETTINGS).expect_err("two mistakes");
    assert_eq!(faults.len(), 2);
    let other = Input {
        file: "other.yml".into(),
        ..input("- job_name: a\n")
    };
    let explanations = read(&[input("- job_name: a\n"), other], &SETTINGS).expect("two files");
    assert!(explanations[1].remarks[0].contains("also at prometheus.yml:1"));
    // What is the same as the default is no client of one's own.
    let fine = "- job_name: a\n  kubernetes_sd_configs: [{role: pod, follow_redirects: true, tls_config: {}}]\n";
    assert!(read(&[input(fine)], &SETTINGS).is_ok());
}

#[test]
fn an_operator_s_objects_are_what_the_operator_makes_of_them() {
    let monitor = |spec: &str| {
        let header = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m, namespace: x}\n";
        let mut lines = needs(&format!("{header}spec: {spec}\n"));
        lines.retain(|line| !line.contains("watch"));
        lines
    };
    assert_eq!(
        monitor("{selector: {}, endpoints: [{port: web}]}"),
        [
            "x: list endpoints",
            "x: list services",
            "x: list pods",
            "nothing"
        ]
    );
    assert_eq!(
        monitor(
            "{selector: {matchLabels: {component: apiserver}}, serviceDiscoveryRole: EndpointSlice, namespaceSelector: {matchNames: [default]}, endpoints: [{port: https, scheme: https, bearerTokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token}]}"
        ),
        [
            "default: list endpointslices.discovery.k8s.io",
            "default: list services",
            "default: list pods",
            "get /metrics"
        ]
    );
    assert_eq!(
        monitor(
            "{selector: {matchLabels: {app.kubernetes.io/name: kubelet}}, attachMetadata: {node: true}, namespaceSelector: {any: true}, endpoints: [{port: https-metrics, scheme: HTTPS, path: /metrics/cadvisor, authorization: {credentials: {name: t, key: token}}}]}"
        ),
        [
            "list endpoints",
            "list services",
            "list pods",
            "list nodes",
            "get nodes/metrics"
        ]
    );
    let with_prometheus = "kind: Prometheus\napiVersion: monitoring.coreos.com/v1\nspec: {serviceDiscoveryRole: EndpointSlice}\n---\nkind: ServiceMonitor\napiVersion: monitoring.coreos.com/v1\nmetadata: {name: m, namespace: x}\nspec: {selector: {}, endpoints: [{port: web}]}\n";
    assert_eq!(
        needs(with_prometheus)[0],
        "x: list endpointslices.discovery.k8s.io"
    );
    let rest = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: monitoring.coreos.com/v1alpha1\n  kind: ScrapeConfig\n  metadata: {name: s}\n  spec:\n    scheme: HTTPS\n    authorization: {credentials: {name: t, key: token}}\n    kubernetesSDConfigs: [{role: Node}]\n    relabelings: [{targetLabel: __metrics_path__, replacement: /stats/summary}]\n- apiVersion: monitoring.coreos.com/v1\n  kind: PodMonitor\n  metadata: {name: p}\n  spec: {selector: {}, podMetricsEndpoints: [{port: web}]}\n- apiVersion: monitoring.coreos.com/v1\n  kind: Probe\n  metadata: {name: q}\n  spec: {prober: {url: 'blackbox:9115'}, targets: {ingress: {namespaceSelector: {any: true}}}}\n- {apiVersion: v1, kind: Service}\n";
    assert_eq!(
        needs(rest)
            .into_iter()
            .filter(|line| !line.contains("watch"))
            .collect::<Vec<_>>(),
        [
            "list nodes",
            "get nodes/stats",
            "monitoring: list pods",
            "nothing",
            "list ingresses.networking.k8s.io",
            "nothing"
        ]
    );
}

#[test]
fn an_agent_s_configurations_and_bare_lists_are_read_too() {
    let agent = "metrics:\n  configs:\n  - name: a\n    scrape_configs:\n    - job_name: x\n      kubernetes_sd_configs: [{role: node}]\n  - name: b\n    scrape_configs:\n    - job_name: x\n";
    assert_eq!(needs(agent), ["list nodes", "watch nodes", "nothing"]);
    let list =
        "- job_name: y\n  kubernetes_sd_configs: [{role: ingress, namespaces: {names: [a]}}]\n";
    let map = format!(
        "kind: ConfigMap\napiVersion: v1\ndata:\n  rules.yml: 'groups: []'\n  script: '{{{{'\n  prometheus.yml: |\n    {}\n---\nkind: Secret\napiVersion: v1\ndata: {{a: {}}}\n",
        "scrape_configs:\n- job_name: x\n  kubernetes_sd_configs: [{role: node}]"
            .replace('\n', "\n    "),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, list),
    );
    let lists: Vec<String> = needs(&map)
        .into_iter()
        .filter(|line| line.contains("list"))
        .collect();
    assert_eq!(lists, ["list nodes", "a: list ingresses.networking.k8s.io"]);
    let files = input("scrape_config_files:\n- a/*.yml\n");
    let patterns = scrape_config_files(&files).expect("patterns");
    assert_eq!(patterns[0].0, "a/*.yml");
    assert_eq!(patterns[0].1.to_string(), "prometheus.yml:2");
}

/// That no example of an unknown value matches proves nothing: the scrape may well be by HTTPS.
#[test]
fn what_is_not_known_is_not_taken_for_impossible() {
    let keep = "  kubernetes_sd_configs: [{role: endpoints}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_service_name, __meta_kubernetes_endpoint_port_name], regex: default;kubernetes;https, action: keep}\n";
    for step in [
        "source_labels: [__meta_kubernetes_namespace], regex: default",
        "source_labels: [__address__], regex: '.+:6443'",
    ] {
        let job = format!("{keep}  - {{{step}, target_label: __scheme__, replacement: https}}");
        let lines = scraped(&job);
        assert!(
            !lines.iter().any(|line| line == "nothing"),
            "{step}: {lines:?}"
        );
        assert!(
            lines.iter().any(|line| line.contains("get /metrics")),
            "{step}: {lines:?}"
        );
    }
}

#[test]
fn an_empty_text_is_no_credential_and_a_path_begins_with_a_slash() {
    let job = "scrape_configs:\n- job_name: a\n  scheme: https\n  bearer_token_file: ''\n  kubernetes_sd_configs: [{role: node}]\n";
    assert_eq!(needs(job).last().map(String::as_str), Some("nothing"));
    let path = "  scheme: https\n  metrics_path: metrics/cadvisor\n  kubernetes_sd_configs: [{role: node}]";
    assert_eq!(scraped(path), ["get nodes/metrics"]);
}

#[test]
fn what_a_scrape_class_adds_is_said_to_be_left_out() {
    let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: a}\nspec: {selector: {}, podMetricsEndpoints: [{port: m}]}\n";
    let class = "---\napiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: {scrapeClasses: [{name: c, default: true}]}\n";
    let named = monitor.replace("{selector:", "{scrapeClass: c, selector:");
    for (text, said) in [
        (monitor.to_owned(), 0),
        (format!("{monitor}{class}"), 1),
        (named, 1),
    ] {
        let explanations = read(&[input(&text)], &SETTINGS).expect("valid");
        let remarks = explanations[0].remarks.iter();
        assert_eq!(
            remarks
                .filter(|remark| remark.contains("scrapeClass"))
                .count(),
            said,
            "{text}"
        );
    }
}

#[test]
fn a_password_in_an_address_is_not_shown() {
    let job = "scrape_configs:\n- job_name: a\n  scheme: https\n  authorization: {credentials_file: /t}\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_node_name], target_label: __address__, replacement: 'u:hunter5@$1'}\n";
    let explanations = read(&[input(job)], &SETTINGS).expect("valid");
    let said = super::report(&explanations).to_string();
    assert!(
        said.contains("u:<password>@") && !said.contains("hunter5"),
        "{said}"
    );
}
