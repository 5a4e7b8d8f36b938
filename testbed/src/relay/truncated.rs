//! A body that ends too early.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// Yields its bytes, lets them be sent, and fails.
pub(super) struct Truncated {
    bytes: Option<Bytes>,
    sent: bool,
}

impl Truncated {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self {
            bytes: Some(bytes),
            sent: false,
        }
    }
}

impl Body for Truncated {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !self.sent {
            // hyper flushes what it has while a body is not ready.
            self.sent = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("truncated"))))
    }
}
