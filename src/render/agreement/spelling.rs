//! Prometheus' spelling of what prometheus-operator spells in another way.

use serde_json::{Map, Value};

/// Maps whose keys are names that somebody chose.
const CHOSEN: [&str; 5] = [
    "params",
    "labels",
    "matchLabels",
    "httpHeaders",
    "proxyConnectHeader",
];

/// `value` with every key as Prometheus has it: `honor_labels` for `honorLabels`.
pub(super) fn in_words(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let word = |(key, value): (&String, &Value)| {
                let value = if CHOSEN.contains(&key.as_str()) {
                    value.clone()
                } else {
                    in_words(value)
                };
                (words(key), value)
            };
            map.iter().map(word).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(in_words).collect(),
        other => other.clone(),
    }
}

/// `kubernetes_sd_configs` for `kubernetesSDConfigs`.
fn words(key: &str) -> String {
    let mut words = String::with_capacity(key.len() + 4);
    let characters: Vec<char> = key.chars().collect();
    for (index, &character) in characters.iter().enumerate() {
        let after_lower = index > 0 && !characters[index - 1].is_ascii_uppercase();
        let before_lower = characters
            .get(index + 1)
            .is_some_and(char::is_ascii_lowercase);
        let begins = character.is_ascii_uppercase() && (after_lower || (index > 0 && before_lower));
        if begins {
            words.push('_');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_where_prometheus_has_them() {
        for (key, expected) in [
            ("kubernetesSDConfigs", "kubernetes_sd_configs"),
            ("honorLabels", "honor_labels"),
            ("enableHTTP2", "enable_http2"),
            ("enableHttp2", "enable_http2"),
            ("proxyUrl", "proxy_url"),
            ("oauth2", "oauth2"),
            ("tlsConfig", "tls_config"),
        ] {
            assert_eq!(words(key), expected);
        }
    }
}
