//! The credentials of a client, so that no output ever holds them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::Config;
use secrecy::ExposeSecret;

use crate::mask::{never_show, never_show_key, never_show_password};

/// Has everything secret in `config` hidden from now on, in whatever a server answers.
pub(crate) fn register(config: &Config) {
    let auth = &config.auth_info;
    if let Some(token) = &auth.token {
        never_show(token.expose_secret());
    }
    // A Pod's token.
    if let Some(file) = &auth.token_file
        && let Ok(token) = std::fs::read_to_string(file)
    {
        never_show(&token);
    }
    if let Some(password) = &auth.password {
        let user = auth.username.as_deref().unwrap_or_default();
        never_show_password(user, password.expose_secret());
    }
    if let Some(key) = &auth.client_key_data {
        let pem = STANDARD.decode(key.expose_secret()).unwrap_or_default();
        never_show_key(&String::from_utf8_lossy(&pem));
    }
    if let Some(proxy) = &config.proxy_url {
        register_proxy(proxy);
    }
}

/// The password in `http://USER:PASSWORD@HOST`.
fn register_proxy(proxy: &Uri) {
    let authority = proxy.authority().map(http::uri::Authority::as_str);
    let login = authority.and_then(|authority| authority.rsplit_once('@'));
    if let Some((user, password)) = login.and_then(|(login, _)| login.split_once(':')) {
        never_show_password(user, password);
        // In a URL some characters stand for others.
        let encoded = password.replace('+', "%2B");
        let decoded = form_urlencoded::parse(encoded.as_bytes()).next();
        if let Some((password, _)) = decoded {
            never_show_password(user, &password);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mask::scrub;

    #[test]
    fn every_credential_of_a_client_is_hidden() {
        let mut config = Config::new(Uri::from_static("https://10.0.0.1"));
        let key: String = ('!'..'~').filter(char::is_ascii_alphanumeric).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        config.auth_info = serde_json::from_value(json!({
            "token": "a-token-of-a-unit-test", "username": "jane", "password": "battery-staple-17",
            "client-key-data": STANDARD.encode(&pem),
        }))
        .expect("a user");
        config.proxy_url = Some(Uri::from_static("http://joe:pass%2Fword%2F42@proxy:3128"));
        register(&config);
        for secret in [
            "Bearer a-token-of-a-unit-test",
            "battery-staple-17",
            &format!("Basic {}", STANDARD.encode("jane:battery-staple-17")),
            &format!("Basic {}", STANDARD.encode("joe:pass/word/42")),
            "pass/word/42",
            "pass%2Fword%2F42",
            &key,
            &pem,
        ] {
            let shown = scrub(&format!("echo: {secret}."));
            assert!(shown.contains("<not shown>"), "{secret}: {shown}");
            for part in ["a-token", "battery", "word", &key[..32], "YmF0dGVy"] {
                assert!(!shown.contains(part), "{part}: {shown}");
            }
        }
        let certificate = "-----BEGIN CERTIFICATE-----";
        assert_eq!(scrub(certificate), certificate);
    }
}
