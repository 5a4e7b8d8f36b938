//! One HTTP/2 connection for all requests.
//!
//! kube's own client speaks HTTP/1.1: a wave of twenty parallel requests would open twenty connections, each with a TLS
//! handshake. It is used where the server, or a proxy before it, does not offer HTTP/2.

use std::fmt;
use std::sync::Arc;

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;
use tower::{BoxError, ServiceBuilder, service_fn};

/// A client over one connection, which is made now; `None` where HTTP/2 cannot be had.
pub(crate) async fn client(config: &Config) -> Result<Option<Client>, kube::Error> {
    let Some(server) = Server::of(config)? else {
        return Ok(None);
    };
    let connected = server.connect().await;
    let Some(sender) = connected.map_err(|error| kube::Error::Service(error.into()))? else {
        return Ok(None);
    };
    let connection = Arc::new(Connection {
        server,
        sender: Mutex::new(sender),
    });
    let send = service_fn(move |request| {
        let connection = Arc::clone(&connection);
        async move { connection.send(request).await }
    });
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .service(send);
    Ok(Some(Client::new(service, config.default_namespace.clone())))
}

/// Connects, lets TLS verify the server, and closes the connection again; `None` where the way to the server is not plain
/// TLS, so that another client has to try.
pub(crate) async fn handshake_only(config: &Config) -> Option<Result<(), kube::Error>> {
    match Server::of(config) {
        Ok(Some(server)) => {
            let connected = server.connect().await;
            Some(
                connected
                    .map(drop)
                    .map_err(|error| kube::Error::Service(error.into())),
            )
        }
        Ok(None) => None,
        Err(error) => Some(Err(error)),
    }
}

/// No connection came about, so nothing was sent.
#[derive(Debug)]
pub(crate) struct ConnectError(BoxError);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

struct Server {
    host: String,
    port: u16,
    name: ServerName<'static>,
    tls: TlsConnector,
}

struct Connection {
    server: Server,
    sender: Mutex<SendRequest<Body>>,
}

impl Server {
    /// `None` for a server without TLS, by which HTTP/2 is agreed on, and for one behind a proxy.
    fn of(config: &Config) -> Result<Option<Self>, kube::Error> {
        let url: &Uri = &config.cluster_url;
        let (Some("https"), Some(host), None) = (url.scheme_str(), url.host(), &config.proxy_url)
        else {
            return Ok(None);
        };
        let host = host.trim_matches(['[', ']']);
        let name = config.tls_server_name.as_deref().unwrap_or(host);
        let Ok(name) = ServerName::try_from(name.to_owned()) else {
            return Ok(None);
        };
        let mut tls = config.rustls_client_config()?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Some(Self {
            host: host.to_owned(),
            port: url.port_u16().unwrap_or(443),
            name,
            tls: TlsConnector::from(Arc::new(tls)),
        }))
    }

    async fn connect(&self) -> Result<Option<SendRequest<Body>>, ConnectError> {
        self.handshake().await.map_err(ConnectError)
    }

    async fn handshake(&self) -> Result<Option<SendRequest<Body>>, BoxError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let stream = self.tls.connect(self.name.clone(), stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Ok(None);
        }
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // How it ends is told to whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Some(sender))
    }
}

impl Connection {
    async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        let mut sender = self.sender().await?;
        Ok(sender.send_request(request).await?)
    }

    /// The connection, made anew where the server has closed it.
    async fn sender(&self) -> Result<SendRequest<Body>, BoxError> {
        let mut sender = self.sender.lock().await;
        if sender.is_closed() {
            let again = self.server.connect().await?;
            *sender = again.ok_or("the server no longer speaks HTTP/2")?;
        }
        Ok(sender.clone())
    }
}
