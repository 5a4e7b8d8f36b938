//! How a scrape config or a discovery connects and logs in, in Prometheus' spelling.

use serde_json::Value as Json;

use super::build::Build;
use super::context::Context;
use super::fields::Fields;
use super::url::url;
use crate::alloy::Value;

/// The fields of an HTTP client (`config/http_config.go` of prometheus/common) as Alloy's components have them.
pub(super) fn http_client(fields: &mut Fields<'_>, context: &mut Context, out: &mut Build) {
    proxy(fields, context, out);
    fields.copy_plain(
        &[
            ("follow_redirects", "follow_redirects"),
            ("enable_http2", "enable_http2"),
        ],
        context,
        out,
    );
    secret(fields, "bearer_token", context);
    file(
        fields,
        "bearer_token_file",
        ("bearer_token_file", "bearer_token"),
        context,
        out,
    );
    if let Some(mut login) = fields.inner("basic_auth") {
        let mut body = Build::default();
        login.copy(&[("username", "username")], context, &mut body);
        secret(&mut login, "password", context);
        file(
            &mut login,
            "password_file",
            ("password_file", "password"),
            context,
            &mut body,
        );
        login.rest(context);
        out.block("basic_auth", body);
    }
    if let Some(mut login) = fields.inner("authorization") {
        let mut body = Build::default();
        let kind = login.text("type", context);
        body.text("type", kind.unwrap_or_else(|| "Bearer".to_owned()));
        secret(&mut login, "credentials", context);
        file(
            &mut login,
            "credentials_file",
            ("credentials_file", "credentials"),
            context,
            &mut body,
        );
        login.rest(context);
        out.block("authorization", body);
    }
    if let Some(mut login) = fields.inner("oauth2") {
        let mut body = Build::default();
        login.copy(&[("client_id", "client_id")], context, &mut body);
        secret(&mut login, "client_secret", context);
        file(
            &mut login,
            "client_secret_file",
            ("client_secret_file", "client_secret"),
            context,
            &mut body,
        );
        oauth2(
            &mut login,
            ["token_url", "endpoint_params"],
            context,
            &mut body,
        );
        proxy(&mut login, context, &mut body);
        if let Some(tls) = login.inner("tls_config") {
            tls_config(tls, context, &mut body);
        }
        login.rest(context);
        out.block("oauth2", body);
    }
    if let Some(tls) = fields.inner("tls_config") {
        tls_config(tls, context, out);
    }
}

/// What both spellings of `oauth2` have alike, but for the two names.
pub(super) fn oauth2(
    login: &mut Fields<'_>,
    [token_url, parameters]: [&str; 2],
    context: &mut Context,
    out: &mut Build,
) {
    let path = login.at(token_url);
    if let Some(text) = login.take(token_url).and_then(Json::as_str) {
        out.text("token_url", url(&path, text, context));
    }
    let scopes = login.texts("scopes", context);
    if !scopes.is_empty() {
        out.texts("scopes", scopes);
    }
    // Some servers take a second secret here.
    let path = login.at(parameters);
    if let Some(map) = login
        .take(parameters)
        .filter(|map| **map != Json::Object(serde_json::Map::new()))
    {
        out.set("endpoint_params", texts(map, &path, context));
    }
}

fn proxy(fields: &mut Fields<'_>, context: &mut Context, out: &mut Build) {
    let path = fields.at("proxy_url");
    if let Some(text) = fields.take("proxy_url").and_then(Json::as_str) {
        out.text("proxy_url", url(&path, text, context));
    }
    fields.copy(&[("no_proxy", "no_proxy")], context, out);
    fields.copy_plain(
        &[("proxy_from_environment", "proxy_from_environment")],
        context,
        out,
    );
    secret(fields, "proxy_connect_header", context);
}

fn tls_config(mut tls: Fields<'_>, context: &mut Context, out: &mut Build) {
    let mut body = Build::default();
    tls.copy(
        &[("ca", "ca_pem"), ("cert", "cert_pem")],
        context,
        &mut body,
    );
    secret(&mut tls, "key", context);
    for (name, content) in [
        ("ca_file", "ca_pem"),
        ("cert_file", "cert_pem"),
        ("key_file", "key_pem"),
    ] {
        file(&mut tls, name, (name, content), context, &mut body);
    }
    tls.copy(
        &[
            ("server_name", "server_name"),
            ("min_version", "min_version"),
        ],
        context,
        &mut body,
    );
    tls.copy_plain(
        &[("insecure_skip_verify", "insecure_skip_verify")],
        context,
        &mut body,
    );
    tls.rest(context);
    out.filled("tls_config", body);
}

/// An object of texts; those of names that secrets have are findings.
pub(super) fn texts(map: &Json, path: &str, context: &mut Context) -> Value {
    let mut kept = Vec::new();
    for (name, value) in map.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let is_secret = crate::mask::secrecy(name) != yaml::Extent::Nothing;
        let text = super::fields::scalar(value);
        match text {
            _ if is_secret => context.secret(&path),
            Some(_) if !crate::alloy::literal::is_writable_key(name) => {
                context.findings.error(
                    path,
                    "has a name that Alloy's language cannot write, choose another",
                );
            }
            Some(text) => {
                if let Some(text) = context.plain(&path, text) {
                    kept.push((name.clone(), Value::String(text)));
                }
            }
            None => context.findings.error(path, "is no text, correct it"),
        }
    }
    Value::Object(kept)
}

fn secret(fields: &mut Fields<'_>, name: &str, context: &mut Context) {
    if fields.take(name).is_some() {
        context.secret(&fields.at(name));
    }
}

fn file(
    fields: &mut Fields<'_>,
    name: &str,
    to: (&str, &str),
    context: &mut Context,
    out: &mut Build,
) {
    let path = fields.at(name);
    if let Some(file) = fields.text(name, context).filter(|file| !file.is_empty()) {
        let is_secret = !matches!(name, "ca_file" | "cert_file");
        context.file(&path, file, to, is_secret, out);
    }
}
