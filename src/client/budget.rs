//! How much the API servers may answer in one run. A command reads a few megabytes; a server that has more to say is no
//! API server, and must not take the memory of this machine.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use kube::client::Body;
use tower::BoxError;

/// No answer that monconf asks for is nearly as large: lists are read in pages.
const LARGEST: usize = 32 << 20;
/// All answers of a run together.
const ALL: usize = 200 << 20;
/// What one JSON value counts at least: in memory it is larger than `0,`.
const VALUE: usize = 32;

static OF_RUN: Budget = Budget::new(LARGEST, ALL);

/// The bytes that are left for the answers of a run.
#[derive(Debug)]
pub(crate) struct Budget {
    largest: usize,
    all: usize,
    used: AtomicUsize,
}

/// More than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLarge {
    /// One answer is larger than this.
    Answer(usize),
    /// All answers of the run are larger than this.
    Run(usize),
}

impl std::error::Error for TooLarge {}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(limit) => write!(f, "the answer is larger than {} MiB", limit >> 20),
            Self::Run(limit) => write!(
                f,
                "the answers of this run are larger than {} MiB together; monconf reads no more than that",
                limit >> 20
            ),
        }
    }
}

impl Budget {
    pub(crate) const fn new(largest: usize, all: usize) -> Self {
        Self {
            largest,
            all,
            used: AtomicUsize::new(0),
        }
    }

    /// The one of this process.
    pub(crate) fn of_run() -> &'static Self {
        &OF_RUN
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// [`TooLarge`], or that the body breaks off.
    pub(crate) async fn read(&self, mut body: Body) -> Result<Bytes, BoxError> {
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            if read.len() + data.len() > self.largest {
                return Err(TooLarge::Answer(self.largest).into());
            }
            self.spend(data.len())?;
            read.extend_from_slice(&data);
        }
        self.spend((values(&read) * VALUE).saturating_sub(read.len()))?;
        Ok(read.freeze())
    }

    fn spend(&self, bytes: usize) -> Result<(), TooLarge> {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed);
        if used.saturating_add(bytes) > self.all {
            return Err(TooLarge::Run(self.all));
        }
        Ok(())
    }
}

/// How many values a JSON text has, at most: one, and one more for each comma and each bracket outside of strings.
fn values(json: &[u8]) -> usize {
    let mut count = 1;
    let mut in_string = false;
    let mut escaped = false;
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b',' | b'[' | b'{') => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(budget: &Budget, text: &str) -> Result<usize, String> {
        let body = budget.read(Body::from(text.as_bytes().to_vec())).await;
        body.map(|body| body.len())
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn one_answer_and_all_answers_are_bounded() {
        let budget = Budget::new(2 << 20, 5 << 20);
        let text = |length: usize| format!("\"{}\"", "x".repeat(length));
        let small = text((2 << 20) - 2);
        assert_eq!(read(&budget, &small).await, Ok(2 << 20));
        let large = read(&budget, &text(2 << 20)).await;
        assert_eq!(large, Err("the answer is larger than 2 MiB".to_owned()));
        let budget = Budget::new(2 << 20, 5 << 20);
        for _ in 0..2 {
            assert!(read(&budget, &small).await.is_ok());
        }
        let third = read(&budget, &small).await.expect_err("too much");
        assert!(third.contains("larger than 5 MiB together"), "{third}");
        // Nor is anything read after that.
        assert!(read(&budget, "{}").await.is_err());
    }

    #[tokio::test]
    async fn many_small_values_count_as_what_they_take_in_memory() {
        let budget = Budget::new(2 << 20, 5 << 20);
        let list = format!("[{}0]", "0,".repeat(200_000));
        assert!(read(&budget, &list).await.is_err());
        let budget = Budget::new(2 << 20, 5 << 20);
        let text = format!("\"\\\"{}\"", "0,[".repeat(200_000));
        assert!(read(&budget, &text).await.is_ok());
    }
}
