//! The token that a run wrote, where its consumer finds it.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use testbed::{Client, ControlPlane, Scope};

/// The token Secret of a test's instance.
pub(crate) fn secret(scope: &Scope) -> Value {
    scope.admin().get(&secret_path(scope)).unwrap()
}

pub(crate) fn secret_path(scope: &Scope) -> String {
    format!(
        "/api/v1/namespaces/{}/secrets/{}-k8s-token",
        scope.namespace, scope.name
    )
}

/// The handle in slot `a` or `b`.
pub(crate) fn handle_path(scope: &Scope, slot: char) -> String {
    format!("{}-{slot}", secret_path(scope))
}

/// A key of a Secret, decoded.
pub(crate) fn decoded(secret: &Value, key: &str) -> String {
    let value = secret["data"][key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in the Secret"));
    String::from_utf8(STANDARD.decode(value).unwrap()).unwrap()
}

/// The token in the token Secret of a test's instance.
pub(crate) fn of_secret(scope: &Scope) -> String {
    decoded(&secret(scope), "token")
}

/// Puts the token Secret's files into a folder, as a Pod has them.
pub(crate) fn mount(scope: &Scope, folder: &Path) {
    let secret = secret(scope);
    fs::create_dir_all(folder).unwrap();
    for key in secret["data"].as_object().unwrap().keys() {
        fs::write(folder.join(key), decoded(&secret, key)).unwrap();
    }
}

/// Puts another token into the token Secret.
pub(crate) fn replace(scope: &Scope, token: &str) {
    let change = json!({"data": {"token": STANDARD.encode(token)}});
    scope
        .admin()
        .patch_merge(&secret_path(scope), &change)
        .unwrap();
}

/// What a token says of itself.
pub(crate) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Whether the API server takes a token for somebody's.
pub(crate) fn is_accepted(cp: &ControlPlane, token: &str) -> bool {
    let answer = Client::with_token(cp, token)
        .send("GET", "/version/", "", &[])
        .unwrap();
    // The version is open to everybody; a bad token is refused all the same.
    answer.code != 401
}

/// Waits until a token is refused, which is some seconds after its handle is gone.
pub(crate) fn wait_until_refused(cp: &ControlPlane, token: &str) {
    testbed::poll::until("the token is refused", || !is_accepted(cp, token));
}
