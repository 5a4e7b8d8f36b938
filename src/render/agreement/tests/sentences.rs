//! What is told, what is not, and what of it is hidden.

use serde_json::{Value, json};

use super::cases::{TOKEN_FILE, TOKEN_SECRET, case};

#[test]
fn what_says_the_same_in_other_words_is_no_difference() {
    for (template, job, pointer, field, value) in [
        // Another way to name the token.
        (
            "servicemonitor.yaml",
            "apiserver",
            "/spec/endpoints/0",
            "authorization",
            Value::Null,
        ),
        (
            "servicemonitor.yaml",
            "apiserver",
            "/spec/endpoints/0",
            "sampleLimit",
            json!(5),
        ),
        (
            "scrapeconfig.yaml",
            "kubelet",
            "/spec",
            "scheme",
            json!("https"),
        ),
        (
            "scrapeconfig.yaml",
            "kubelet",
            "/spec/relabelings/0",
            "separator",
            json!(";"),
        ),
        (
            "scrapeconfig.yaml",
            "kubelet",
            "/spec/relabelings/0",
            "action",
            json!("Replace"),
        ),
        (
            "scrape-configs.yaml",
            "kubelet",
            "",
            "sample_limit",
            json!(5),
        ),
        (
            "scrape-configs.yaml",
            "kubelet",
            "",
            "enable_http2",
            json!(true),
        ),
        ("scrape-configs.yaml", "kubelet", "", "params", json!({})),
        (
            "scrape-configs.yaml",
            "kubelet",
            "/tls_config",
            "insecure_skip_verify",
            json!(false),
        ),
        (
            "scrape-configs.yaml",
            "kubelet",
            "/kubernetes_sd_configs/0",
            "namespaces",
            json!({"own_namespace": false}),
        ),
        (
            "scrape-configs.yaml",
            "kubelet",
            "/kubernetes_sd_configs/0",
            "attach_metadata",
            json!({"node": false}),
        ),
        (
            "scrape-configs.yaml",
            "found",
            "",
            "scrape_interval",
            json!("90s"),
        ),
    ] {
        let case = case(template, job);
        let mut rendered = case.rendered.clone();
        let map = rendered.pointer_mut(pointer).expect("a map");
        map[field] = value.clone();
        if value.is_null() {
            map["bearerTokenSecret"] = json!({"name": TOKEN_SECRET, "key": "token"});
        }
        assert_eq!(case.told(&rendered), [""; 0], "{field} of {template}");
    }
}

#[test]
fn whom_the_token_is_shown_to_and_by_what_name_is_told() {
    for (template, job, pointer, field, value, expected) in [
        (
            "scrape-configs.yaml",
            "coredns",
            "",
            "authorization",
            json!({"credentials_file": TOKEN_FILE}),
            "authorization is {credentials: token}, the job has none",
        ),
        (
            "podmonitor.yaml",
            "pods",
            "/spec/podMetricsEndpoints/0",
            "bearerTokenSecret",
            json!({"name": TOKEN_SECRET, "key": "token"}),
            "authorization is {credentials: token}, the job has none",
        ),
        (
            "scrape-configs.yaml",
            "kubelet",
            "/kubernetes_sd_configs/0",
            "api_server",
            json!("https://elsewhere"),
            "kubernetes_sd_configs[0].api_server is https://elsewhere, the job has https://kubernetes.default.svc:443",
        ),
        (
            "scrape-configs.yaml",
            "kubelet",
            "",
            "proxy_url",
            json!("http://elsewhere"),
            "proxy_url is \"http://elsewhere\", the job has none",
        ),
        (
            "scrapeconfig.yaml",
            "kubelet",
            "/spec/authorization/credentials",
            "name",
            json!("another"),
            "authorization.credentials is {name: another, key: token}, the job has token",
        ),
        (
            "podmonitor.yaml",
            "pods",
            "/spec",
            "selector",
            json!({"matchLabels": {"app": "a"}}),
            "relabel_configs[0] is {action: keep, source_labels: [__meta_kubernetes_pod_label_app], regex: a}, the job has none",
        ),
        (
            "podmonitor.yaml",
            "pods",
            "/spec",
            "selector",
            json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
            "selector is {match_expressions: [{key: app, operator: Exists}]}, the job has none",
        ),
        (
            "podmonitor.yaml",
            "pods",
            "/spec",
            "namespaceSelector",
            json!({}),
            "kubernetes_sd_configs[0].namespaces is {names: [monitoring]}, the job has none",
        ),
    ] {
        let case = case(template, job);
        let mut rendered = case.rendered.clone();
        rendered.pointer_mut(pointer).expect("a map")[field] = value;
        assert_eq!(case.told(&rendered), [expected]);
    }
}

#[test]
fn no_secret_of_a_template_is_in_a_difference() {
    let secret = "5eCrEt";
    for (field, value) in [
        ("authorization", json!({"credentials": secret})),
        ("authorization", json!(secret)),
        ("bearer_token", json!(secret)),
        ("basic_auth", json!({"username": "u", "password": secret})),
        ("oauth2", json!({"client_id": "c", "client_secret": secret})),
        ("tls_config", json!({"key": secret})),
        ("http_headers", json!({"X-Api": {"values": [secret]}})),
        ("consul_sd_configs", json!([{"token": secret}])),
        (
            "kubernetes_sd_configs",
            json!([{"role": "node", "bearer_token": secret}]),
        ),
    ] {
        let case = case("scrape-configs.yaml", "kubelet");
        let mut rendered = case.rendered.clone();
        rendered[field] = value;
        let told = case.told(&rendered).join("\n");
        assert!(told.contains("(not shown)"), "{field}: {told}");
        assert!(!told.contains(secret), "{field}: {told}");
    }
    // Not even by what stands for the token: another text is another token.
    let case = case("scrape-configs.yaml", "kubelet");
    let mut rendered = case.rendered.clone();
    rendered["authorization"] = json!({"credentials": "token"});
    assert!(!case.told(&rendered).is_empty());
}
