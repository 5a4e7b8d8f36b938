//! Wrong files, and what is said of each.

use super::plan;

/// A file, and what is said of it.
const WRONG: [(&str, &str); 49] = [
    (
        r"jobs: [apiserver
",
        r"error: monconf.yaml:2: did not find expected ',' or ']'
",
    ),
    (
        r"job: [apiserver]
",
        r"error: monconf.yaml:1: unknown field `job`, expected one of `name`, `namespace`, `jobs`, `ownJobs`, `format`, `config`, `dropIn`, `additionalScrapeConfigs`, `configmap`, `selectedBy`, `tokenDir`, `tokenOwner`, `backup`, `reload`, `prometheusUrl`, `prometheusVersion`, `withAlerts`, `rulesFile`, `agentConfig`, `remoteWrite`, `remoteWriteBasicAuth`, `remoteWriteToken`, `attach`, `shards`, `forwardTo`, `tokenFrom`, `clustering`, `mountDir`, `apiServer`, `duration`, `interval`, `externalLabels`, `blackboxExporter`, `kubelet`, `access`, `existingAccess`, `allowNodesProxy`, `kubeletInsecureTls`, `takeOwnership`, `templates`
",
    ),
    (
        r"jobs: apiserver
",
        r#"error: monconf.yaml:1: jobs: invalid type: string "apiserver", expected a sequence
"#,
    ),
    (
        r"duration: 90days
",
        r#"error: monconf.yaml:1: duration: "90days" is not a duration: write it as 90d, 24h, 1h30m or 15s (units y w d h m s, longest first)
"#,
    ),
    (
        r"kubeletInsecureTLS: true
",
        r"error: monconf.yaml:1: unknown field `kubeletInsecureTLS`, expected one of `name`, `namespace`, `jobs`, `ownJobs`, `format`, `config`, `dropIn`, `additionalScrapeConfigs`, `configmap`, `selectedBy`, `tokenDir`, `tokenOwner`, `backup`, `reload`, `prometheusUrl`, `prometheusVersion`, `withAlerts`, `rulesFile`, `agentConfig`, `remoteWrite`, `remoteWriteBasicAuth`, `remoteWriteToken`, `attach`, `shards`, `forwardTo`, `tokenFrom`, `clustering`, `mountDir`, `apiServer`, `duration`, `interval`, `externalLabels`, `blackboxExporter`, `kubelet`, `access`, `existingAccess`, `allowNodesProxy`, `kubeletInsecureTls`, `takeOwnership`, `templates`
",
    ),
    (
        r"interval: 30s
interval: 60s
",
        r"error: monconf.yaml:1: duplicate field `interval`
",
    ),
    (
        r"ownJobs:
  name: shop
",
        r"error: monconf.yaml:1: ownJobs: must be a list
",
    ),
    (
        r"ownJobs:
- role: pod
",
        r"error: monconf.yaml:2: ownJobs[0]: name is missing
",
    ),
    (
        r"ownJobs:
- name: shop
",
        r"error: monconf.yaml:2: ownJobs[0]: role is missing
",
    ),
    (
        r"ownJobs:
- name: Shop_1
  role: pod
",
        r#"error: monconf.yaml:2: ownJobs[0].name: "Shop_1" is not a valid name: 1 to 40 lower-case letters, digits and hyphens
"#,
    ),
    (
        r"ownJobs:
- name: kubelet
  role: node
",
        r#"error: monconf.yaml:2: ownJobs[0].name: monconf has a job of its own called "kubelet"
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
- name: shop
  role: pod
",
        r#"error: monconf.yaml:4: ownJobs[1].name: another job is called "shop"
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  jobName: kubernetes-nodes
",
        r#"error: monconf.yaml:4: ownJobs[0].jobName: another job has the job name "kubernetes-nodes", and Prometheus refuses two
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pods
",
        r#"error: monconf.yaml:3: ownJobs[0].role: "pods" is unknown; known are node, pod, service, endpoints, endpointslice, ingress
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  job_name: x
",
        r"error: monconf.yaml:4: ownJobs[0].job_name: unknown field; here it is called jobName
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  intervall: 30s
",
        r"error: monconf.yaml:4: ownJobs[0].intervall: unknown field; known are name, jobName, role, namespaces, selectors, attachMetadata, port, path, scheme, params, authority, insecureTLS, interval, timeout, honorLabels, honorTimestamps, relabelling, metricRelabelling, summary
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  interval: 30sec
",
        r#"error: monconf.yaml:4: ownJobs[0].interval: "30sec" is not a duration: write it as 90d, 24h, 1h30m or 15s (units y w d h m s, longest first)
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  interval: 10s
  timeout: 30s
",
        r"error: monconf.yaml:5: ownJobs[0].timeout: 30s is longer than the interval of 10s
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  interval: 30
",
        r#"error: monconf.yaml:4: ownJobs[0].interval: "30" is not a duration: write it as 90d, 24h, 1h30m or 15s (units y w d h m s, longest first)
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  namespaces: [shop, Shop]
",
        r#"error: monconf.yaml:4: ownJobs[0].namespaces[1]: "Shop" is not a valid name of a namespace
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  namespaces: [shop, shop]
",
        r#"error: monconf.yaml:4: ownJobs[0].namespaces[1]: "shop" is named twice
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: node
  namespaces: [shop]
",
        r"error: monconf.yaml:4: ownJobs[0].namespaces: nodes are in no namespace
",
    ),
    (
        r"ownJobs:
- name: shop
  role: service
  selectors:
  - role: pod
    label: app=shop
",
        r#"error: monconf.yaml:5: ownJobs[0].selectors[0].role: the role service has selectors of service only, not of "pod"
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  selectors:
  - role: pod
    label: app=shop
  - role: pod
    field: spec.nodeName=n1
",
        r"error: monconf.yaml:7: ownJobs[0].selectors[1].role: there are two selectors of pod
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  selectors:
  - role: pod
    label: app in shop
",
        r#"error: monconf.yaml:6: ownJobs[0].selectors[0].label: "app in shop" is no label selector
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  selectors:
  - role: pod
",
        r"error: monconf.yaml:5: ownJobs[0].selectors[0]: has neither label nor field, and so selects nothing
",
    ),
    (
        r"ownJobs:
- name: shop
  role: service
  attachMetadata: [node]
",
        r"error: monconf.yaml:4: ownJobs[0].attachMetadata[0]: Prometheus attaches no metadata of the node to the role service
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  attachMetadata: [pod]
",
        r#"error: monconf.yaml:4: ownJobs[0].attachMetadata[0]: "pod" is unknown; known are node, namespace, deployment, job, cronjob
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  port: 70000
",
        r"error: monconf.yaml:4: ownJobs[0].port: is neither a number of a port nor its name
",
    ),
    (
        r"ownJobs:
- name: shop
  role: node
  port: metrics
",
        r"error: monconf.yaml:4: ownJobs[0].port: a node's port has no name; give its number
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  path: metrics
",
        r#"error: monconf.yaml:4: ownJobs[0].path: "metrics" is no path: it begins with / and has no query (see params) and no *
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  scheme: HTTP
",
        r#"error: monconf.yaml:4: ownJobs[0].scheme: "HTTP" is unknown; known are http, https
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  authority: component
",
        r"error: monconf.yaml:4: ownJobs[0].authority: the token would be sent in the clear: add scheme: https
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  params:
    module: http_2xx
",
        r"error: monconf.yaml:5: ownJobs[0].params.module: must be a list
",
    ),
    (
        r#"ownJobs:
- name: shop
  role: pod
  honorLabels: "yes"
"#,
        r"error: monconf.yaml:4: ownJobs[0].honorLabels: must be true or false
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  relabelling:
  - sourceLabels: [__meta_kubernetes_pod_name]
    regex: (shop-.*
    targetLabel: pod
",
        r"error: monconf.yaml:6: ownJobs[0].relabelling[0].regex: no regular expression of RE2: unclosed group
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  relabelling:
  - sourceLabels: [__meta_kubernetes_pod_name]
    regex: (?!shop).*
    targetLabel: pod
",
        r"error: monconf.yaml:6: ownJobs[0].relabelling[0].regex: no regular expression of RE2: look-around, including look-ahead and look-behind, is not supported
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  relabelling:
  - source_labels: [__meta_kubernetes_pod_name]
    target_label: pod
",
        r"error: monconf.yaml:5: ownJobs[0].relabelling[0].source_labels: unknown field; here it is called sourceLabels
  monconf.yaml:6: ownJobs[0].relabelling[0].target_label: unknown field; here it is called targetLabel
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  relabelling:
  - action: rename
    regex: a
",
        r#"error: monconf.yaml:5: ownJobs[0].relabelling[0].action: there is no action "rename"; there are replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  relabelling:
  - sourceLabels: [a-b]
    targetLabel: c
",
        r#"error: monconf.yaml:5: ownJobs[0].relabelling[0].sourceLabels: "a-b" is no name of a label
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  relabelling:
  - action: hashmod
    sourceLabels: [__address__]
    targetLabel: shard
",
        r"error: monconf.yaml:5: ownJobs[0].relabelling[0].modulus: the action hashmod needs it
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  relabelling:
  - action: keep
    sourceLabels: [a]
    regex: b
    targetLabel: c
",
        r"error: monconf.yaml:8: ownJobs[0].relabelling[0].targetLabel: the action keep has no use for it
",
    ),
    (
        r"ownJobs:
# several at once
- name: shop
  role: pod
  interval: 5m
  timeout: 6m
  metricRelabelling:
  - action: labeldrop
  - action: labelmap
    regex: a_(.*)
    replacement: b-$1
- name: cart
  role: ingress
  port: 80
",
        r#"error: monconf.yaml:6: ownJobs[0].timeout: 6m is longer than the interval of 5m
  monconf.yaml:8: ownJobs[0].metricRelabelling[0].regex: the action labeldrop needs it
  monconf.yaml:11: ownJobs[0].metricRelabelling[1].replacement: "b-$1" gives no name of a label
  monconf.yaml:14: ownJobs[1].port: an Ingress has no port
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  scheme: https
  authority: kubelet
",
        r"error: monconf.yaml:5: ownJobs[0].authority: kubelets are found with role: node
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  scheme: https
  authority: component
  relabelling:
  - targetLabel: __scheme__
    replacement: http
",
        r"error: monconf.yaml:7: ownJobs[0].relabelling[0]: the token could be sent in the clear: __scheme__ stays as it is where authority is given
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  scheme: https
  authority: component
  relabelling:
  - sourceLabels: [__meta_kubernetes_pod_annotation_a]
    targetLabel: __address__
",
        r"error: monconf.yaml:7: ownJobs[0].relabelling[0]: the token would go wherever a label or annotation says
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  scheme: https
  authority: component
  insecureTLS: true
",
        r"error: monconf.yaml:6: ownJobs[0].insecureTLS: unverified, the token would be shown to pods of every namespace: name the namespaces
",
    ),
    (
        r"ownJobs:
- name: shop
  role: pod
  path: /*
",
        r#"error: monconf.yaml:4: ownJobs[0].path: "/*" is no path: it begins with / and has no query (see params) and no *
"#,
    ),
    (
        r"ownJobs:
- name: shop
  role: endpoints
  scheme: https
  authority: apiserver
  path: /api/v1/nodes/x/proxy/metrics
",
        r"error: monconf.yaml:6: ownJobs[0].path: is a resource of the API server, not a path of its own such as /metrics
",
    ),
];

#[test]
fn whatever_is_wrong_is_told_with_its_line() {
    for (settings, said) in WRONG {
        let run = plan(settings, &[]).exit(1);
        assert_eq!(run.stderr, said, "of:\n{settings}");
        assert_eq!(run.stdout, "", "of:\n{settings}");
    }
}
