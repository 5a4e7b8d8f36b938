//! What an image consists of: bytes that are named by their digest.

use std::fmt::Write as _;
use std::io::{self, Write};

use ring::digest::{Context, SHA256};
use serde_json::{Value, json};

/// Passes on what is written, and knows its digest and size.
pub(crate) struct Digesting<W> {
    inner: W,
    context: Context,
    size: u64,
}

impl<W: Write> Digesting<W> {
    pub(crate) fn new(inner: W) -> Self {
        let context = Context::new(&SHA256);
        Self {
            inner,
            context,
            size: 0,
        }
    }

    pub(crate) fn finish(self) -> (W, Digest) {
        let mut hex = String::new();
        for byte in self.context.finish().as_ref() {
            let _ = write!(hex, "{byte:02x}");
        }
        (
            self.inner,
            Digest {
                hex,
                size: self.size,
            },
        )
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.context.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Names a blob.
pub(crate) struct Digest {
    hex: String,
    size: u64,
}

impl Digest {
    /// Of a document that is small enough to be in memory.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut digesting = Digesting::new(io::sink());
        let written = digesting.write_all(bytes);
        debug_assert!(written.is_ok(), "nothing fails there");
        digesting.finish().1
    }

    /// Where the blob lies in the layout.
    pub(crate) fn path(&self) -> String {
        format!("blobs/sha256/{}", self.hex)
    }

    /// As documents refer to it.
    pub(crate) fn name(&self) -> String {
        format!("sha256:{}", self.hex)
    }

    /// What refers to the blob: a descriptor of the image specification.
    pub(crate) fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.name(), "size": self.size})
    }
}
