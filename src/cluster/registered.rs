//! The credentials of a client, so that no output ever holds them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::Config;
use secrecy::ExposeSecret;

use crate::mask::{never_show, never_show_key, never_show_password};

/// Has everything secret in `config` hidden from now on, in whatever a server answers.
pub(super) fn register(config: &Config) {
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
    }
}
