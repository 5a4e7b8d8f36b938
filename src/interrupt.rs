//! SIGINT and SIGTERM end a run in order: what was done is said, and the exit code tells which it was.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result};

/// Listens for both signals from its making on.
pub struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupt {
    /// Begins to listen; from now on neither signal ends the process by itself.
    ///
    /// # Errors
    /// Where the system allows no handler.
    pub fn new() -> Result<Self> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Error::usage(format!("cannot listen for signals: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// What `work` gives, unless a signal comes first: then `work` is dropped where it stands.
    ///
    /// # Errors
    /// [`Error::Interrupted`], or the error of `work`.
    pub async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Err(Error::Interrupted { signal: "SIGINT", code: 128 + 2 }),
            _ = self.terminate.recv() => Err(Error::Interrupted { signal: "SIGTERM", code: 128 + 15 }),
            result = work => result,
        }
    }
}
