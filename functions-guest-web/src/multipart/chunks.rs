use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use functions_bytes::{ReadError, Reader};
use futures_core::Stream;

/// The longest chunk, in bytes.
const CHUNK: usize = 64 * 1024;

/// A body as the stream that multer parses.
pub(super) struct Chunks {
    reader: Reader,
}

impl Chunks {
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, ReadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = self.reader.poll_chunk(cx, CHUNK);
        chunk.map(|chunk| chunk.map(|bytes| bytes.map(Bytes::from)).transpose())
    }
}
