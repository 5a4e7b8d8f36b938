//! A relay that reads every request and may spoil it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::connection::{Rules, serve};
use super::log::Log;
use super::upstream::Upstream;
use super::{Fault, Request, Threads};
use crate::control_plane::ControlPlane;
use crate::control_plane::pki::Pki;
use crate::poll::BOUND;

/// Speaks HTTP/1.1 over TLS with a certificate of the cluster's authority. Callers keep their identity: a token is
/// passed on, and a client certificate's user is named to the server as a front proxy does. So the audit log and
/// the authorizer see the same user as without the relay.
pub struct FaultRelay {
    address: SocketAddr,
    log: Arc<Log>,
    _threads: Threads,
}

impl ControlPlane {
    /// A relay to the API server that does with every request what `policy` says.
    ///
    /// The policy may block, for example to change an object right before the request arrives.
    pub fn relay(&self, policy: impl Fn(&Request) -> Fault + Send + Sync + 'static) -> FaultRelay {
        FaultRelay::start(self, policy)
    }
}

impl FaultRelay {
    fn start(
        cp: &ControlPlane,
        policy: impl Fn(&Request) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let threads = Threads::new();
        let listener = threads
            .runtime()
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("the loopback interface has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let acceptor = TlsAcceptor::from(Arc::new(server_config(cp.pki())));
        let log = Arc::new(Log::default());
        let rules = Arc::new(Rules {
            policy: Box::new(policy),
            log: log.clone(),
            upstream: Upstream::new(cp),
            pki: cp.pki().clone(),
        });
        threads.runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, acceptor.clone(), rules.clone()));
            }
        });
        Self {
            address,
            log,
            _threads: threads,
        }
    }

    /// Its port on loopback, as the target of another relay.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Every request that arrived so far, in the order of arrival.
    pub fn seen(&self) -> Vec<Request> {
        self.log.all()
    }

    /// Waits until `count` requests have arrived; panics when they do not.
    pub fn wait_for(&self, count: usize) {
        let enough = |requests: &[Request]| (requests.len() >= count).then_some(());
        self.log
            .wait(BOUND, enough)
            .unwrap_or_else(|| panic!("only {} of {count} requests arrived", self.seen().len()));
    }

    /// Waits until a request arrives (or has arrived) for which `wanted` holds; panics when none does.
    pub fn wait_for_request(&self, wanted: impl Fn(&Request) -> bool) -> Request {
        let find = |requests: &[Request]| requests.iter().find(|&request| wanted(request)).cloned();
        self.log
            .wait(BOUND, find)
            .unwrap_or_else(|| panic!("that request did not arrive, only {:#?}", self.seen()))
    }
}

pub(super) fn server_config(pki: &Pki) -> ServerConfig {
    let names = ["localhost", "kubernetes.default.svc"];
    let pair = pki.serving(&names, &[Ipv4Addr::LOCALHOST.into()]);
    let certificate = CertificateDer::from_pem_slice(pair.certificate_pem.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).expect("a PEM key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = Arc::new(roots(pki.ca_pem()));
    let clients = WebPkiClientVerifier::builder_with_provider(roots, provider.clone())
        .allow_unauthenticated() // a token may come instead
        .build()
        .expect("an authority for clients");
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![certificate.expect("a PEM certificate")], key)
        .expect("the key is the certificate's");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

pub(super) fn roots(ca_pem: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).expect("a PEM certificate");
    roots.add(ca).expect("a certificate");
    roots
}
