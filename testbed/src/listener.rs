//! A target whose every answer a test writes itself, and which keeps what it is sent.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::control_plane::ControlPlane;

/// No client of a test sends a head as large as this.
const LARGEST_HEAD: usize = 64 << 10;

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Path and query.
    pub path: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
}

/// Listens on a free port of loopback. It lives as long as the process.
pub struct Listener {
    url: String,
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Listener {
    /// Over HTTP; `answer` makes each answer from the path and is sent as it is.
    pub fn http(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start("http", None, answer)
    }

    /// Over HTTPS, with a certificate of the cluster's authority for the address.
    pub fn https(
        cp: &ControlPlane,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let pair = cp.pki().serving(&[], &[Ipv4Addr::LOCALHOST.into()]);
        let certificate = CertificateDer::from_pem_slice(pair.certificate_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.expect("a PEM certificate")],
                key.expect("a PEM key"),
            );
        let config = config.expect("the key is the certificate's");
        Self::start("https", Some(Arc::new(config)), answer)
    }

    fn start(
        scheme: &str,
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (log, answer, tls) = (Arc::clone(&log), Arc::clone(&answer), tls.clone());
                thread::spawn(move || {
                    // Who asked may be gone.
                    let _ = serve(connection, tls, &log, &*answer);
                });
            }
        });
        Self {
            url: format!("{scheme}://127.0.0.1:{port}"),
            port,
            seen,
        }
    }

    /// Its address: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }
}

/// A whole answer: the status line, these header lines, and the body.
pub fn answer(status: &str, headers: &[&str], body: &str) -> String {
    let mut answer = format!("HTTP/1.1 {status}\r\n");
    for header in headers {
        answer.push_str(header);
        answer.push_str("\r\n");
    }
    format!(
        "{answer}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn serve(
    connection: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    log: &Mutex<Vec<Seen>>,
    answer: &dyn Fn(&str) -> String,
) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_mins(1)))?;
    match tls {
        None => exchange(connection, log, answer),
        Some(config) => {
            let server = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(server, connection);
            exchange(&mut stream, log, answer)?;
            stream.conn.send_close_notify();
            stream.flush()
        }
    }
}

fn exchange(
    mut stream: impl Read + Write,
    log: &Mutex<Vec<Seen>>,
    answer: &dyn Fn(&str) -> String,
) -> io::Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && head.len() < LARGEST_HEAD {
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let authorization = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("authorization")
            .then(|| value.trim().to_owned())
    });
    let answer = answer(&path);
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Seen {
            path,
            authorization,
        });
    stream.write_all(answer.as_bytes())?;
    stream.flush()
}
