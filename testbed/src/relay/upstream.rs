//! The relay's own connections to the API server.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, request};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::fault_relay::roots;
use crate::control_plane::ControlPlane;
use crate::control_plane::pki::{Pair, Subject};

const USER: HeaderName = HeaderName::from_static("x-remote-user");
const GROUP: HeaderName = HeaderName::from_static("x-remote-group");

/// The connection that serves one client connection; made when the first request needs it.
pub(super) type Link = Mutex<Option<SendRequest<Full<Bytes>>>>;

pub(super) struct Upstream {
    port: u16,
    front_proxy: TlsConnector,
    plain: TlsConnector,
}

impl Upstream {
    pub(super) fn new(cp: &ControlPlane) -> Self {
        Self {
            port: cp.port(),
            front_proxy: connector(cp.ca_pem(), Some(&cp.pki().front_proxy())),
            plain: connector(cp.ca_pem(), None),
        }
    }

    /// Sends a request in the name of `subject`, or with the token that it carries.
    pub(super) async fn send(
        &self,
        link: &Link,
        head: request::Parts,
        body: Bytes,
        subject: Option<Subject>,
    ) -> Result<Response<Incoming>, io::Error> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.headers_mut() = forwarded(head.headers, subject.as_ref())?;
        let mut link = link.lock().await;
        let kept = match link.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.connect(subject.is_some()).await?,
        };
        let mut answer = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        *link = Some(sender);
        for hop in [header::CONNECTION, header::TRANSFER_ENCODING] {
            answer.headers_mut().remove(hop);
        }
        Ok(answer)
    }

    async fn connect(&self, as_front_proxy: bool) -> Result<SendRequest<Full<Bytes>>, io::Error> {
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        tcp.set_nodelay(true)?;
        let connector = if as_front_proxy {
            &self.front_proxy
        } else {
            &self.plain
        };
        let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
        let tls = connector.connect(name, tcp).await?;
        let (sender, connection) = handshake(TokioIo::new(tls))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// The headers that the server gets: nobody but the relay names a user.
fn forwarded(mut headers: HeaderMap, subject: Option<&Subject>) -> Result<HeaderMap, io::Error> {
    for own in [
        USER,
        GROUP,
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
    ] {
        headers.remove(own);
    }
    if let Some(subject) = subject {
        headers.insert(USER, header_value(&subject.user)?);
        for group in &subject.groups {
            headers.append(GROUP, header_value(group)?);
        }
    }
    Ok(headers)
}

fn header_value(text: &str) -> Result<HeaderValue, io::Error> {
    HeaderValue::from_str(text).map_err(io::Error::other)
}

fn connector(ca_pem: &str, identity: Option<&Pair>) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(roots(ca_pem));
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let certificate = CertificateDer::from_pem_slice(pair.certificate_pem.as_bytes());
            let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).expect("a PEM key");
            builder
                .with_client_auth_cert(vec![certificate.expect("a PEM certificate")], key)
                .expect("the key is the certificate's")
        }
    };
    TlsConnector::from(Arc::new(config))
}
