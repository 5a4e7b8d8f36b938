//! Which keys have secret values.

use yaml::Extent;

/// What of the value of a key is secret.
///
/// The names are those of fields of type `Secret` in the configuration of Prometheus 3.13 and all that it discovers with,
/// signs and sends with (`prometheus/common`'s `config/http_config.go` and `headers.go`, `prometheus/sigv4`,
/// `discovery/*`, `storage/remote/azuread`), of its Alertmanager and exporters, of its operator and of kubeconfigs, in
/// whichever way words are put together: each is an ending of more names than these have. Headers hold whatever somebody
/// put there.
#[must_use]
pub fn secrecy(key: &str) -> Extent {
    const ALL: [&str; 5] = [
        "headers",
        "http_headers",
        "proxy_connect_header",
        "basic_auth_users",
        "endpoint_params",
    ];
    // Most keys are none, and most end in something else.
    match key.as_bytes().last().map(u8::to_ascii_lowercase) {
        Some(b'd' | b'e' | b'n' | b'r' | b's' | b't' | b'y' | b'a' | b'm') => {}
        _ => return Extent::Nothing,
    }
    // Kubernetes' kind, of which sentences speak.
    if matches!(key, "Secret" | "Secrets") {
        return Extent::Nothing;
    }
    if ALL.contains(&key) {
        Extent::All
    } else if is_key(key) || ENDINGS.iter().any(|ending| ends_with(key, ending)) {
        Extent::Value
    } else {
        Extent::Nothing
    }
}

/// [`secrecy`] in a manifest of Kubernetes, where `secrets` are names of Secrets, as in a `ServiceAccount` or a
/// `GrafanaAgent`.
#[must_use]
pub fn secrecy_in_manifest(key: &str) -> Extent {
    match key {
        "secrets" => Extent::Nothing,
        other => secrecy(other),
    }
}

const ENDINGS: [&str; 18] = [
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "tokens",
    "credential",
    "credentials",
    // Of OAuth 2 (RFC 7521): whoever shows it is the client.
    "assertion",
    "authorization",
    "cookie",
    "apikey",
    "key-data",
    "key_pem",
    "token_id",
];

fn ends_with(key: &str, ending: &str) -> bool {
    let start = key.len().checked_sub(ending.len());
    let end = start.and_then(|start| key.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// `secret_key`, `x-api-key`, `privateKey`; not `key`, by which others call whatever they like, and not
/// `topologyKey`.
fn is_key(key: &str) -> bool {
    let before = |end: &str| key.strip_suffix(end).filter(|before| !before.is_empty());
    ["_key", "-key", "_KEY", "-KEY", "-Key", "Key"]
        .iter()
        .any(|end| before(end).is_some())
        && key != "topologyKey"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_secret_for_prometheus_is_one() {
        for key in [
            "password",
            "credentials",
            "client_secret",
            "client_certificate_key",
            "certificate_password",
            "bearer_token",
            "secrets",
            "access_key",
            "secret_key",
            "token",
            "auth_token",
            "application_key",
            "application_secret",
            "application_credential_secret",
            "consumer_key",
            "service_account_key",
            "private_key",
            "X-Api-Key",
            "apiKey",
            "client-key-data",
            "Authorization",
            "client_assertion",
        ] {
            assert_eq!(secrecy(key), Extent::Value, "{key}");
        }
        assert_eq!(secrecy("http_headers"), Extent::All);
        for key in [
            "password_file",
            "credentials_ref",
            "client_certificate_key_id",
            "token_url",
            "client_assertion_type",
            "key",
            "key_file",
            "secretName",
            "Secret",
            "username",
            "monkey",
            "",
            "é",
        ] {
            assert_eq!(secrecy(key), Extent::Nothing, "{key}");
        }
    }
}
