//! A long cable: every byte arrives later, none more slowly.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep_until};

use super::Threads;
use crate::control_plane::ControlPlane;

/// Passes TCP connections through, as if the server were far away.
pub struct LatencyRelay {
    address: SocketAddr,
    rtt: Duration,
    connections: Arc<AtomicUsize>,
    _threads: Threads,
}

impl ControlPlane {
    /// A relay to the API server with this round-trip time.
    pub fn latency(&self, rtt: Duration) -> LatencyRelay {
        LatencyRelay::start((Ipv4Addr::LOCALHOST, self.port()).into(), rtt)
    }
}

impl LatencyRelay {
    /// Half of `rtt` passes in each direction; a connection's first byte waits for one `rtt` more, as the
    /// handshake of TCP does not pass through.
    pub fn start(target: SocketAddr, rtt: Duration) -> Self {
        let threads = Threads::new();
        let listener = threads
            .runtime()
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("the loopback interface has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        threads.runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(connect(client, target, rtt));
            }
        });
        Self {
            address,
            rtt,
            connections,
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

    /// The round-trip time that it adds.
    pub fn rtt(&self) -> Duration {
        self.rtt
    }

    /// How many connections it has accepted.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn connect(client: TcpStream, target: SocketAddr, rtt: Duration) {
    let established = Instant::now() + rtt;
    let Ok(server) = TcpStream::connect(target).await else {
        return; // the client sees its connection closed
    };
    for socket in [&client, &server] {
        // Nagle's algorithm would add a latency of its own.
        let _ = socket.set_nodelay(true);
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        carry(from_client, to_server, established, rtt / 2),
        carry(from_server, to_client, established, rtt / 2),
    );
}

/// Reads at once and writes `delay` later; what is under way does not hold up what follows.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    established: Instant,
    delay: Duration,
) {
    let (sender, mut under_way) = unbounded_channel::<(Instant, Bytes)>();
    let read = async move {
        loop {
            let mut chunk = BytesMut::with_capacity(64 << 10);
            let end = !matches!(from.read_buf(&mut chunk).await, Ok(length) if length > 0);
            let due = Instant::now().max(established) + delay;
            if sender.send((due, chunk.freeze())).is_err() || end {
                return;
            }
        }
    };
    let write = async move {
        while let Some((due, chunk)) = under_way.recv().await {
            sleep_until(due).await;
            if to.write_all(&chunk).await.is_err() {
                return;
            }
        }
        // The peer may be gone first.
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}
