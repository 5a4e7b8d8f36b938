//! Cases that need no cluster.

use serde_json::json;

use super::*;
use crate::alloy::print;

fn agent(name: &str, metrics: &Json) -> Json {
    json!({"metadata": {"namespace": "ns", "name": name}, "spec": {"metrics": metrics}})
}

fn source(spec: &Json, agents: Vec<Json>) -> Source {
    let metadata = json!({"namespace": "ns", "name": "a-b", "labels": {"x": "y"}});
    Source {
        instance: json!({"metadata": metadata, "spec": spec}),
        agents,
        ..Source::default()
    }
}

fn translated(source: &Source) -> (String, Vec<String>) {
    let translation = translate(source, None);
    let findings = translation.findings.iter().map(ToString::to_string);
    (print(&translation.body), findings.collect())
}

fn plain_agent() -> Vec<Json> {
    let metrics = json!({
        "instanceSelector": {}, "metricsExternalLabelName": "", "replicaExternalLabelName": "",
    });
    vec![agent("agent", &metrics)]
}

#[test]
fn what_is_absent_is_not_selected_and_not_sent() {
    let spec = json!({});
    let (text, findings) = translated(&source(&spec, plain_agent()));
    assert_eq!(
        text,
        "// Translated by monconf from MetricsInstance ns/a-b.\n\nprometheus.remote_write \"monconf_a__b\" { }\n"
    );
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("spec.remoteWrite: neither"));
}

#[test]
fn an_agent_runs_an_instance_whose_labels_it_selects() {
    let spec = json!({"remoteWrite": [{"url": "http://x"}]});
    let matching =
        json!({"instanceSelector": {"matchLabels": {"x": "y"}}, "externalLabels": {"e": "$$f"}});
    let other = json!({"instanceSelector": {"matchLabels": {"x": "z"}}});
    let agents = vec![
        agent("b", &other),
        agent("c", &matching),
        agent("d", &json!({})),
    ];
    let (text, findings) = translated(&source(&spec, agents));
    let labels = "external_labels = {__replica__ = \"replica-0\", cluster = \"ns/c\", e = \"$f\"}";
    assert!(text.contains(labels), "{text}");
    assert_eq!(findings, [] as [&str; 0]);

    let (text, findings) = translated(&source(&spec, vec![agent("b", &other)]));
    assert!(!text.contains("external_labels"), "{text}");
    assert!(
        findings[0].contains("no GrafanaAgent selects it"),
        "{findings:?}"
    );
}

/// Whoever may create a GrafanaAgent in any namespace must not decide what is translated.
#[test]
fn of_several_agents_the_one_beside_the_instance_is_translated_whatever_others_are_called() {
    let everything = json!({"instanceSelector": {}, "instanceNamespaceSelector": {}});
    let mut elsewhere = agent("aaa", &everything);
    elsewhere["metadata"]["namespace"] = "aaa".into();
    elsewhere["spec"]["metrics"]["remoteWrite"] = json!([{"url": "http://elsewhere"}]);
    let mut beside = agent("own", &everything);
    beside["spec"]["metrics"]["remoteWrite"] = json!([{"url": "http://beside"}]);
    let (text, findings) = translated(&source(&json!({}), vec![elsewhere, beside]));
    assert!(
        text.contains("http://beside") && !text.contains("http://elsewhere"),
        "{text}"
    );
    let findings = findings.join("\n");
    assert!(
        findings.contains("is run by several GrafanaAgents, ns/own, aaa/aaa: that of ns/own"),
        "{findings}"
    );
}

#[test]
fn remote_write_of_the_agent_is_for_an_instance_without() {
    let mut metrics = plain_agent()[0]["spec"]["metrics"].clone();
    metrics["remoteWrite"] = json!([{
        "url": "http://x",
        "bearerTokenFile": "/var/lib/grafana-agent/extra-secrets/s/k",
        "oauth2": null,
        "sigv4": {"region": "r", "accessKey": {"name": "aws", "key": "id"}, "secretKey": {"name": "aws", "key": "key"}},
        "tlsConfig": {
            "ca": {"configMap": {"name": "ca", "key": "ca.crt"}}, "certFile": "/tls/crt",
            "keySecret": {"name": "tls", "key": "tls.key"}, "keyFile": "/tls/key",
        },
    }]);
    let elsewhere =
        json!({"metadata": {"namespace": "agents", "name": "a"}, "spec": {"metrics": metrics}});
    let mut elsewhere = elsewhere;
    elsewhere["spec"]["metrics"]["instanceNamespaceSelector"] = json!({});
    let (text, findings) = translated(&source(&json!({}), vec![elsewhere]));
    for part in [
        "remote.kubernetes.secret \"monconf_a__b_agents__2f_s\" {\n\tnamespace = \"agents\"\n\tname      = \"s\"\n",
        "\t\t\tcredentials = remote.kubernetes.secret.monconf_a__b_agents__2f_s.data[\"k\"]\n",
        "\t\t\taccess_key = nonsensitive(remote.kubernetes.secret.monconf_a__b_agents__2f_aws.data[\"id\"])\n",
        "\t\t\tsecret_key = remote.kubernetes.secret.monconf_a__b_agents__2f_aws.data[\"key\"]\n",
        "\t\t\tca_pem    = remote.kubernetes.configmap.monconf_a__b_agents__2f_ca.data[\"ca.crt\"]\n",
        "\t\t\tkey_file  = \"/tls/key\"\n",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    assert!(!text.contains("key_pem"), "{text}");
    let path = "GrafanaAgent agents/a spec.metrics.remoteWrite[0].tlsConfig.certFile: names a file";
    assert!(
        findings.iter().any(|finding| finding.starts_with(path)),
        "{findings:?}"
    );
}

#[test]
fn a_write_ahead_log_that_alloy_refuses_is_told() {
    let spec = json!({"remoteWrite": [{"url": "http://x"}], "minWALTime": "9h", "walTruncateFrequency": "1h"});
    let (text, findings) = translated(&source(&spec, plain_agent()));
    assert!(
        text.contains("\twal {\n\t\ttruncate_frequency = \"1h\"\n\t}\n"),
        "{text}"
    );
    assert!(
        findings[0].starts_with("spec.maxWALTime: must be longer"),
        "{findings:?}"
    );
}

#[test]
fn empty_texts_of_an_object_are_absent_ones_and_of_a_job_are_not() {
    let step = |names: [&str; 2]| json!({names[0]: ["a"], names[1]: "b", "replacement": "", "separator": ""});
    let spec = json!({
        "additionalScrapeConfigs": {"name": "s", "key": "k"},
        "remoteWrite": [{"url": "http://x", "writeRelabelConfigs": [step(["sourceLabels", "targetLabel"])]}],
    });
    let mut source = source(&spec, plain_agent());
    let job =
        json!([{"job_name": "j", "relabel_configs": [step(["source_labels", "target_label"])]}]);
    source.jobs = Some(job.to_string());
    let (text, findings) = translated(&source);
    assert_eq!(findings, [] as [&str; 0]);
    assert_eq!(text.matches("replacement   = \"\"").count(), 1, "{text}");
    assert_eq!(text.matches("separator     = \"\"").count(), 1, "{text}");
}

#[test]
fn jobs_that_cannot_be_read_are_told_without_their_text() {
    let spec = json!({
        "additionalScrapeConfigs": {"name": "s", "key": "k"},
        "remoteWrite": [{"url": "http://x"}],
    });
    for (text, expected) in [
        (None, "the Secret or its key is not there"),
        (Some("- a: [hunter2"), "is no YAML"),
        (Some("hunter2: 1"), "must be a list of scrape configs"),
        (Some("- {scheme: hunter2}"), "needs a job_name"),
        (Some("[{job_name: a}, {job_name: a}]"), "is there twice"),
        (
            Some("[{job_name: a, relabel_configs: [{action: hunter2}]}]"),
            "is no action",
        ),
        (
            Some("[{job_name: a, scrape_interval: hunter2}]"),
            "is no duration",
        ),
        (
            Some("[{job_name: a, proxy_url: 'http://a:hunter2@b'}]"),
            "holds a secret",
        ),
        (
            Some("[{job_name: a, params: {token: [hunter2]}}]"),
            "holds a secret",
        ),
        (
            Some("[{job_name: a, metrics_path: 'http://a:hunter2@b'}]"),
            "holds a secret",
        ),
        (
            Some("[{job_name: a, tls_config: {key: hunter2}}]"),
            "holds a secret",
        ),
        (
            Some(
                "[{job_name: a, oauth2: {client_secret: hunter2, endpoint_params: {password: hunter2}}}]",
            ),
            "holds a secret",
        ),
    ] {
        let mut source = source(&spec, plain_agent());
        source.jobs = text.map(ToOwned::to_owned);
        let (body, findings) = translated(&source);
        let all = findings.join("\n");
        assert!(all.contains(expected), "{text:?}: {all}");
        assert!(!(body.clone() + &all).contains("hunter2"), "{body}{all}");
    }
}
