//! What a client shows to the server.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use rustls::crypto::ring::default_provider;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use crate::control_plane::pki::Pair;

/// How a client proves who it is.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Not at all.
    Anonymous,
    /// By a client certificate.
    Certificate {
        /// The certificate.
        certificate_pem: String,
        /// Its private key.
        key_pem: String,
    },
    /// By a bearer token.
    Token(String),
    /// By a name and a password, in HTTP's basic authentication.
    Basic(String, String),
}

impl Identity {
    /// For servers that the authority `ca_pem` vouches for; without one, for any server.
    pub(crate) fn tls(&self, ca_pem: Option<&str>) -> TlsConfig {
        let authorities: Vec<_> = ca_pem
            .map(|pem| Certificate::from_pem(pem.as_bytes()).expect("the CA is a PEM certificate"))
            .into_iter()
            .collect();
        let client = match self {
            Self::Certificate {
                certificate_pem,
                key_pem,
            } => {
                let certificate = Certificate::from_pem(certificate_pem.as_bytes());
                let key = PrivateKey::from_pem(key_pem.as_bytes());
                Some(ClientCert::new_with_certs(
                    &[certificate.expect("a PEM certificate")],
                    key.expect("a PEM key"),
                ))
            }
            Self::Anonymous | Self::Token(_) | Self::Basic(..) => None,
        };
        TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .root_certs(RootCerts::new_with_certs(&authorities))
            .disable_verification(ca_pem.is_none())
            .client_cert(client)
            .build()
    }

    pub(super) fn authorization(&self) -> Option<String> {
        match self {
            Self::Token(token) => Some(format!("Bearer {token}")),
            Self::Basic(name, password) => {
                let both = BASE64_STANDARD.encode(format!("{name}:{password}"));
                Some(format!("Basic {both}"))
            }
            Self::Anonymous | Self::Certificate { .. } => None,
        }
    }
}

impl From<Pair> for Identity {
    fn from(pair: Pair) -> Self {
        Self::Certificate {
            certificate_pem: pair.certificate_pem,
            key_pem: pair.key_pem,
        }
    }
}
