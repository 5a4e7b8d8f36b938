//! A target's metrics, asked for as Prometheus asks: by the target's own address, with its TLS settings, over a
//! connection of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HOST, LOCATION};
use http::{HeaderMap, HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use kube::Config;
use kube::client::ConfigExt;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower::BoxError;

use super::authorities::leave_out_unused;
use super::connect::certificates;
use super::no_answer::{NoAnswer, no_answer_of};
use crate::token::Token;

/// What Prometheus 3 asks for: a target may choose its format by it (`acceptHeader` in `scrape/scrape.go`).
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
/// Of an answer that is no metrics, as much as says what it is.
const SHOWN: usize = 8 << 10;
/// No target has nearly as many metrics. They are counted as they come in, so none of it stays in memory.
const LARGEST: usize = 1 << 30;
/// How often one scrape is sent on to somewhere else; Go's client gives up then.
const MOST_REDIRECTS: usize = 10;

/// Whom a target has to prove to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Trust {
    /// The authorities, PEM; those of this system where there are none.
    pub ca: Option<Arc<str>>,
    /// The name in the certificate, where it is not the address.
    pub server_name: Option<String>,
    /// Whether any certificate will do.
    pub insecure: bool,
}

/// What a target answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `text/plain; version=0.0.4`, as the target wrote it; empty where it wrote none.
    pub content_type: String,
    /// Where a redirect leads that was not followed: an address without query, user and password.
    pub redirect: Option<String>,
    /// The target's clock.
    pub date: Option<Timestamp>,
    /// The beginning of an answer of failure, or of a web page.
    pub beginning: String,
}

/// Asks targets.
pub struct Scraper {
    patience: Duration,
    tls: Mutex<HashMap<Trust, TlsConnector>>,
}

impl Scraper {
    /// `patience` is how long one target may take, connection and answer together.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self {
            patience,
            tls: Mutex::default(),
        }
    }

    /// `GET url`; every piece of an answer of success goes to `piece`. With a token no redirect is followed, wherever it
    /// leads: the token is for this address alone.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn get(
        &self,
        url: &Uri,
        trust: &Trust,
        token: Option<&Token>,
        follows: bool,
        piece: impl FnMut(&[u8]),
    ) -> Result<Reply, NoAnswer> {
        let answer = async {
            match token {
                None if follows => self.follow(url, trust, piece).await,
                token => self.once(url, trust, token, piece).await,
            }
        };
        match timeout(self.patience, answer).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => Err(no_answer_of(&*error)),
            Err(_) => Err(NoAnswer::Silent {
                seconds: self.patience.as_secs(),
            }),
        }
    }

    /// One request, whatever the answer is.
    async fn once(
        &self,
        url: &Uri,
        trust: &Trust,
        token: Option<&Token>,
        mut piece: impl FnMut(&[u8]),
    ) -> Result<Reply, BoxError> {
        let (status, head, body) = self.ask(url, trust, token).await?;
        let redirect = redirect(status, &head, url)
            .map(|to| to.map_or_else(|_| "an invalid address".to_owned(), |to| place(&to)));
        let reply = read(status, &head, body, &mut piece).await?;
        Ok(Reply { redirect, ..reply })
    }

    /// Follows redirects, as Prometheus does unless it is told not to.
    async fn follow(
        &self,
        url: &Uri,
        trust: &Trust,
        mut piece: impl FnMut(&[u8]),
    ) -> Result<Reply, BoxError> {
        let mut asked = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let (status, head, body) = self.ask(&asked, trust, None).await?;
            match redirect(status, &head, &asked) {
                Some(to) => asked = to?,
                None => return read(status, &head, body, &mut piece).await,
            }
        }
        Err("it sends the request on again and again".into())
    }

    async fn ask(
        &self,
        url: &Uri,
        trust: &Trust,
        token: Option<&Token>,
    ) -> Result<(u16, HeaderMap, Incoming), BoxError> {
        let authority = url.authority().ok_or("the URL has no host")?;
        let host = authority.host().trim_matches(['[', ']']);
        let is_tls = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::get(path)
            .header(HOST, authority.as_str())
            .header("accept", ACCEPT)
            .header("user-agent", concat!("monconf/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = token {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(|_| "the token holds what no header can")?;
            value.set_sensitive(true);
            request = request.header("authorization", value);
        }
        let request = request.body(Empty::<Bytes>::new())?;
        let stream = TcpStream::connect((host, port)).await?;
        let response = if is_tls {
            let name = trust.server_name.as_deref().unwrap_or(host);
            let name = ServerName::try_from(name.to_owned())?;
            let stream = self.connector(trust)?.connect(name, stream).await?;
            let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
            // It ends with the answer, or with the sender.
            tokio::spawn(connection);
            sender.send_request(request).await?
        } else {
            let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            sender.send_request(request).await?
        };
        let (head, body) = response.into_parts();
        Ok((head.status.as_u16(), head.headers, body))
    }

    /// One for all targets of the same trust: reading a system's authorities takes longer than a scrape.
    fn connector(&self, trust: &Trust) -> Result<TlsConnector, BoxError> {
        let mut known = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = known.get(trust) {
            return Ok(connector.clone());
        }
        let mut config = Config::new(Uri::from_static("https://target"));
        config.accept_invalid_certs = trust.insecure;
        let ca = trust.ca.as_deref().filter(|_| !trust.insecure);
        config.root_cert = ca.map(|pem| certificates(pem.as_bytes())).transpose()?;
        leave_out_unused(&mut config);
        let connector = TlsConnector::from(Arc::new(config.rustls_client_config()?));
        known.insert(trust.clone(), connector.clone());
        Ok(connector)
    }
}

/// Where an answer to a request for `asked` sends the client; `None` where it is no redirect.
fn redirect(status: u16, head: &HeaderMap, asked: &Uri) -> Option<Result<Uri, BoxError>> {
    let location = head.get(LOCATION)?;
    let is_redirect = matches!(status, 301 | 302 | 303 | 307 | 308);
    is_redirect.then(|| elsewhere(asked, location.to_str()?))
}

/// A location may be a URL, one without the scheme, or a path on the same server.
fn elsewhere(asked: &Uri, location: &str) -> Result<Uri, BoxError> {
    let scheme = asked.scheme_str().unwrap_or("http");
    let authority = asked.authority().map_or("", |authority| authority.as_str());
    // A query may hold a URL of its own.
    let before_path = location.split(['/', '?', '#']).next().unwrap_or_default();
    let location = if before_path.ends_with(':') {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else {
        let folder = asked
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    Ok(location.parse()?)
}

/// An address without what may be secret in it: query, user and password.
fn place(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("http");
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{}", url.path())
}

/// When the target answered, by its own clock.
fn clock(head: &HeaderMap) -> Option<Timestamp> {
    let date = head.get(DATE)?.to_str().ok()?;
    Some(rfc2822::parse(date).ok()?.timestamp())
}

async fn read(
    status: u16,
    head: &HeaderMap,
    mut body: Incoming,
    piece: &mut impl FnMut(&[u8]),
) -> Result<Reply, BoxError> {
    // A header that is no text is no missing one.
    let content_type = head.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let content_type = String::from_utf8_lossy(content_type.unwrap_or_default()).into_owned();
    let mut beginning = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length += data.len();
        if length > LARGEST {
            return Err("the answer is larger than 1 GiB".into());
        }
        if status == 200 {
            piece(&data);
        }
        let left = SHOWN - beginning.len();
        beginning.extend_from_slice(&data[..data.len().min(left)]);
        if status != 200 && beginning.len() == SHOWN {
            break;
        }
    }
    Ok(Reply {
        status,
        content_type,
        redirect: None,
        date: clock(head),
        beginning: String::from_utf8_lossy(&beginning).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_as_a_browser_reads_it_and_shown_without_secrets() {
        let asked = Uri::from_static("https://10.0.0.1:10250/metrics/cadvisor");
        for (location, expected) in [
            ("http://evil.example/m", "http://evil.example/m"),
            ("//evil.example:1/m", "https://evil.example:1/m"),
            ("/login?next=/metrics", "https://10.0.0.1:10250/login"),
            ("probes", "https://10.0.0.1:10250/metrics/probes"),
            (
                "https://user:password@evil.example/?token=secret",
                "https://evil.example/",
            ),
        ] {
            let to = elsewhere(&asked, location).expect("a URL");
            assert_eq!(place(&to), expected, "{location}");
        }
        assert!(elsewhere(&asked, "https://[").is_err());
    }
}
