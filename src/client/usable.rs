//! Whether an entry of a kubeconfig says one thing only, as kubectl checks it (`k8s.io/client-go/tools/clientcmd/validation.go`
//! and `transport/transport.go`).

use kube::config::{AuthInfo, Cluster};
use secrecy::ExposeSecret;

use super::failure::{Cause, Failure};
use super::kubeconfig::{Entry, unusable};

/// What kubectl says of a CA that would not be used.
const CA_AND_INSECURE: &str =
    "specifying a root certificates file with the insecure flag is not allowed";

/// # Errors
/// Fields that contradict each other, or that lack another one.
pub(crate) fn check(entry: &Entry) -> Result<(), Box<Failure>> {
    check_cluster(&entry.context, &entry.cluster)?;
    let user = entry.user.as_deref().unwrap_or_default();
    match fault_of_user(&entry.auth) {
        Some(fault) => Err(unusable(format!(
            "user {user:?} of the kubeconfig cannot be used: {fault}"
        ))),
        None => Ok(()),
    }
}

fn check_cluster(context: &str, cluster: &Cluster) -> Result<(), Box<Failure>> {
    let file = cluster.certificate_authority.is_some();
    let data = cluster.certificate_authority_data.is_some();
    let server = cluster.server.as_deref().unwrap_or_default();
    let insecure = cluster.insecure_skip_tls_verify == Some(true);
    let fault = |reason: &str, hint: &str| {
        Err(Failure::before(Cause::Kubeconfig {
            reason: format!("the cluster of context {context:?} cannot be used: {reason}"),
            hint: Some(hint.to_owned()),
        }))
    };
    if file && data {
        return fault(
            "it has certificate-authority and certificate-authority-data",
            "remove one of the two from the kubeconfig",
        );
    }
    // Without TLS neither of the two has an effect.
    if insecure && (file || data) && !server.starts_with("http://") {
        return fault(
            CA_AND_INSECURE,
            "remove insecure-skip-tls-verify from the kubeconfig, or certificate-authority and certificate-authority-data",
        );
    }
    Ok(())
}

fn fault_of_user(auth: &AuthInfo) -> Option<&'static str> {
    let has_password = auth
        .password
        .as_ref()
        .is_some_and(|password| !password.expose_secret().is_empty());
    let has_login = auth.username.is_some() || has_password;
    let has_token = auth.token.is_some() || auth.token_file.is_some();
    let certificates = [
        auth.client_certificate.is_some(),
        auth.client_certificate_data.is_some(),
    ];
    let keys = [auth.client_key.is_some(), auth.client_key_data.is_some()];
    let acts_for_more = auth.impersonate_uid.is_some()
        || auth
            .impersonate_groups
            .as_ref()
            .is_some_and(|groups| !groups.is_empty())
        || auth
            .impersonate_user_extra
            .as_ref()
            .is_some_and(|extra| !extra.is_empty());
    if has_token && has_login {
        Some("it has a token and a username or password; one of the two is allowed")
    } else if certificates == [true; 2] {
        Some("it has client-certificate and client-certificate-data; one of the two is allowed")
    } else if certificates.contains(&true) && keys == [true; 2] {
        Some("it has client-key and client-key-data; one of the two is allowed")
    } else if certificates.contains(&true) && !keys.contains(&true) {
        Some("it has a client certificate without client-key or client-key-data")
    } else if auth.exec.is_some() && auth.auth_provider.is_some() {
        Some("it has exec and auth-provider; one of the two is allowed")
    } else if acts_for_more && auth.impersonate.is_none() {
        Some("it has as-uid, as-groups or as-user-extra without `as`")
    } else {
        None
    }
}

/// Whether the user has credentials that a plugin would not replace: kubectl does not run it then.
pub(crate) fn has_own_credentials(auth: &AuthInfo) -> bool {
    auth.token.is_some() || auth.token_file.is_some() || auth.username.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(cluster: Value, user: Value) -> Entry {
        Entry {
            context: "c".to_owned(),
            user: Some("jane".to_owned()),
            cluster: serde_json::from_value(cluster).expect("a cluster"),
            auth: serde_json::from_value(user).expect("a user"),
        }
    }

    #[test]
    fn what_kubectl_refuses_is_refused() {
        let server = "https://10.0.0.1";
        for (cluster, user, words) in [
            (
                json!({"server": server, "certificate-authority-data": "eA==", "insecure-skip-tls-verify": true}),
                json!({}),
                CA_AND_INSECURE,
            ),
            (
                json!({"server": server, "certificate-authority": "ca", "insecure-skip-tls-verify": true}),
                json!({}),
                CA_AND_INSECURE,
            ),
            (
                json!({"certificate-authority": "ca", "certificate-authority-data": "eA=="}),
                json!({}),
                "certificate-authority and certificate-authority-data",
            ),
            (
                json!({}),
                json!({"client-certificate-data": "eA=="}),
                "without client-key",
            ),
            (
                json!({}),
                json!({"client-certificate": "c", "client-certificate-data": "eA==", "client-key": "k"}),
                "client-certificate and client-certificate-data",
            ),
            (
                json!({}),
                json!({"client-certificate": "c", "client-key": "k", "client-key-data": "eA=="}),
                "client-key and client-key-data",
            ),
            (
                json!({}),
                json!({"token": "t", "username": "jane", "password": "p"}),
                "a token and a username",
            ),
            (
                json!({}),
                json!({"tokenFile": "t", "password": "p"}),
                "a token and a username",
            ),
            (json!({}), json!({"as-groups": ["g"]}), "without `as`"),
        ] {
            let failure = check(&entry(cluster.clone(), user.clone()));
            let message = failure.expect_err("a fault").to_string();
            assert!(message.contains(words), "{cluster} {user}: {message}");
        }
    }

    #[test]
    fn what_kubectl_takes_is_taken() {
        for (cluster, user) in [
            (
                json!({"server": "https://a", "insecure-skip-tls-verify": true}),
                json!({}),
            ),
            (
                json!({"server": "http://a", "certificate-authority": "ca", "insecure-skip-tls-verify": true}),
                json!({}),
            ),
            (json!({}), json!({"token": "t", "tokenFile": "f"})),
            (json!({}), json!({"client-key": "k"})),
            (
                json!({}),
                json!({"client-certificate": "c", "client-key": "k", "token": "t"}),
            ),
            (json!({}), json!({"as": "jane", "as-groups": ["g"]})),
        ] {
            assert!(
                check(&entry(cluster.clone(), user.clone())).is_ok(),
                "{cluster} {user}"
            );
        }
    }
}
