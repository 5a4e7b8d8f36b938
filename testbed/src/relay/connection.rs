//! One client's connection to the relay.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::task::block_in_place;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::log::Log;
use super::truncated::Truncated;
use super::upstream::{Link, Upstream};
use super::{Fault, Request};
use crate::control_plane::pki::{Pki, Subject};

type Answer = http::Response<BoxBody<Bytes, io::Error>>;

/// What all connections of a relay share.
pub(super) struct Rules {
    pub(super) policy: Box<dyn Fn(&Request) -> Fault + Send + Sync>,
    pub(super) log: Arc<Log>,
    pub(super) upstream: Upstream,
    pub(super) pki: Arc<Pki>,
}

pub(super) async fn serve(client: TcpStream, acceptor: TlsAcceptor, rules: Arc<Rules>) {
    // Nagle's algorithm would add latency.
    let _ = client.set_nodelay(true);
    let Ok(client) = acceptor.accept(client).await else {
        return; // a client that does not trust the authority
    };
    let certificates = client.get_ref().1.peer_certificates();
    let subject = certificates.and_then(|chain| rules.pki.subject(chain.first()?));
    let link = Arc::new(Link::default());
    let service = service_fn(|request| {
        let (rules, link, subject) = (rules.clone(), link.clone(), subject.clone());
        async move { answer(request, &rules, &link, subject).await }
    });
    // It fails whenever a fault cuts it.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(client), service)
        .await;
}

/// An error makes hyper close the connection without an answer.
async fn answer(
    request: http::Request<Incoming>,
    rules: &Rules,
    link: &Link,
    subject: Option<Subject>,
) -> Result<Answer, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let seen = rules.log.add(Request {
        number: 0,
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.clone(),
        body: body.clone(),
        user: subject.as_ref().map(|subject| subject.user.clone()),
        at: Timestamp::now(),
    });
    let fault = block_in_place(|| (rules.policy)(&seen));
    let forward = rules.upstream.send(link, head, body, subject);
    match fault {
        Fault::Pass => Ok(passed_on(forward.await?)),
        Fault::Delay(delay) => {
            sleep(delay).await;
            Ok(passed_on(forward.await?))
        }
        Fault::Respond {
            status,
            headers,
            body,
        } => respond(status, &headers, body),
        Fault::DropBefore => Err(io::Error::other("dropped before the server saw it")),
        Fault::DropAfter => {
            forward.await?.collect().await.map_err(io::Error::other)?;
            Err(io::Error::other("dropped after the server answered"))
        }
        Fault::Truncate => truncate(forward.await?).await,
        Fault::Hold => loop {
            sleep(Duration::from_hours(1)).await;
        },
    }
}

fn passed_on(answer: http::Response<Incoming>) -> Answer {
    answer.map(|body| body.map_err(io::Error::other).boxed())
}

fn respond(status: u16, headers: &[(String, String)], body: String) -> Result<Answer, io::Error> {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer
        .body(Full::from(body).map_err(io::Error::other).boxed())
        .map_err(io::Error::other)
}

async fn truncate(answer: http::Response<Incoming>) -> Result<Answer, io::Error> {
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    head.headers
        .insert(http::header::CONTENT_LENGTH, body.len().into());
    let half = Truncated::new(body.slice(..body.len() / 2));
    Ok(http::Response::from_parts(head, half.boxed()))
}
