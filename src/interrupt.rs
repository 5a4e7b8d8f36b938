//! What ends a run early, and in order: SIGINT, SIGTERM, and the time that the run may take. What was done is said, and
//! the exit code tells which it was.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::error::{Error, Result};

/// Listens for both signals, and counts the time that work takes, from its making on.
pub struct Interrupt {
    sigint: Signal,
    sigterm: Signal,
    limit: Duration,
    left: Duration,
}

impl Interrupt {
    /// Begins to listen; from now on neither signal ends the process by itself. `limit` is the time that all work of
    /// the run may take together.
    ///
    /// # Errors
    /// Where the system allows no handler.
    pub fn new(limit: Duration) -> Result<Self> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Error::usage(format!("cannot listen for signals: {error}")))
        };
        Ok(Self {
            sigint: listen(SignalKind::interrupt())?,
            sigterm: listen(SignalKind::terminate())?,
            limit,
            left: limit,
        })
    }

    /// What `work` gives, unless a signal comes first or the run's time ends: then `work` is dropped where it stands.
    ///
    /// # Errors
    /// [`Error::Interrupted`], [`Error::OutOfTime`], or the error of `work`.
    pub async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let begun = Instant::now();
        let (limit, left) = (self.limit, self.left);
        let result = self
            .wait(async {
                tokio::select! {
                    biased;
                    result = work => result,
                    () = sleep(left) => Err(Error::OutOfTime {
                        limit: promconf::Duration::from_secs(limit.as_secs()),
                    }),
                }
            })
            .await;
        self.left = left.saturating_sub(begun.elapsed());
        result
    }

    /// What `answer` gives, unless a signal comes first. Its time does not count as time of the run: the caller limits it.
    ///
    /// # Errors
    /// [`Error::Interrupted`], or the error of `answer`.
    pub async fn wait<T>(&mut self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            _ = self.sigint.recv() => Err(Error::Interrupted { signal: "SIGINT", code: 128 + 2 }),
            _ = self.sigterm.recv() => Err(Error::Interrupted { signal: "SIGTERM", code: 128 + 15 }),
            result = answer => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_time_of_an_answer_is_no_time_of_the_run() {
        let limit = Duration::from_mins(1);
        let mut interrupt = Interrupt::new(limit).expect("handlers");
        let brief = || async {
            sleep(Duration::from_millis(2)).await;
            Ok(())
        };
        interrupt.wait(brief()).await.expect("no signal");
        assert_eq!(interrupt.left, limit);
        interrupt.or(brief()).await.expect("no signal");
        assert!(interrupt.left < limit);
    }
}
