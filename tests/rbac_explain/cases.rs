//! Configurations as they are found in clusters.

/// A configuration and how many of its questions have to stay open.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) open: usize,
}

const fn case(name: &'static str, text: &'static str) -> Case {
    Case {
        name,
        text,
        open: 0,
    }
}

/// How a pod shows its own token.
macro_rules! own_token {
    () => {
        "
  scheme: https
  authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}
  tls_config: {ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}
"
    };
}

pub(super) const CASES: &[Case] = &[
    case(
        "kubelets-behind-the-proxy",
        concat!(
            "scrape_configs:
- job_name: cadvisor",
            own_token!(),
            "  kubernetes_sd_configs:
  - role: node
  relabel_configs:
  - {action: labelmap, regex: __meta_kubernetes_node_label_(.+)}
  - {target_label: __address__, replacement: 'kubernetes.default.svc:443'}
  - source_labels: [__meta_kubernetes_node_name]
    regex: (.+)
    target_label: __metrics_path__
    replacement: /api/v1/nodes/${1}/proxy/metrics/cadvisor
"
        ),
    ),
    case(
        "one-node-behind-the-proxy",
        concat!(
            "scrape_configs:
- job_name: one",
            own_token!(),
            "  kubernetes_sd_configs:
  - role: node
    selectors: [{role: node, field: metadata.name=node-1}]
  relabel_configs:
  - {target_label: __address__, replacement: kubernetes.default.svc}
  - source_labels: [__meta_kubernetes_node_name]
    target_label: __metrics_path__
    replacement: /api/v1/nodes/$1/proxy/metrics
"
        ),
    ),
    case(
        "two-namespaces",
        "scrape_configs:
- job_name: endpoints
  kubernetes_sd_configs:
  - role: endpoints
    namespaces: {names: [shop, default]}
",
    ),
    case(
        "labels-of-nodes",
        "scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  - role: pod
    namespaces: {names: [shop]}
    selectors: [{role: pod, label: app=web}]
    attach_metadata: {node: true}
",
    ),
    case(
        "labels-of-namespaces",
        "scrape_configs:
- job_name: services
  metrics_path: /probe
  kubernetes_sd_configs:
  - role: service
    attach_metadata: {namespace: true}
  relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {target_label: __address__, replacement: '127.0.0.1:9'}
",
    ),
    case(
        "deployments-of-pods",
        "scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  - role: pod
    namespaces: {names: [shop]}
    attach_metadata: {deployment: true}
",
    ),
    case(
        "jobs-of-pods",
        "scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  - role: endpointslice
    namespaces: {names: [shop]}
    attach_metadata: {job: true, cronjob: true}
",
    ),
    case(
        "cron-jobs-of-pods",
        "scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  - role: pod
    attach_metadata: {cronjob: true}
",
    ),
    case(
        "own-namespace",
        "scrape_configs:
- job_name: neighbours
  kubernetes_sd_configs:
  - role: endpointslice
    namespaces: {own_namespace: true}
",
    ),
    case(
        "blackbox-and-federation",
        "scrape_configs:
- job_name: ingresses
  metrics_path: /probe
  kubernetes_sd_configs:
  - role: ingress
    namespaces: {names: [shop]}
  relabel_configs:
  - source_labels: [__meta_kubernetes_ingress_scheme, __address__, __meta_kubernetes_ingress_path]
    regex: (.+);(.+);(.+)
    replacement: ${1}://${2}${3}
    target_label: __param_target
  - {target_label: __address__, replacement: '127.0.0.1:9'}
- job_name: federate
  honor_labels: true
  metrics_path: /federate
  params: {'match[]': ['{job=\"x\"}']}
  static_configs:
  - targets: ['127.0.0.1:9']
",
    ),
    case(
        "a-kubeconfig",
        "scrape_configs:
- job_name: elsewhere
  kubernetes_sd_configs:
  - role: endpointslice
    kubeconfig_file: /etc/prometheus/other-cluster
    namespaces: {names: [shop]}
",
    ),
    case(
        "one-service-by-name",
        "scrape_configs:
- job_name: web
  kubernetes_sd_configs:
  - role: endpoints
    namespaces: {names: [shop]}
    selectors:
    - {role: endpoints, field: metadata.name=web}
    - {role: service, field: metadata.name=web}
",
    ),
    case(
        "services-behind-the-proxy",
        concat!(
            "scrape_configs:
- job_name: services",
            own_token!(),
            "  kubernetes_sd_configs:
  - role: service
    namespaces: {names: [shop]}
  relabel_configs:
  - {target_label: __address__, replacement: kubernetes.default.svc}
  - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_service_name, __meta_kubernetes_service_port_number]
    regex: (.+);(.+);(.+)
    target_label: __metrics_path__
    replacement: /api/v1/namespaces/${1}/services/${2}:${3}/proxy/metrics
"
        ),
    ),
    case(
        "pods-behind-the-proxy",
        concat!(
            "scrape_configs:
- job_name: pods",
            own_token!(),
            "  kubernetes_sd_configs:
  - role: pod
  relabel_configs:
  - {source_labels: [__meta_kubernetes_namespace], regex: shop, action: keep}
  - {target_label: __address__, replacement: kubernetes.default.svc}
  - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_name]
    separator: /pods/
    target_label: __metrics_path__
    replacement: /api/v1/namespaces/$1:8080/proxy/metrics
"
        ),
    ),
    case(
        "pods-with-annotations",
        "scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  - role: pod
  relabel_configs:
  - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: true}
  - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path], target_label: __metrics_path__, regex: (.+)}
  - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
    regex: ([^:]+)(?::\\d+)?;(\\d+)
    replacement: $1:$2
    target_label: __address__
",
    ),
    Case {
        name: "pods-with-annotations-and-a-token",
        open: 1,
        text: concat!(
            "scrape_configs:
- job_name: pods",
            own_token!(),
            "  kubernetes_sd_configs:
  - role: pod
    namespaces: {names: [shop]}
  relabel_configs:
  - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path], target_label: __metrics_path__, regex: (.+)}
"
        ),
    },
    case(
        "addresses-without-discovery",
        concat!(
            "scrape_configs:
- job_name: apiserver",
            own_token!(),
            "  static_configs:
  - targets: ['kubernetes.default.svc:443']
- job_name: slis",
            own_token!(),
            "  metrics_path: /metrics/slis
  static_configs:
  - targets: [kubernetes.default.svc]
- job_name: node",
            own_token!(),
            "  metrics_path: /api/v1/nodes/node-1/proxy/metrics
  static_configs:
  - targets: [kubernetes.default.svc]
"
        ),
    ),
    case(
        "api-servers-by-their-slices",
        concat!(
            "- job_name: apiservers",
            own_token!(),
            "  kubernetes_sd_configs:
  - role: endpointslice
    namespaces: {names: [default]}
  relabel_configs:
  - source_labels: [__meta_kubernetes_service_name, __meta_kubernetes_endpointslice_port_name]
    action: keep
    regex: kubernetes;https
"
        ),
    ),
    case(
        "steps-by-way-of-other-labels",
        concat!(
            "scrape_configs:
- job_name: nodes",
            own_token!(),
            "  kubernetes_sd_configs:
  - role: node
  relabel_configs:
  - {source_labels: [__meta_kubernetes_node_name], action: keep, regex: (node-1)}
  - {source_labels: [__meta_kubernetes_node_name], target_label: __tmp_node}
  - {target_label: __tmp_server, replacement: kubernetes.default.svc}
  - {source_labels: [__tmp_server], target_label: __address__}
  - source_labels: [__tmp_node]
    regex: (?P<name>.+)
    target_label: __metrics_path__
    replacement: /api/v1/nodes/${name}/proxy/metrics
  - {source_labels: [__metrics_path__], regex: (.+)/metrics, target_label: __metrics_path__, replacement: $1/stats}
"
        ),
    ),
    case(
        "an-agent",
        "metrics:
  global: {scrape_interval: 1m}
  configs:
  - name: integrations
    scrape_configs:
    - job_name: ingresses
      metrics_path: /probe
      kubernetes_sd_configs:
      - role: ingress
      relabel_configs:
      - {target_label: __address__, replacement: '127.0.0.1:9'}
",
    ),
];

/// Configurations that ask the kubelets directly.
pub(super) const KUBELETS: &[Case] = &[
    case(
        "cadvisor",
        concat!(
            "scrape_configs:
- job_name: nodes",
            own_token!(),
            "  metrics_path: /metrics/cadvisor
  kubernetes_sd_configs: [{role: node}]
"
        ),
    ),
    case(
        "stats-of-one-node",
        concat!(
            "scrape_configs:
- job_name: nodes",
            own_token!(),
            "  kubernetes_sd_configs: [{role: node}]
  relabel_configs:
  - {source_labels: [__meta_kubernetes_node_name], regex: node1, action: keep}
  - {target_label: __metrics_path__, replacement: /stats/summary}
"
        ),
    ),
    case(
        "pods-at-the-port-of-their-node",
        concat!(
            "scrape_configs:
- job_name: nodes",
            own_token!(),
            "  metrics_path: /pods
  kubernetes_sd_configs: [{role: node}]
  relabel_configs:
  - source_labels: [__meta_kubernetes_node_address_InternalIP]
    regex: (.+)
    replacement: $1:10250
    target_label: __address__
"
        ),
    ),
];
