//! A relay that does not always tell the truth.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::fault_relay::server_config;
use super::lie::{Answer, Delivery, lie};
use super::random::Random;
use super::upstream::{Link, Upstream};
use super::{Request, Threads};
use crate::control_plane::ControlPlane;

/// Nothing that a test sends is larger.
const LARGEST_REQUEST: usize = 16 << 20;

/// Stands between a client with a token and the API server, and spoils some answers: their JSON, their headers, their
/// length. Which, and how, follows from the seed and from the request alone, not from the order of requests.
pub struct Liar {
    address: SocketAddr,
    world: Arc<World>,
    _threads: Threads,
}

struct World {
    seed: u64,
    per_hundred: usize,
    upstream: Upstream,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// How often each request has been made.
    times: BTreeMap<String, usize>,
    tokens: Vec<String>,
    lies: Vec<String>,
}

type Stream = TlsStream<TcpStream>;

impl ControlPlane {
    /// A relay that spoils `per_hundred` of a hundred answers.
    pub fn liar(&self, seed: u64, per_hundred: usize) -> Liar {
        Liar::start(self, seed, per_hundred)
    }
}

impl Liar {
    fn start(cp: &ControlPlane, seed: u64, per_hundred: usize) -> Self {
        let threads = Threads::new();
        let listener = threads
            .runtime()
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("the loopback interface has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let acceptor = TlsAcceptor::from(Arc::new(server_config(cp.pki())));
        let world = Arc::new(World {
            seed,
            per_hundred,
            upstream: Upstream::new(cp),
            known: Mutex::default(),
        });
        let shared = world.clone();
        threads.runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, world) = (acceptor.clone(), shared.clone());
                tokio::spawn(async move {
                    let _ = client.set_nodelay(true);
                    if let Ok(stream) = acceptor.accept(client).await {
                        world.serve(stream).await;
                    }
                });
            }
        });
        Self {
            address,
            world,
            _threads: threads,
        }
    }

    /// Its address: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The tokens that the server issued through it.
    pub fn tokens(&self) -> Vec<String> {
        self.world.known().tokens.clone()
    }

    /// The requests whose answers were spoiled.
    pub fn lies(&self) -> Vec<String> {
        self.world.known().lies.clone()
    }
}

impl World {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut stream: Stream) {
        let link = Link::default();
        let mut read = BytesMut::new();
        while let Ok(Some(request)) = next(&mut stream, &mut read).await {
            if self.answer(&mut stream, &link, &request).await.is_err() {
                break;
            }
        }
        let _ = stream.shutdown().await;
    }

    /// An error closes the connection.
    async fn answer(&self, stream: &mut Stream, link: &Link, request: &Request) -> io::Result<()> {
        let honest = self.ask(link, request).await?;
        self.note_tokens(request, &honest);
        let subject = format!("{} {}?{}", request.method, request.path, request.query);
        let times = {
            let mut known = self.known();
            let times = known.times.entry(subject.clone()).or_default();
            *times += 1;
            *times
        };
        let mut random = Random::of(self.seed, &format!("{subject} {times}"));
        if random.below(100) >= self.per_hundred {
            return deliver(stream, &honest, &Delivery::Plain).await;
        }
        self.known().lies.push(subject);
        let (answer, delivery) = lie(&mut random, request, honest);
        deliver(stream, &answer, &delivery).await?;
        match delivery {
            Delivery::Plain | Delivery::Late(_) => Ok(()),
            _ => Err(io::Error::other("no request can follow")),
        }
    }

    async fn ask(&self, link: &Link, request: &Request) -> io::Result<Answer> {
        let uri = if request.query.is_empty() {
            request.path.clone()
        } else {
            format!("{}?{}", request.path, request.query)
        };
        let mut head = http::Request::builder()
            .method(request.method.as_str())
            .uri(uri)
            .body(())
            .map_err(io::Error::other)?
            .into_parts()
            .0;
        head.headers.clone_from(&request.headers);
        let sent = self.upstream.send(link, head, request.body.clone(), None);
        let (head, body) = sent.await?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let kept = head.headers.iter();
        let kept = kept.filter(|(name, _)| **name != CONTENT_LENGTH);
        Ok(Answer {
            status: head.status.as_u16(),
            headers: kept
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    (name.to_string(), value.into_owned())
                })
                .collect(),
            body,
        })
    }

    fn note_tokens(&self, request: &Request, answer: &Answer) {
        if request.path.ends_with("/token") {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let token = body["status"]["token"].as_str().map(str::to_owned);
            self.known().tokens.extend(token);
        }
    }
}

/// The next request of a connection, `None` at its end.
async fn next(stream: &mut Stream, read: &mut BytesMut) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    };
    let head = read.split_to(end + 4);
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
        let value = HeaderValue::from_str(value.trim()).map_err(io::Error::other)?;
        headers.append(name, value);
    }
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    let length: usize = length.unwrap_or(0);
    if length > LARGEST_REQUEST {
        return Err(io::Error::other("too large"));
    }
    while read.len() < length {
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
    let body: Bytes = read.split_to(length).freeze();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Some(Request {
        number: 0,
        method: method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
        user: None,
        at: Timestamp::now(),
    }))
}

async fn deliver(stream: &mut Stream, answer: &Answer, delivery: &Delivery) -> io::Result<()> {
    let body = &answer.body;
    if let Delivery::Late(delay) = delivery {
        sleep(*delay).await;
    }
    let length = match delivery {
        Delivery::Nothing => return Ok(()),
        Delivery::Short => Some(body.len() / 2),
        Delivery::BadChunks | Delivery::Endless(_) => None,
        _ => Some(body.len()),
    };
    let mut head = format!("HTTP/1.1 {} Said\r\n", answer.status);
    for (name, value) in &answer.headers {
        let value = value.replace(['\r', '\n'], " ");
        let _ = write!(head, "{name}: {value}\r\n");
    }
    match (length, delivery) {
        (Some(length), _) => {
            let _ = write!(head, "content-length: {length}\r\n");
        }
        (None, Delivery::BadChunks) => head.push_str("transfer-encoding: chunked\r\n"),
        // It ends with the connection.
        (None, _) => head.push_str("connection: close\r\n"),
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    match delivery {
        Delivery::Cut => stream.write_all(&body[..body.len() / 2]).await?,
        Delivery::BadChunks => {
            let end = body.len().min(100);
            stream.write_all(b"10\r\n").await?;
            stream.write_all(&body[..end]).await?;
            stream
                .write_all(b"\r\nfffffffffffffffff\r\nzz\r\n-1\r\n")
                .await?;
        }
        Delivery::Endless(more) => {
            stream.write_all(body).await?;
            let block = more.repeat((64 << 10) / more.len());
            loop {
                stream.write_all(&block).await?;
            }
        }
        _ => stream.write_all(body).await?,
    }
    stream.flush().await
}
