//! Relays on loopback between a client and the API server: one adds latency, one adds faults, one lies.

mod connection;
mod fault;
mod fault_relay;
mod latency_relay;
mod liar;
mod lie;
mod log;
mod random;
mod request;
mod truncated;
mod upstream;

use tokio::runtime::{Builder, Runtime};

pub use fault::Fault;
pub use fault_relay::FaultRelay;
pub use latency_relay::LatencyRelay;
pub use liar::Liar;
pub use request::Request;

/// The threads of one relay; its connections are cut when it is dropped.
struct Threads(Option<Runtime>);

impl Threads {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("relay")
            .enable_all()
            .build();
        Self(Some(runtime.expect("threads can be started")))
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("only taken when dropped")
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
