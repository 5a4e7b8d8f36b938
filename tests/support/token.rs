//! The token that a run wrote, where its consumer finds it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testbed::Scope;

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
