//! The one door to the API server: deadline, retries, and what the answer means.

use bytes::Bytes;
use http::response::Parts;
use http::{Method, Request, StatusCode};
use kube::client::Body;
use serde_json::Value;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

use super::budget::TooLarge;
use super::connect::Cluster;
use super::credentials::Credentials;
use super::failure::{Cause, Failure};
use super::refusal::Refusal;
use super::retry::{RETRIES, SETTLING, is_passing, pause, wish};
use super::{Answer, Call, sent, transport};

/// One try that came to nothing.
struct Miss {
    cause: Cause,
    /// The status of the answer, if there was one.
    status: Option<StatusCode>,
    /// Whether it may be tried again, and after how long at least.
    again: Option<Duration>,
    /// Whether the server may have done what it was asked for.
    uncertain: bool,
}

impl Cluster {
    /// Sends `call` and waits for the answer. Idempotent calls are repeated after 429, 503, 504 and broken
    /// connections; what is not idempotent only where no connection came about at all.
    ///
    /// # Errors
    /// Whatever kept the server from answering with success.
    pub async fn send(&self, call: Call) -> Result<Answer, Box<Failure>> {
        let begun = Instant::now();
        let mut uncertain = false;
        let mut restarting = false;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut miss = match self.traced(&call, tries).await {
                Ok(answer) => {
                    self.answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(miss) => miss,
            };
            if uncertain && let Some(answer) = self.done_before(&call, &miss).await {
                return Ok(answer);
            }
            // A server that has answered before and cannot be reached now is being restarted, and will not be quite
            // itself at first.
            restarting |= miss.is_unreached() && self.answered.load(Ordering::Relaxed);
            let patient = restarting && begun.elapsed() < self.request_timeout;
            if miss.is_denied() && self.is_settling(tries) {
                miss.again = Some(Duration::ZERO);
            }
            let Some(least) = miss.again.filter(|_| tries <= RETRIES || patient) else {
                if let Cause::Refused(refusal) = &mut miss.cause {
                    refusal.tries = tries;
                    refusal.uncertain = uncertain;
                }
                let task = format!("{} {}", call.action, call.subject);
                return Err(Failure::new(task, miss.cause));
            };
            uncertain |= miss.uncertain;
            sleep(least + pause(tries)).await;
        }
    }

    /// Whether the rights of this Pod's account may still be on their way. One denial is never taken for the last word: a
    /// busy node may need longer than that to come to the first request.
    fn is_settling(&self, tries: u32) -> bool {
        let is_new = tries == 1 || self.since.elapsed() < SETTLING;
        self.credentials == Credentials::Pod && is_new
    }

    async fn traced(&self, call: &Call, tries: u32) -> Result<Answer, Miss> {
        let begun = Instant::now();
        let outcome = self.once(call).await;
        if let Some(trace) = &self.trace {
            let words = match &outcome {
                Ok((status, _)) => status.as_u16().to_string(),
                Err(miss) => miss.status.map_or_else(
                    || "no answer".to_owned(),
                    |status| status.as_u16().to_string(),
                ),
            };
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
        outcome.map(|(_, answer)| answer)
    }

    async fn once(&self, call: &Call) -> Result<(StatusCode, Answer), Miss> {
        let (head, body) = self.exchange(call).await?;
        let status = head.status;
        if status.is_success() {
            let answer = Answer::read(&head, &body).and_then(|answer| {
                call.expected.check(&answer.body)?;
                Ok((status, answer))
            });
            return answer.map_err(|reason| Miss::unexpected(called(call, &reason), Some(status)));
        }
        if status.is_redirection() {
            let target = head
                .headers
                .get("location")
                .and_then(|value| value.to_str().ok());
            let target = target.unwrap_or("an unknown place");
            let reason = format!(
                "the server sends the request on to {target}, which monconf does not follow: is this an API server, or a proxy that wants a login?"
            );
            return Err(Miss::unexpected(called(call, &reason), Some(status)));
        }
        let secrets = sent::secrets(call);
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mut refusal = Refusal::new(status.as_u16(), &body, &secrets);
        refusal.credentials =
            (status == StatusCode::UNAUTHORIZED).then(|| Box::new(self.credentials.clone()));
        let wish = wish(&head.headers);
        // Whoever answers with a failure of the server and a time means that another try may succeed.
        let passing = is_passing(status)
            || status.is_server_error() && wish.is_some()
            || refusal.is_store_trouble();
        Err(Miss {
            cause: Cause::Refused(refusal),
            status: Some(status),
            again: (passing && call.idempotent).then(|| wish.unwrap_or_default()),
            uncertain: status.is_server_error(),
        })
    }

    async fn exchange(&self, call: &Call) -> Result<(Parts, Bytes), Miss> {
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(call.method.clone())
            .uri(&call.path)
            .header("content-type", call.content_type)
            // The signing keys come as application/jwk-set+json.
            .header("accept", call.accept)
            .header("user-agent", concat!("monconf/", env!("CARGO_PKG_VERSION")))
            .body(Body::from(body.into_bytes()))
            .map_err(|error| {
                Miss::unexpected(format!("the request cannot be formed: {error}"), None)
            })?;
        let exchange = async {
            let response = self.client().await?.send(request).await?;
            let (head, body) = response.into_parts();
            Ok::<_, tower::BoxError>((head, self.budget.read(body).await?))
        };
        let error = match timeout(self.request_timeout, exchange).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => {
                return Err(Miss {
                    cause: self.silent(),
                    status: None,
                    // Whoever has waited that long waits no second time.
                    again: None,
                    uncertain: true,
                });
            }
        };
        if let Some(too_large) = error.downcast_ref::<TooLarge>() {
            let reason = called(call, &too_large.to_string());
            return Err(Miss::unexpected(reason, None));
        }
        let error = match error.downcast::<kube::Error>() {
            Ok(error) => *error,
            Err(other) => kube::Error::Service(other),
        };
        let broken = transport::broken(&error, self);
        let again = broken.passing && (call.idempotent || !broken.sent);
        Err(Miss {
            cause: broken.cause,
            status: None,
            again: again.then_some(Duration::ZERO),
            uncertain: broken.sent,
        })
    }

    /// Whether a repeated call fails only because an earlier try, whose answer was lost, was carried out.
    async fn done_before(&self, call: &Call, miss: &Miss) -> Option<Answer> {
        let Cause::Refused(refusal) = &miss.cause else {
            return None;
        };
        if call.method == Method::DELETE && refusal.code == 404 {
            return Some(Answer::empty());
        }
        if call.method != Method::PATCH || !refusal.is_stale() {
            return None;
        }
        // The version that the call names is the one before ours; the object tells whether the newer one is ours.
        let (path, _) = call.path.split_once('?')?;
        let again = Call::read(&call.subject, path);
        let live = self.traced(&again, 1).await.ok()?;
        call.expected.check(&live.body).ok()?;
        sent::holds(&live.body, call.body.as_ref()?).then_some(live)
    }
}

/// The request in front of what is wrong with its answer.
fn called(call: &Call, reason: &str) -> String {
    let path = call.path.split('?').next().unwrap_or_default();
    format!("{} {path}: {reason}", call.method)
}

impl Miss {
    /// Whether the authorizer said no, so that nothing was done.
    fn is_denied(&self) -> bool {
        matches!(&self.cause, Cause::Refused(refusal) if refusal.denied.is_some())
    }

    /// Whether there was not even a connection.
    fn is_unreached(&self) -> bool {
        self.status.is_none() && !self.uncertain
    }

    fn unexpected(reason: String, status: Option<StatusCode>) -> Self {
        Self {
            cause: Cause::Unexpected(reason),
            status,
            again: None,
            uncertain: true,
        }
    }
}
