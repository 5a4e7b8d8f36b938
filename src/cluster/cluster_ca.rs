//! The CA that a cluster publishes in ConfigMap `kube-root-ca.crt`. A controller writes it, so it may be stale, and whoever
//! may write that ConfigMap would choose whom Prometheus trusts. Only certificates that verify the API server that
//! monconf talks to are used.

use futures_util::future::join_all;
use http::Request;
use http::uri::Scheme;
use kube::client::Body;
use kube::{Client, Config};
use rustls::{AlertDescription, CertificateError};
use tokio::time::timeout;

use super::read::Outcome;
use crate::client::authorities::leave_out_unused;
use crate::client::connect::{certificates, pem};
use crate::client::transport::{certificate_reason, chain, find, reason};
use crate::client::{Cause, Cluster, Failure, http2};
use crate::reads::{ANY_NAMESPACE, ROOT_CA};

/// What a Pod calls the API server. One that stands behind a gateway may show another certificate for it.
const IN_CLUSTER: &str = "kubernetes.default.svc";
/// A bundle of a cluster holds a handful.
const MOST_CERTIFICATES: usize = 20;

/// The published CA, as far as it can be used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ClusterCa {
    /// The certificates that verify the API server.
    pub pem: Option<String>,
    /// Why there are none.
    pub fault: Option<String>,
    /// What the user should know.
    pub warning: Option<String>,
}

impl Cluster {
    /// Of the `published` CA what verifies the API server that is being asked.
    ///
    /// # Errors
    /// No connection for it. That says nothing of the certificates.
    pub(super) async fn verified(&self, published: String) -> Outcome<ClusterCa> {
        let named = format!("ConfigMap {ANY_NAMESPACE}/{ROOT_CA}");
        let server = self.server();
        let Ok(found) = certificates(published.as_bytes()) else {
            return Ok(self.without(format!("{named} holds no PEM certificate")));
        };
        if found.len() > MOST_CERTIFICATES {
            return Ok(self.without(format!(
                "{named} holds {} certificates, more than {MOST_CERTIFICATES}",
                found.len()
            )));
        }
        if self.config.cluster_url.scheme() == Some(&Scheme::HTTP) {
            return Ok(ClusterCa {
                pem: Some(published),
                warning: Some(format!(
                    "{named} is used as it is: {server} is asked without TLS, so nothing verifies that it is the cluster's CA"
                )),
                ..ClusterCa::default()
            });
        }
        // The kubeconfig's has verified this very connection.
        let known = self.config.root_cert.as_deref().unwrap_or_default();
        let verdicts = join_all(found.iter().map(async |certificate| {
            if known.contains(certificate) {
                return Ok(Verdict::Good);
            }
            self.verdict(certificate).await
        }));
        let verdicts = verdicts.await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let good = found.iter().zip(&verdicts);
        let good = good.filter(|(_, verdict)| **verdict == Verdict::Good);
        let good: Vec<Vec<u8>> = good.map(|(certificate, _)| certificate.clone()).collect();
        let bad = found.len() - good.len();
        let why = verdicts.into_iter().find_map(|verdict| match verdict {
            Verdict::Good => None,
            Verdict::Bad(why) => Some(why),
        });
        Ok(match why {
            None => ClusterCa {
                pem: Some(published),
                ..ClusterCa::default()
            },
            Some(why) if good.is_empty() => {
                self.without(format!("{named} does not verify {server}: {why}"))
            }
            Some(why) => ClusterCa {
                pem: Some(pem(&good)),
                warning: Some(format!(
                    "{bad} of {} certificates in {named} are left out, since they do not verify {server}: {why}",
                    found.len()
                )),
                ..ClusterCa::default()
            },
        })
    }

    /// The kubeconfig's CA alone.
    fn without(&self, fault: String) -> ClusterCa {
        let warning = self.ca_pem().is_some().then(|| {
            format!("{fault}; the certificate authority of the kubeconfig is used instead")
        });
        ClusterCa {
            pem: None,
            fault: Some(fault),
            warning,
        }
    }

    /// Whether `certificate` is an authority of the server's certificate: of the one for our name, or of the one for Pods.
    async fn verdict(&self, certificate: &[u8]) -> Outcome<Verdict> {
        let own = self.config.tls_server_name.as_deref();
        match self.verdict_for(certificate, own).await? {
            Verdict::Good => Ok(Verdict::Good),
            bad @ Verdict::Bad(_) => match self.verdict_for(certificate, Some(IN_CLUSTER)).await? {
                Verdict::Good => Ok(Verdict::Good),
                Verdict::Bad(_) => Ok(bad),
            },
        }
    }

    /// A handshake of its own, without any credentials. What the certificate is for does not matter: this cluster has
    /// more than one name.
    async fn verdict_for(&self, certificate: &[u8], name: Option<&str>) -> Outcome<Verdict> {
        let mut config = Config::new(self.config.cluster_url.clone());
        config.proxy_url.clone_from(&self.config.proxy_url);
        config.root_cert = Some(vec![certificate.to_vec()]);
        config.tls_server_name = name.map(str::to_owned);
        config.default_retry = false;
        config.connect_timeout = Some(self.request_timeout);
        leave_out_unused(&mut config);
        let task = || "verify the cluster's CA".to_owned();
        let error = match timeout(self.request_timeout, reach(config)).await {
            Ok(Ok(())) => return Ok(Verdict::Good),
            Ok(Err(error)) => error,
            Err(_) => {
                return Err(Failure::new(
                    task(),
                    Cause::Silent {
                        server: self.server().to_owned(),
                        proxy: self.config.proxy_url.as_ref().map(ToString::to_string),
                        seconds: self.request_timeout.as_secs(),
                    },
                ));
            }
        };
        let chain = chain(&error);
        Ok(match find::<rustls::Error>(&chain) {
            // The chain is verified before the name, and both before the server asks who we are.
            Some(
                rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )
                | rustls::Error::AlertReceived(AlertDescription::CertificateRequired),
            ) => Verdict::Good,
            Some(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            )) => Verdict::Bad("its certificate is signed by another authority".to_owned()),
            Some(rustls::Error::InvalidCertificate(error)) => {
                Verdict::Bad(certificate_reason(error).0)
            }
            Some(error) => Verdict::Bad(format!("the TLS handshake failed ({error})")),
            None => {
                return Err(Failure::new(
                    task(),
                    Cause::Unreachable {
                        server: self.server().to_owned(),
                        proxy: self.config.proxy_url.as_ref().map(ToString::to_string),
                        reason: reason(&chain),
                    },
                ));
            }
        })
    }
}

/// Whether a certificate verifies the API server.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It does not, for this reason.
    Bad(String),
}

/// Gets as far as an answer, whatever that is.
async fn reach(config: Config) -> Result<(), kube::Error> {
    if let Some(outcome) = http2::handshake_only(&config).await {
        return outcome;
    }
    let request = Request::get("/version").body(Body::empty());
    let request = request.map_err(kube::Error::HttpError)?;
    let client = Client::try_from(config)?;
    client.send(request).await.map(drop)
}
