//! Values that are wrong are refused before anything is made, with a sentence that names them.

use testbed::Helm;

use super::CHART;
use super::rendered::run;

/// What the schema refuses: `helm lint`, `helm template` and `helm install` say the same.
const BY_THE_SCHEMA: [(&str, &str); 24] = [
    (
        "consumer: prom",
        "- at '/consumer': value must be one of 'prometheus', 'grafana-agent', 'alloy'",
    ),
    (
        "consummer: alloy",
        "additional properties 'consummer' not allowed",
    ),
    (
        "config: {job: [pods]}",
        "- at '/config': additional properties 'job' not allowed",
    ),
    (
        "config: {jobs: pods}",
        "- at '/config/jobs': got string, want array",
    ),
    (
        "config: {jobs: []}",
        "- at '/config/jobs': minItems: got 0, want 1",
    ),
    (
        "config: {duration: 90}",
        "- at '/config/duration': got number, want string",
    ),
    (
        "config: {duration: 1.5h}",
        "- at '/config/duration': '1.5h' does not match pattern",
    ),
    (
        "config: {interval: 1m1h}",
        "- at '/config/interval': '1m1h' does not match pattern",
    ),
    (
        "config: {name: Blue}",
        "- at '/config/name': 'Blue' does not match pattern",
    ),
    (
        "config: {format: yaml}",
        "- at '/config/format': value must be one of 'auto', 'operator', 'raw', 'monitors', 'static'",
    ),
    (
        "config: {kubelet: proxy}",
        "- at '/config/kubelet': value must be one of 'direct', 'apiserver-proxy'",
    ),
    (
        "{consumer: alloy, config: {tokenFrom: files}}",
        "- at '/config/tokenFrom': value must be one of 'pod', 'secret', 'mount'",
    ),
    (
        "config: {withAlerts: 'yes'}",
        "- at '/config/withAlerts': got string, want boolean",
    ),
    (
        "config: {externalLabels: {cluster: 1}}",
        "- at '/config/externalLabels/cluster': got number, want string",
    ),
    (
        "config: {configmap: prometheus.yml}",
        "- at '/config/configmap': 'prometheus.yml' does not match pattern",
    ),
    (
        "config: {apiServer: 'https://me:secret@host'}",
        "- at '/config/apiServer': 'https://me:secret@host' does not match pattern",
    ),
    (
        "config: {ownJobs: [{name: api, role: pods}]}",
        "- at '/config/ownJobs/0/role': value must be one of 'node', 'pod'",
    ),
    (
        "config: {ownJobs: [{name: api, role: pod, port: 70000}]}",
        "- at '/config/ownJobs/0/port'",
    ),
    (
        "config: {ownJobs: [{name: api, role: pod, relabelling: [{source_labels: [a]}]}]}",
        "additional properties 'source_labels' not allowed",
    ),
    (
        "rotation: {schedule: often}",
        "- at '/rotation/schedule': 'often' does not match pattern",
    ),
    (
        "rotation: {overlap: 10}",
        "- at '/rotation/overlap': got number, want string",
    ),
    (
        "image: {digest: latest}",
        "- at '/image/digest': 'latest' does not match pattern",
    ),
    (
        "pod: {runAsUser: 0}",
        "- at '/pod/runAsUser': minimum: got 0, want 1",
    ),
    (
        "pod: {labels: {a: 'b c'}}",
        "- at '/pod/labels/a': 'b c' does not match pattern",
    ),
];

/// What depends on more than one value: `helm template` and `helm install` say it.
const BY_THE_TEMPLATES: [(&str, &str); 40] = [
    (
        "config: {jobs: [pod]}",
        "config.jobs: there is no job \"pod\"; the jobs are apiserver, kubelet, cadvisor,",
    ),
    (
        "config: {namespace: other}",
        "config.namespace: everything is in the namespace of the release, which is default and not other; leave it out",
    ),
    (
        "config: {dropIn: /etc/prometheus/k8s.yml}",
        "config.dropIn: a file on a machine, and a Pod has none; additionalScrapeConfigs and configmap name a key",
    ),
    (
        "config: {reload: 'http://prometheus:9090'}",
        "config.reload: about a Prometheus that reads files on a machine; leave it out",
    ),
    (
        "config: {existingAccess: false}",
        "config.existingAccess: the chart sets it, because the roles are the chart's; leave it out",
    ),
    (
        "config: {duration: 9m59s}",
        "config.duration: 9m59s is too short; the API server issues no token for less than 10m",
    ),
    (
        "config: {duration: 137y}",
        "config.duration: 137y is too long",
    ),
    (
        "config: {duration: 99999999999999999999s}",
        "config.duration: 99999999999999999999s is too",
    ),
    (
        "config: {format: monitors}",
        "config.format: there is no format \"monitors\" for prometheus; it is auto, operator, raw",
    ),
    (
        "{consumer: alloy, config: {format: operator}}",
        "config.format: there is no format \"operator\" for alloy; it is auto",
    ),
    (
        "config: {forwardTo: [a.b.receiver]}",
        "config.forwardTo is not for prometheus; it is for alloy",
    ),
    (
        "config: {remoteWrite: 'http://a'}",
        "config.remoteWrite is not for prometheus; it is for grafana-agent and alloy",
    ),
    (
        "{consumer: grafana-agent, config: {withAlerts: true}}",
        "config.withAlerts is not for grafana-agent; it is for prometheus",
    ),
    (
        "{consumer: alloy, config: {additionalScrapeConfigs: 'a:b'}}",
        "config.additionalScrapeConfigs is not for alloy",
    ),
    (
        "consumer: alloy",
        "it is not said where samples are sent; add config.remoteWrite, or config.forwardTo",
    ),
    (
        "{consumer: grafana-agent, config: {remoteWriteToken: 'a:b', format: operator}}",
        "it is not said where samples are sent; add config.remoteWrite",
    ),
    (
        "{consumer: alloy, config: {remoteWrite: 'http://a', forwardTo: [a.b.receiver]}}",
        "config.remoteWrite and config.forwardTo are two places for the same samples",
    ),
    (
        "{consumer: alloy, config: {remoteWrite: 'http://a', remoteWriteToken: 'a:b', remoteWriteBasicAuth: a}}",
        "are two ways to log in at one place",
    ),
    (
        "{consumer: grafana-agent, config: {remoteWrite: 'http://a', remoteWriteToken: 'a:b'}}",
        "name a Secret, and whoever reads this configuration cannot read that",
    ),
    (
        "{consumer: grafana-agent, config: {attach: theirs, shards: 2, format: operator}}",
        "config.shards is a matter of the GrafanaAgent",
    ),
    (
        "{consumer: alloy, config: {remoteWrite: 'http://a', configmap: 'other/alloy:config.alloy'}}",
        "config.configmap: other/alloy:config.alloy cannot hold the configuration of Alloy; write it as NAME:KEY",
    ),
    (
        "config: {additionalScrapeConfigs: 'a:b', configmap: 'a:b'}",
        "name two places for the same jobs; leave out one of the two",
    ),
    (
        "config: {additionalScrapeConfigs: 'a:b', format: operator}",
        "config.additionalScrapeConfigs is for a text of the raw format, and config.format operator writes objects",
    ),
    (
        "config: {additionalScrapeConfigs: 'prometheus-k8s-token-a:jobs'}",
        "Secret prometheus-k8s-token-a is the instance's own, for its token; name another",
    ),
    (
        "config: {withAlerts: true}",
        "config.withAlerts writes a PrometheusRule, which prometheus-operator alone reads",
    ),
    (
        "config: {kubelet: apiserver-proxy}",
        "config: `get nodes/proxy` is needed for kubelet, cadvisor: whoever holds that right executes commands in every pod of every node",
    ),
    (
        "config: {ownJobs: [{name: flags, role: node, authority: kubelet, scheme: https, path: /debug/flags}]}",
        "config: `get nodes/proxy` is needed for flags",
    ),
    (
        "config: {allowNodesProxy: true}",
        "config.allowNodesProxy has no effect with config.access jobs",
    ),
    (
        "config: {ownJobs: [{name: kubelet, role: pod}]}",
        "config.ownJobs[0].name: another job is called \"kubelet\"",
    ),
    (
        "config: {ownJobs: [{name: api, role: pod, authority: component}]}",
        "config.ownJobs[0].authority: the token would be sent in the clear; add scheme: https",
    ),
    (
        "config: {ownJobs: [{name: api, role: pod, authority: kubelet, scheme: https}]}",
        "config.ownJobs[0].authority: kubelets are found with role: node",
    ),
    (
        "config: {ownJobs: [{name: api, role: node, namespaces: [a]}]}",
        "config.ownJobs[0].namespaces: nodes are in no namespace",
    ),
    (
        "config: {ownJobs: [{name: api, role: pod, selectors: [{role: service, label: a}]}]}",
        "the role pod has selectors of pod, node only, not of service",
    ),
    (
        "config: {ownJobs: [{name: api, role: service, attachMetadata: [node]}]}",
        "config.ownJobs[0].attachMetadata: Prometheus attaches no metadata of the node to the role service",
    ),
    (
        "config: {format: operator, ownJobs: [{name: api, role: pod, attachMetadata: [job]}]}",
        "config: job api: metadata of the node only is attached in this form, not of the job; leave it out, or say config.format: raw",
    ),
    (
        "{consumer: alloy, config: {remoteWrite: 'http://a', ownJobs: [{name: api, role: pod, attachMetadata: [job]}]}}",
        "config: job api: metadata of the node and namespace only is attached",
    ),
    (
        "config: {ownJobs: [{name: api, role: pod, interval: 10s, timeout: 1m}]}",
        "config.ownJobs[0].timeout: 1m is longer than the interval of 10s",
    ),
    (
        "{rotation: {overlap: 400d}, config: {duration: 90d}}",
        "rotation.overlap: 400d is longer than a token lives (config.duration)",
    ),
    (
        "{rotation: {overlap: 61d}, config: {duration: 90d}}",
        "rotation.overlap: 61d leaves no room: the next rotation is due after two thirds of a token's life (config.duration)",
    ),
    (
        "pod: {env: [{name: MONCONF_NAME, value: a}]}",
        "pod.env: MONCONF_NAME would change settings behind the chart's back; write them under config",
    ),
];

#[test]
fn what_no_value_may_be_is_refused_by_the_schema() {
    for (values, expected) in BY_THE_SCHEMA {
        for helm in Helm::ALL {
            let template = run(helm, &["template", "demo", CHART], values);
            refused(&template, expected, values);
            let lint = run(helm, &["lint", CHART], values);
            refused(&lint, expected, values);
        }
    }
}

#[test]
fn what_monconf_would_refuse_is_refused_by_the_templates() {
    for (values, expected) in BY_THE_TEMPLATES {
        for helm in Helm::ALL {
            let template = run(helm, &["template", "demo", CHART], values);
            refused(&template, expected, values);
        }
        // Helm's linter takes a template's refusal for a remark; nothing else may be wrong.
        let lint = run(Helm::V3, &["lint", CHART], values);
        let text = String::from_utf8_lossy(&lint.stdout);
        assert!(
            lint.status.success() && !text.contains("[ERROR]"),
            "{values}: {text}"
        );
    }
}

#[track_caller]
fn refused(output: &std::process::Output, expected: &str, values: &str) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(!output.status.success(), "{values} passes");
    assert!(text.contains(expected), "{values}: {text}");
}
