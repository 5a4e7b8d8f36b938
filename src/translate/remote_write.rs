//! Where samples go: `remoteWrite` of a MetricsInstance or GrafanaAgent as `endpoint` blocks.

use serde_json::Value as Json;

use super::build::Build;
use super::context::{Context, Held};
use super::fields::Fields;
use super::http_client::{oauth2, texts};
use super::relabelling;
use super::url::url;

/// One item of the list, whose Secrets are in `namespace`.
pub(super) fn endpoint(mut item: Fields<'_>, namespace: &str, context: &mut Context) -> Build {
    let mut out = Build::default();
    item.copy(&[("name", "name")], context, &mut out);
    for (from, to) in [("url", "url"), ("proxyUrl", "proxy_url")] {
        let path = item.at(from);
        if let Some(text) = item.take(from).and_then(Json::as_str) {
            out.text(to, url(&path, text, context));
        }
    }
    item.copy_durations(&[("remoteTimeout", "remote_timeout")], context, &mut out);
    let path = item.at("headers");
    if let Some(headers) = item.take("headers") {
        let headers = texts(headers, &path, context);
        out.set("headers", headers);
    }
    login(&mut item, namespace, context, &mut out);
    if let Some(tls) = item.inner("tlsConfig") {
        tls_config(tls, namespace, context, &mut out);
    }
    if let Some(queue) = item.inner("queueConfig") {
        queue_config(queue, context, &mut out);
    }
    if let Some(mut metadata) = item.inner("metadataConfig") {
        let mut body = Build::default();
        // The operator passes on what Go has for an absent field.
        let send = metadata.take("send").and_then(Json::as_bool);
        body.set("send", crate::alloy::Value::Bool(send.unwrap_or(false)));
        metadata.copy_durations(&[("sendInterval", "send_interval")], context, &mut body);
        metadata.rest(context);
        out.block("metadata_config", body);
    }
    let steps = relabelling::of_object(item.list("writeRelabelConfigs"), context);
    relabelling::push(&steps, "write_relabel_config", &mut out);
    item.rest(context);
    out
}

fn login(item: &mut Fields<'_>, namespace: &str, context: &mut Context, out: &mut Build) {
    if item.take("bearerToken").is_some_and(|token| *token != "") {
        context.secret(&item.at("bearerToken"));
    }
    let path = item.at("bearerTokenFile");
    if let Some(file) = item
        .text("bearerTokenFile", context)
        .filter(|file| !file.is_empty())
    {
        let mut body = Build::default();
        body.text("type", "Bearer");
        context.file(
            &path,
            file,
            ("credentials_file", "credentials"),
            true,
            &mut body,
        );
        out.block("authorization", body);
    }
    if let Some(mut basic) = item.inner("basicAuth") {
        let mut body = Build::default();
        key(
            &mut basic,
            ("username", "username"),
            false,
            namespace,
            context,
            &mut body,
        );
        key(
            &mut basic,
            ("password", "password"),
            true,
            namespace,
            context,
            &mut body,
        );
        basic.rest(context);
        out.block("basic_auth", body);
    }
    if let Some(mut login) = item.inner("oauth2") {
        let mut body = Build::default();
        if let Some(id) = login.inner("clientId") {
            either(id, "client_id", namespace, context, &mut body);
        }
        key(
            &mut login,
            ("clientSecret", "client_secret"),
            true,
            namespace,
            context,
            &mut body,
        );
        oauth2(
            &mut login,
            ["tokenUrl", "endpointParams"],
            context,
            &mut body,
        );
        login.rest(context);
        out.block("oauth2", body);
    }
    if let Some(mut signed) = item.inner("sigv4") {
        let mut body = Build::default();
        signed.copy(
            &[
                ("region", "region"),
                ("profile", "profile"),
                ("roleARN", "role_arn"),
            ],
            context,
            &mut body,
        );
        key(
            &mut signed,
            ("accessKey", "access_key"),
            false,
            namespace,
            context,
            &mut body,
        );
        key(
            &mut signed,
            ("secretKey", "secret_key"),
            true,
            namespace,
            context,
            &mut body,
        );
        signed.rest(context);
        out.block("sigv4", body);
    }
}

/// Files win over keys (`component/metrics/tls_config.libsonnet` of the operator).
fn tls_config(mut tls: Fields<'_>, namespace: &str, context: &mut Context, out: &mut Build) {
    let mut body = Build::default();
    for (file, selector, of_file, of_content) in [
        ("caFile", "ca", "ca_file", "ca_pem"),
        ("certFile", "cert", "cert_file", "cert_pem"),
    ] {
        let path = tls.at(file);
        let selected = tls.inner(selector);
        match (
            tls.text(file, context).filter(|file| !file.is_empty()),
            selected,
        ) {
            (Some(file), _) => context.file(&path, file, (of_file, of_content), false, &mut body),
            (None, Some(selected)) => either(selected, of_content, namespace, context, &mut body),
            (None, None) => {}
        }
    }
    let path = tls.at("keyFile");
    match tls.text("keyFile", context).filter(|file| !file.is_empty()) {
        Some(file) => {
            tls.take("keySecret");
            context.file(&path, file, ("key_file", "key_pem"), true, &mut body);
        }
        None => key(
            &mut tls,
            ("keySecret", "key_pem"),
            true,
            namespace,
            context,
            &mut body,
        ),
    }
    tls.copy(&[("serverName", "server_name")], context, &mut body);
    tls.copy_plain(
        &[("insecureSkipVerify", "insecure_skip_verify")],
        context,
        &mut body,
    );
    tls.rest(context);
    out.filled("tls_config", body);
}

fn queue_config(mut queue: Fields<'_>, context: &mut Context, out: &mut Build) {
    let mut body = Build::default();
    queue.copy_plain(
        &[
            ("capacity", "capacity"),
            ("minShards", "min_shards"),
            ("maxShards", "max_shards"),
            ("maxSamplesPerSend", "max_samples_per_send"),
            ("retryOnRateLimit", "retry_on_http_429"),
        ],
        context,
        &mut body,
    );
    queue.copy_durations(
        &[
            ("batchSendDeadline", "batch_send_deadline"),
            ("minBackoff", "min_backoff"),
            ("maxBackoff", "max_backoff"),
        ],
        context,
        &mut body,
    );
    if queue.take("maxRetries").is_some() {
        context.findings.note(
            queue.at("maxRetries"),
            "is nothing that the agent's operator passed on, nor that Alloy has: forget it",
        );
    }
    queue.rest(context);
    out.filled("queue_config", body);
}

/// A key of a Secret or of a ConfigMap.
fn either(
    mut fields: Fields<'_>,
    to: &str,
    namespace: &str,
    context: &mut Context,
    out: &mut Build,
) {
    for (field, held) in [("secret", Held::Secret), ("configMap", Held::ConfigMap)] {
        if let Some(selector) = fields.inner(field)
            && let Some((name, key)) = selected(selector, context)
        {
            out.expression(to, context.public(held, namespace, &name, &key));
            break;
        }
    }
}

/// A key of a Secret.
fn key(
    fields: &mut Fields<'_>,
    (from, to): (&str, &str),
    is_secret: bool,
    namespace: &str,
    context: &mut Context,
    out: &mut Build,
) {
    let Some(selector) = fields.inner(from) else {
        return;
    };
    if let Some((name, key)) = selected(selector, context) {
        let value = if is_secret {
            context.value(Held::Secret, namespace, &name, &key)
        } else {
            context.public(Held::Secret, namespace, &name, &key)
        };
        out.expression(to, value);
    }
}

fn selected(mut selector: Fields<'_>, context: &mut Context) -> Option<(String, String)> {
    let name = selector
        .text("name", context)
        .filter(|name| !name.is_empty())?;
    let key = selector
        .text("key", context)
        .filter(|key| !key.is_empty())?;
    if selector.take("optional") == Some(&Json::Bool(true)) {
        context.findings.note(
            selector.at("optional"),
            "is not known to Alloy, which needs the key",
        );
    }
    Some((name, key))
}
