//! How a client shows itself and whom it trusts: the same fields for the scrape and for discovery.

use serde_json::{Map, Value, json};

use super::references::References;
use super::{CA, TOKEN};
use crate::mask::secrecy;
use yaml::Extent;

/// Stands for a secret that is not the instance's own.
const HIDDEN: &str = "(not shown)";

/// What a client does unless told otherwise (`DefaultHTTPClientConfig` in `config/http_config.go` of
/// `github.com/prometheus/common`).
const DEFAULTS: [(&str, bool); 2] = [("follow_redirects", true), ("enable_http2", true)];

/// Replaces what names the token and the CA, hides every other secret, and leaves defaults out.
pub(super) fn canonical_client(client: &mut Map<String, Value>, references: &References) {
    for (field, default) in DEFAULTS {
        if client.get(field) == Some(&json!(default)) {
            client.remove(field);
        }
    }
    if let Some(Value::Object(authorization)) = client.get_mut("authorization") {
        let is_bearer = |kind: &Value| {
            let kind = kind.as_str().map(str::trim);
            kind.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"))
        };
        if authorization.get("type").is_some_and(is_bearer) {
            authorization.remove("type");
        }
    }
    let shows_token = references.token.iter().any(|way| take(client, way));
    let trusts_ca = match client.get_mut("tls_config") {
        Some(Value::Object(tls)) => canonical_tls(tls, references),
        _ => false,
    };
    if client.get("tls_config") == Some(&json!({})) {
        client.remove("tls_config");
    }
    for (key, value) in client.iter_mut() {
        // Clients of their own, which have been here.
        if key != "kubernetes_sd_configs" {
            hide(key, value);
        }
    }
    // Last, and so after every text that only looks like these.
    if shows_token {
        client.insert("authorization".to_owned(), json!({"credentials": TOKEN}));
    }
    if trusts_ca {
        let tls = client
            .entry("tls_config")
            .or_insert_with(|| Map::new().into());
        tls["ca"] = json!(CA);
    }
}

/// Whether the cluster's CA was named; it is then gone.
fn canonical_tls(tls: &mut Map<String, Value>, references: &References) -> bool {
    if tls.get("insecure_skip_verify") == Some(&json!(false)) {
        tls.remove("insecure_skip_verify");
    }
    // Elsewhere a key is the name of one.
    if let Some(key @ Value::String(_)) = tls.get_mut("key") {
        *key = json!(HIDDEN);
    }
    take(tls, &references.ca)
}

/// Removes the fields of `wanted` if all of them are there and are the same.
fn take(from: &mut Map<String, Value>, wanted: &Value) -> bool {
    let wanted = wanted.as_object();
    let is_there = |(field, value): (&String, &Value)| from.get(field) == Some(value);
    let all = wanted.is_some_and(|wanted| wanted.iter().all(is_there));
    if all {
        for (field, _) in wanted.into_iter().flatten() {
            from.remove(field);
        }
    }
    all
}

fn hide(key: &str, value: &mut Value) {
    match (secrecy(key), value) {
        (Extent::All, value) => *value = json!(HIDDEN),
        (Extent::Value, value @ (Value::String(_) | Value::Array(_) | Value::Number(_))) => {
            *value = json!(HIDDEN);
        }
        (_, Value::Object(map)) => {
            for (key, value) in map {
                hide(key, value);
            }
        }
        (_, Value::Array(items)) => {
            for item in items {
                hide(key, item);
            }
        }
        _ => {}
    }
}
