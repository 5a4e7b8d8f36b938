//! The one door to Prometheus: deadline, and what an answer means.

use std::time::Duration;

use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Limited};
use kube::Config;
use kube::client::Body;
use tokio::time::{Instant, timeout};

use crate::client::{Trace, is_tls, leave_out_unused, no_answer, proxy_for};
use crate::error::Error;

/// Prometheus' own metrics and a large configuration stay far below it.
const LARGEST_ANSWER: usize = 32 << 20;

/// How Prometheus is asked.
#[derive(Clone)]
pub struct Options {
    /// How long to wait for one answer.
    pub request_timeout: Duration,
    /// Is told of every request.
    pub trace: Trace,
}

/// Sends requests to one address.
#[derive(Clone)]
pub(super) struct Client {
    http: kube::Client,
    /// Without a slash at its end.
    pub(super) url: String,
    pub(super) options: Options,
}

/// Why there is nothing to read.
pub(super) enum Failed {
    /// No answer, and why.
    Silent(String),
    /// No answer, because the TLS handshake failed.
    Untrusted(String),
    /// A status of failure, and what was said with it.
    Status(u16, String),
    /// An answer, but not that of a Prometheus.
    Strange(String),
}

impl Client {
    /// Nothing is sent yet. The certificates of https are verified with the authorities that this system trusts.
    pub(super) fn new(url: &str, options: &Options) -> Result<Self, Failed> {
        let unusable = |reason: String| Failed::Strange(format!("no client can be made: {reason}"));
        let server: Uri = url.parse().map_err(|error| unusable(format!("{error}")))?;
        let mut config = Config::new(server);
        config.proxy_url = proxy_for(&config.cluster_url)
            .map_err(|variable| unusable(format!("{variable} is no URL of a proxy")))?;
        config.default_retry = false;
        config.connect_timeout = Some(options.request_timeout);
        config.disable_compression = true;
        leave_out_unused(&mut config);
        Ok(Self {
            http: kube::Client::try_from(config)
                .map_err(|error| Failed::Silent(no_answer(&error)))?,
            url: url.to_owned(),
            options: options.clone(),
        })
    }

    /// The body of the answer to `GET path`.
    pub(super) async fn get(&self, path: &str) -> Result<String, Failed> {
        self.send(Method::GET, path, self.options.request_timeout)
            .await
    }

    /// The body of the answer to `POST path`, which may take `patience`.
    pub(super) async fn post(&self, path: &str, patience: Duration) -> Result<String, Failed> {
        self.send(Method::POST, path, patience).await
    }

    async fn send(&self, method: Method, path: &str, patience: Duration) -> Result<String, Failed> {
        let begun = Instant::now();
        let outcome = timeout(patience, self.exchange(method.clone(), path)).await;
        let outcome = outcome.unwrap_or_else(|_| {
            let seconds = patience.as_secs();
            Err(Failed::Silent(format!("no answer within {seconds} s")))
        });
        if let Some(trace) = &self.options.trace {
            let words = match &outcome {
                Ok((status, _)) => status.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            let took = begun.elapsed().as_millis();
            trace(&format!("{method} {}{path} {words} in {took} ms", self.url));
        }
        match outcome? {
            (200..=299, body) => Ok(body),
            (status, body) => Err(Failed::Status(status, body)),
        }
    }

    async fn exchange(&self, method: Method, path: &str) -> Result<(u16, String), Failed> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("user-agent", concat!("monconf/", env!("CARGO_PKG_VERSION")))
            .body(Body::empty())
            .map_err(|error| Failed::Strange(error.to_string()))?;
        let response = self.http.send(request).await;
        let response = response.map_err(|error| {
            let failed = if is_tls(&error) {
                Failed::Untrusted
            } else {
                Failed::Silent
            };
            failed(no_answer(&error))
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| {
            Failed::Silent(format!("the answer breaks off or is too large: {error}"))
        })?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok((head.status.as_u16(), text))
    }
}

impl Failed {
    /// The sentence to end a run with.
    pub(super) fn error(&self, task: String) -> Error {
        Error::Prometheus {
            task,
            reason: self.reason(),
            hint: self.hint().map(str::to_owned),
            passing: matches!(self, Self::Silent(_) | Self::Status(429 | 500.., _)),
        }
    }

    pub(super) fn reason(&self) -> String {
        match self {
            Self::Silent(reason) | Self::Untrusted(reason) | Self::Strange(reason) => {
                reason.clone()
            }
            Self::Status(status, body) => {
                let said = said(body);
                match *status {
                    401 | 403 => format!("it refuses access ({status}): {said}"),
                    404 => "it answers that there is no such page (404)".to_owned(),
                    503 => format!("it is not ready (503): {said}"),
                    _ => format!("it answers {status}: {said}"),
                }
            }
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Silent(_) | Self::Untrusted(_) => Some(
                "does Prometheus run, and is it reachable from here? --prometheus-url names its address; SSL_CERT_FILE the authorities to trust for https",
            ),
            Self::Strange(_) | Self::Status(300..=399 | 404, _) => Some(
                "is this a Prometheus? where it was started with --web.route-prefix, the address ends with that prefix",
            ),
            Self::Status(401 | 403, _) => Some(
                "monconf logs in nowhere: name an address that needs no login, such as the one on the same machine",
            ),
            Self::Status(503, _) => Some("it may just be starting: try again in a moment"),
            Self::Status(..) => None,
        }
    }
}

/// What a server said, as one line that is not too long.
pub(super) fn said(body: &str) -> String {
    const LONGEST: usize = 1_000;
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() => "it says nothing more".to_owned(),
        None => line,
    }
}
