//! Values of every kind, each with what the cluster serves.

/// What prometheus-operator brings.
pub(super) const PROMETHEUS_OPERATOR: [&str; 4] = [
    "monitoring.coreos.com/v1/ServiceMonitor",
    "monitoring.coreos.com/v1/PodMonitor",
    "monitoring.coreos.com/v1/PrometheusRule",
    "monitoring.coreos.com/v1alpha1/ScrapeConfig",
];

/// What Grafana Agent's operator brings.
pub(super) const AGENT_OPERATOR: [&str; 2] = [
    "monitoring.grafana.com/v1alpha1/GrafanaAgent",
    "monitoring.grafana.com/v1alpha1/MetricsInstance",
];

/// A consumer with the keys of `config`, and what the cluster serves.
pub(super) type Set = (&'static str, &'static str, &'static [&'static str]);

const EVERY_JOB: &str = "jobs: [apiserver, kubelet, cadvisor, kubelet-resource, kubelet-probes, kubelet-slis, \
    controller-manager, scheduler, coredns, kube-proxy, kube-state-metrics, node-exporter, pods, services, ingresses]";

/// Own jobs of every role, attachment and authority.
const OWN_JOBS: &str = r#"
jobs: [everywhere, one, two, three, health, configuration, component, flags, ingresses-of-ours, named-node]
allowNodesProxy: true
ownJobs:
- {name: everywhere, role: endpoints, attachMetadata: [node, namespace, deployment, job, cronjob]}
- name: one
  role: endpointslice
  namespaces: [default, kube-system]
  attachMetadata: [deployment, node]
  selectors: [{role: service, field: "metadata.name=api"}, {role: pod, label: "app=api", field: "status.phase=Running"}]
- name: two
  role: pod
  namespaces: [kube-system]
  attachMetadata: [namespace, cronjob]
  selectors: [{role: pod, field: "status.phase=Running,metadata.name==one"}]
- {name: three, role: service, selectors: [{role: service, field: "metadata.name!=other"}]}
- {name: health, role: node, authority: kubelet, scheme: https, path: /healthz}
- {name: configuration, role: node, authority: kubelet, scheme: https, path: /debug/flags}
- {name: component, role: pod, namespaces: [kube-system], authority: component, scheme: https, path: /metrics/slis}
- {name: flags, role: endpointslice, namespaces: [default], authority: apiserver, scheme: https, path: /statusz}
- {name: ingresses-of-ours, role: ingress, namespaces: [default]}
- {name: named-node, role: pod, attachMetadata: [node], selectors: [{role: node, field: "metadata.name=n1"}]}
"#;

/// Those that objects of prometheus-operator can carry.
const OPERATOR_JOBS: &str = r#"
jobs: [apiserver, api, everything, health]
allowNodesProxy: true
ownJobs:
- {name: api, role: pod, namespaces: [default, kube-system], attachMetadata: [node]}
- {name: everything, role: pod, selectors: [{role: pod, field: "metadata.name=a"}]}
- {name: health, role: node, authority: kubelet, scheme: https, path: /statusz}
"#;

/// The sets.
pub(super) const SETS: [Set; 34] = [
    ("prometheus", "{}", &[]),
    ("prometheus", "{}", &PROMETHEUS_OPERATOR),
    ("prometheus", "format: auto", &PROMETHEUS_OPERATOR),
    ("prometheus", "format: operator", &[]),
    ("prometheus", "format: raw", &PROMETHEUS_OPERATOR),
    (
        "prometheus",
        "{format: operator, withAlerts: true, name: blue}",
        &[],
    ),
    ("prometheus", "withAlerts: true", &PROMETHEUS_OPERATOR),
    (
        "prometheus",
        "{name: monitoring, duration: 1d, externalLabels: {cluster: a}}",
        &PROMETHEUS_OPERATOR,
    ),
    (
        "prometheus",
        "additionalScrapeConfigs: more:jobs.yaml",
        &PROMETHEUS_OPERATOR,
    ),
    (
        "prometheus",
        "{additionalScrapeConfigs: default/more:jobs.yaml, format: raw}",
        &[],
    ),
    (
        "prometheus",
        "configmap: kube-system/prometheus:prometheus.yml",
        &[],
    ),
    ("prometheus", EVERY_JOB, &PROMETHEUS_OPERATOR),
    ("prometheus", EVERY_JOB, &[]),
    ("prometheus", "jobs: [coredns, pods]", &[]),
    ("prometheus", "jobs: [coredns, pods]", &PROMETHEUS_OPERATOR),
    ("prometheus", "jobs: [kubelet]", &[]),
    (
        "prometheus",
        "{access: observer, jobs: [apiserver, pods]}",
        &[],
    ),
    (
        "prometheus",
        "{access: observer, allowNodesProxy: true}",
        &PROMETHEUS_OPERATOR,
    ),
    (
        "prometheus",
        "{kubelet: apiserver-proxy, allowNodesProxy: true}",
        &PROMETHEUS_OPERATOR,
    ),
    ("prometheus", OWN_JOBS, &[]),
    ("prometheus", OPERATOR_JOBS, &PROMETHEUS_OPERATOR),
    (
        "prometheus",
        "ownJobs: [{name: api, role: pod, namespaces: [default, kube-system], port: http}]",
        &PROMETHEUS_OPERATOR,
    ),
    ("grafana-agent", "{}", &[]),
    ("grafana-agent", "{}", &AGENT_OPERATOR),
    (
        "grafana-agent",
        "{format: operator, remoteWrite: 'https://mimir/push', name: blue}",
        &[],
    ),
    (
        "grafana-agent",
        "{format: monitors, jobs: [apiserver, coredns, kubelet, node-exporter, pods, services]}",
        &[],
    ),
    (
        "grafana-agent",
        "{format: operator, attach: theirs}",
        &AGENT_OPERATOR,
    ),
    (
        "grafana-agent",
        "{format: static, configmap: 'agent:agent.yaml#fra'}",
        &AGENT_OPERATOR,
    ),
    (
        "alloy",
        "{remoteWrite: 'https://mimir/push', configmap: 'alloy-k8s:config.alloy'}",
        &[],
    ),
    (
        "alloy",
        "{tokenFrom: secret, remoteWrite: 'https://mimir/push', remoteWriteBasicAuth: login, configmap: 'alloy-k8s:config.alloy'}",
        &[],
    ),
    (
        "alloy",
        "{tokenFrom: mount, forwardTo: [prometheus.remote_write.default.receiver], clustering: true, configmap: 'alloy-k8s:config.alloy'}",
        &[],
    ),
    (
        "alloy",
        "{tokenFrom: secret, remoteWrite: 'https://mimir/push', remoteWriteToken: 'login:token', name: blue, jobs: [pods, services]}",
        &[],
    ),
    (
        "alloy",
        "{tokenFrom: pod, remoteWrite: 'https://mimir/push', remoteWriteBasicAuth: alloy-k8s-token}",
        &[],
    ),
    (
        "alloy",
        "{access: observer, allowNodesProxy: true, forwardTo: [otelcol.receiver.prometheus.x.receiver]}",
        &[],
    ),
];

/// The values of a set: its keys are YAML, in one line or several.
pub(super) fn values((consumer, config, _): &Set) -> String {
    let config = config.trim().replace('\n', "\n  ");
    format!("consumer: {consumer}\nconfig:\n  {config}\n")
}
