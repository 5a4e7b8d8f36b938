//! Many kubelets at once, for tests of scale alone: nothing about them is of interest but how many are asked.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Answers every request over plain HTTP with some samples after a while, and counts how many it answers at the same
/// time. It lives as long as the process.
pub struct StandIn {
    port: u16,
    most: Arc<AtomicUsize>,
}

/// What one that answers at the moment knows.
#[derive(Clone)]
struct Answering {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    latency: Duration,
    samples: usize,
}

impl StandIn {
    /// On a free port of loopback; each answer takes `latency` and has `samples`.
    pub fn start(latency: Duration, samples: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let most = Arc::new(AtomicUsize::new(0));
        let answering = Answering {
            now: Arc::default(),
            most: Arc::clone(&most),
            latency,
            samples,
        };
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let answering = answering.clone();
                thread::spawn(move || answering.answer(connection));
            }
        });
        Self { port, most }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many it has answered at the same time at most.
    pub fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

impl Answering {
    fn answer(&self, mut connection: TcpStream) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let _ = connection.read(&mut [0; 4_096]);
        thread::sleep(self.latency);
        self.now.fetch_sub(1, Ordering::SeqCst);
        let body = "up 1\n".repeat(self.samples);
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close";
        let length = body.len();
        // Who asked may be gone.
        let _ = write!(
            connection,
            "{head}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
    }
}
