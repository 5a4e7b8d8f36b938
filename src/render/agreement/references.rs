//! How a form of the configuration names the token and the CA, which it does not hold itself.

use serde_json::{Value, json};

/// Fields of a client's configuration, each a map, that mean the instance's token or the cluster's CA. A form may have
/// several ways to say the same.
#[derive(Clone)]
pub(in crate::render) struct References {
    pub(super) token: Vec<Value>,
    /// Beneath `tls_config`.
    pub(super) ca: Value,
}

impl References {
    /// Both in files, as Prometheus' own configuration names them.
    pub(in crate::render) fn files(token: &str, ca: &str) -> Self {
        Self {
            token: vec![
                json!({"authorization": {"credentials_file": token}}),
                json!({"bearer_token_file": token}),
            ],
            ca: json!({"ca_file": ca}),
        }
    }

    /// Both in keys of a Secret, as prometheus-operator's objects name them; in the spelling of Prometheus.
    pub(in crate::render) fn secret(name: &str) -> Self {
        let token = json!({"name": name, "key": "token"});
        Self {
            token: vec![
                json!({"authorization": {"credentials": token}}),
                json!({"bearer_token_secret": token}),
            ],
            ca: json!({"ca": {"secret": {"name": name, "key": "ca.crt"}}}),
        }
    }

    /// As [`References::secret`], for a reader that does not know `authorization`: Grafana Agent's operator.
    pub(in crate::render) fn bearer_token_secret(name: &str) -> Self {
        let token = json!({"bearer_token_secret": {"name": name, "key": "token"}});
        Self {
            token: vec![token],
            ..Self::secret(name)
        }
    }

    /// Both by expressions of Alloy's language, or the CA in a file; as [`crate::alloy::jobs`] gives them.
    pub(in crate::render) fn expressions(
        token: &str,
        ca_file: Option<&str>,
        ca: Option<&str>,
    ) -> Self {
        Self {
            token: vec![
                json!({"authorization": {"credentials": token}}),
                json!({"bearer_token": token}),
            ],
            ca: match ca_file {
                Some(path) => json!({"ca_file": path}),
                None => json!({"ca": ca}),
            },
        }
    }
}
