//! What of Alloy's configuration is not a job's own.

use super::identifier::is_identifier;

/// Where a Pod finds its account's `token` and the cluster's `ca.crt`.
pub const SERVICE_ACCOUNT_DIR: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How Alloy reaches the cluster, and where its samples go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whose token discovers and scrapes.
    pub credentials: Credentials,
    /// Where samples go.
    pub destination: Destination,
    /// Whether the Alloys of a cluster share the targets among them.
    pub clustering: bool,
}

/// Whose token discovers and scrapes, and how Alloy reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// That of the account which Alloy's Pod runs as.
    Pod,
    /// Files that Alloy reads.
    Files {
        /// The folder of `token` and `ca.crt`, as Alloy finds it.
        dir: String,
        /// The API server's URL as Alloy reaches it.
        api_server: String,
    },
    /// The keys `token` and `ca.crt` of a Secret, which Alloy's Pod may get.
    Secret {
        /// Which.
        secret: SecretRef,
        /// The API server's URL as Alloy reaches it.
        api_server: String,
    },
}

/// A Secret in the cluster that Alloy runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Where samples go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To these, by remote write.
    RemoteWrite(Vec<Endpoint>),
    /// To components of the user's own.
    ForwardTo(Vec<Receiver>),
}

/// Takes samples by remote write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its URL.
    pub url: String,
    /// How Alloy authenticates itself there.
    pub login: Option<Login>,
}

/// How Alloy authenticates itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// By user name and password.
    Basic {
        /// What holds both.
        secret: SecretRef,
        /// The key of the user name.
        username_key: String,
        /// The key of the password.
        password_key: String,
    },
    /// By a bearer token.
    Bearer {
        /// What holds it.
        secret: SecretRef,
        /// Its key.
        key: String,
    },
}

/// What a component of the user's exports for samples: `prometheus.remote_write.main.receiver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver(String);

impl Receiver {
    /// The receiver of that name: at least two identifiers with dots between them.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is_name = name.contains('.') && name.split('.').all(is_identifier);
        is_name.then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_identifiers_and_dots() {
        let name = "prometheus.remote_write.main.receiver";
        assert_eq!(
            Receiver::named(name).as_ref().map(Receiver::name),
            Some(name)
        );
        for name in [
            "", "receiver", "a..b", ".a", "a.b()", "a.b, c.d", "a.b-c", "a.b\n", "a.null", "ä.b",
        ] {
            assert_eq!(Receiver::named(name), None, "{name:?}");
        }
    }
}
