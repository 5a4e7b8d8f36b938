//! The one door to the API server: deadline, retries, and what the answer means.

use std::time::Duration;

use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use kube::client::Body;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::connect::{Cluster, transport};
use super::failure::{Cause, Failure};
use super::refusal::Refusal;
use super::{Answer, Call};
use crate::mask::hide;

/// How often a request is sent again.
const RETRIES: u32 = 3;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// No pause is longer, whatever `Retry-After` says.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One try that came to nothing.
struct Miss {
    cause: Cause,
    /// Whether it may be tried again, and after how long at least.
    again: Option<Duration>,
}

impl Cluster {
    /// Sends `call` and waits for the answer. Idempotent calls are repeated after 429, 503, 504 and broken
    /// connections; what is not idempotent only where no connection came about at all.
    ///
    /// # Errors
    /// Whatever kept the server from answering with success.
    pub async fn send(&self, call: Call) -> Result<Answer, Box<Failure>> {
        let begun = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let outcome = self.once(&call, tries).await;
            let (words, result) = match outcome {
                Ok((status, answer)) => (status.as_u16().to_string(), Ok(answer)),
                Err((status, miss)) => (
                    status.map_or("no answer".to_owned(), |status| status.as_u16().to_string()),
                    Err(miss),
                ),
            };
            self.trace(&call, &words, begun, tries);
            let miss = match result {
                Ok(answer) => return Ok(answer),
                Err(miss) => miss,
            };
            let Some(least) = miss.again.filter(|_| tries <= RETRIES) else {
                let task = format!("{} {}", call.action, call.subject);
                return Err(Failure::new(task, miss.cause));
            };
            sleep(pause(tries).max(least)).await;
        }
    }

    async fn once(
        &self,
        call: &Call,
        tries: u32,
    ) -> Result<(StatusCode, Answer), (Option<StatusCode>, Miss)> {
        let broken = |reason: &str| Miss {
            cause: Cause::Unexpected(reason.to_owned()),
            again: None,
        };
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(call.method.clone())
            .uri(&call.path)
            .header("content-type", call.content_type)
            // The signing keys come as application/jwk-set+json.
            .header("accept", "application/json, */*")
            .header("user-agent", concat!("monconf/", env!("CARGO_PKG_VERSION")))
            .body(Body::from(body.into_bytes()))
            .map_err(|error| {
                (
                    None,
                    broken(&format!("the request cannot be formed: {error}")),
                )
            })?;
        let exchange = async {
            let response = self.client().await?.send(request).await?;
            let (head, body) = response.into_parts();
            let bytes = body.collect_bytes().await?;
            Ok::<_, kube::Error>((head, bytes))
        };
        let (head, bytes) = match timeout(self.request_timeout, exchange).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let (cause, connected) = transport(&error, self.server(), self.request_timeout);
                let retry = !matches!(cause, Cause::Tls { .. }) && (call.idempotent || !connected);
                return Err((
                    None,
                    Miss {
                        cause,
                        again: retry.then_some(Duration::ZERO),
                    },
                ));
            }
            Err(_) => {
                let cause = Cause::Silent {
                    server: self.server().to_owned(),
                    seconds: self.request_timeout.as_secs(),
                };
                return Err((None, Miss { cause, again: None }));
            }
        };
        if head.status.is_success() {
            let body = serde_json::from_slice(&bytes).map_err(|_| {
                let reason =
                    "the answer is not JSON; is this an API server, or a proxy's login page?";
                (Some(head.status), broken(reason))
            })?;
            let date = date(&head.headers);
            return Ok((head.status, Answer { body, date }));
        }
        let mut refusal = Refusal::new(head.status.as_u16(), &bytes, tries);
        // A server may repeat what it was sent.
        let secrets = secrets(call);
        refusal.message = hide(&refusal.message, &secrets);
        for (_, message) in &mut refusal.fields {
            *message = hide(message, &secrets);
        }
        let transient = matches!(head.status.as_u16(), 429 | 503 | 504);
        let again = (transient && call.idempotent).then(|| retry_after(&head.headers));
        Err((
            Some(head.status),
            Miss {
                cause: Cause::Refused(refusal),
                again,
            },
        ))
    }

    fn trace(&self, call: &Call, words: &str, begun: Instant, tries: u32) {
        if let Some(trace) = &self.trace {
            let again = if tries > 1 {
                format!(", try {tries}")
            } else {
                String::new()
            };
            trace(&format!(
                "{} {} {words} in {} ms{again}",
                call.method,
                call.path,
                begun.elapsed().as_millis()
            ));
        }
    }
}

/// The Secret data that a call carries, as it was sent.
fn secrets(call: &Call) -> Vec<&str> {
    call.body
        .as_ref()
        .and_then(|body| body["data"].as_object())
        .into_iter()
        .flatten()
        .filter_map(|(_, value)| value.as_str())
        .collect()
}

/// Twice as long each time, and up to half as long again, so that many callers do not come back together.
fn pause(tries: u32) -> Duration {
    let pause = FIRST_PAUSE * 2_u32.pow(tries - 1);
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.subsec_nanos());
    pause + pause * (nanos % 1_000) / 2_000
}

fn retry_after(headers: &HeaderMap) -> Duration {
    headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map_or(Duration::ZERO, Duration::from_secs)
        .min(LONGEST_PAUSE)
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get("date")?.to_str().ok()?;
    Some(rfc2822::parse(text).ok()?.timestamp())
}
