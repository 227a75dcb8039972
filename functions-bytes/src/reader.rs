use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use crate::__private::bindings::functions::bytes::bytes::Buffer;
use crate::ReadError;

/// The largest chunk that the host hands over at once, in bytes; the contract's own limit.
const MAX_CHUNK: u32 = 1024 * 1024;

/// Reads a [`Data`](crate::Data) in chunks, in constant memory.
///
/// [`chunk`](Reader::chunk) returns the bytes as they arrive. The reader is a [`std::io::Read`] too,
/// for code that wants one.
///
/// ```
/// use functions_bytes::Data;
///
/// let mut reader = Data::from("a,b,c").into_reader();
/// let mut commas = 0;
/// while let Some(chunk) = reader.chunk(16 * 1024)? {
///     commas += chunk.iter().filter(|byte| **byte == b',').count();
/// }
/// assert_eq!(commas, 2);
/// # Ok::<(), functions_bytes::ReadError>(())
/// ```
#[must_use = "dropping a body tells the host that it is not wanted"]
pub struct Reader {
    // Dropped before the buffer that it watches: another host than ours may make it its child.
    #[cfg(target_family = "wasm")]
    arrival: Option<crate::task::Wait>,
    storage: Storage,
    /// Whether it is the body of a response.
    upstream: bool,
    /// The rest of the chunk that `std::io::Read` hands out.
    pending: io::Cursor<Vec<u8>>,
}

/// Where the bytes of a body are stored.
pub(crate) enum Storage {
    /// On the host.
    Host(Buffer),
    /// In the function's own memory.
    Memory(Vec<u8>),
    /// A body that a native program is receiving.
    #[cfg(not(target_family = "wasm"))]
    Arriving(Box<dyn crate::arrival::Arrival>),
}

impl Reader {
    pub(crate) fn new(storage: Storage, upstream: bool) -> Self {
        let (storage, memory) = match storage {
            Storage::Memory(bytes) => (Storage::Memory(Vec::new()), bytes),
            elsewhere => (elsewhere, Vec::new()),
        };
        Self {
            #[cfg(target_family = "wasm")]
            arrival: None,
            storage,
            upstream,
            pending: io::Cursor::new(memory),
        }
    }

    /// Up to `max` bytes, as soon as there are any; `None` at the end.
    ///
    /// The host gives no more than 1 MiB at once. A `max` of 0 is taken as 1.
    ///
    /// # Errors
    ///
    /// [`ReadError::Closed`] when the sender went away before the end, within a
    /// [`ReadError::Upstream`] where that is not the client.
    pub fn chunk(&mut self, max: usize) -> Result<Option<Vec<u8>>, ReadError> {
        let max = max.max(1);
        if let Some(chunk) = self.take_pending(max) {
            return Ok(Some(chunk));
        }
        match &mut self.storage {
            Storage::Memory(_) => Ok(None),
            Storage::Host(buffer) => buffer
                .read(host_max(max))
                .map_err(|error| ReadError::from_wit(error).of(self.upstream)),
            #[cfg(not(target_family = "wasm"))]
            Storage::Arriving(arrival) => {
                let chunk = crate::task::block_on(poll_fn(|cx| arrival.poll_chunk(cx)))
                    .map_err(|error| error.of(self.upstream))?;
                self.pending = io::Cursor::new(chunk.unwrap_or_default());
                Ok(self.take_pending(max))
            }
        }
    }

    /// As [`chunk`](Reader::chunk), but lets other futures run while it waits.
    ///
    /// ```
    /// use functions_bytes::{Data, ReadError};
    ///
    /// async fn length(body: Data) -> Result<usize, ReadError> {
    ///     let mut reader = body.into_reader();
    ///     let mut length = 0;
    ///     while let Some(chunk) = reader.chunk_async(16 * 1024).await? {
    ///         length += chunk.len();
    ///     }
    ///     Ok(length)
    /// }
    /// # assert_eq!(functions_bytes::task::block_on(length(Data::from("abc"))), Ok(3));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`chunk`](Reader::chunk).
    pub async fn chunk_async(&mut self, max: usize) -> Result<Option<Vec<u8>>, ReadError> {
        poll_fn(|cx| self.poll_chunk(cx, max)).await
    }

    /// As [`chunk_async`](Reader::chunk_async), for futures that are written by hand.
    #[doc(hidden)]
    pub fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        max: usize,
    ) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
        if self.pending.position() == self.pending.get_ref().len() as u64 {
            let arrived = ready!(self.poll_arrival(cx, max));
            self.pending = io::Cursor::new(arrived.map_err(|error| error.of(self.upstream))?);
        }
        // None at the end, which was asked for already.
        Poll::Ready(Ok(self.take_pending(max.max(1))))
    }

    /// The next bytes; empty at the end.
    #[cfg(target_family = "wasm")]
    fn poll_arrival(
        &mut self,
        cx: &mut Context<'_>,
        max: usize,
    ) -> Poll<Result<Vec<u8>, ReadError>> {
        use crate::__private::bindings::functions::bytes::bytes::Chunk;
        let Storage::Host(buffer) = &self.storage else {
            return Poll::Ready(Ok(Vec::new()));
        };
        loop {
            match buffer
                .try_read(host_max(max))
                .map_err(ReadError::from_wit)?
            {
                Chunk::Bytes(bytes) => return Poll::Ready(Ok(bytes)),
                Chunk::End => {
                    // The guest no longer waits for it: the host need not remember that.
                    self.arrival = None;
                    return Poll::Ready(Ok(Vec::new()));
                }
                Chunk::Later => {
                    let arrival = &mut self.arrival;
                    let wait =
                        arrival.get_or_insert_with(|| crate::task::Wait::new(buffer.subscribe()));
                    ready!(std::pin::Pin::new(wait).poll(cx));
                }
            }
        }
    }

    /// The next bytes; empty at the end.
    #[cfg(not(target_family = "wasm"))]
    fn poll_arrival(&mut self, cx: &mut Context<'_>, _: usize) -> Poll<Result<Vec<u8>, ReadError>> {
        let Storage::Arriving(arrival) = &mut self.storage else {
            return Poll::Ready(Ok(Vec::new()));
        };
        arrival.poll_chunk(cx).map_ok(Option::unwrap_or_default)
    }

    /// Up to `max` bytes of what is here already.
    fn take_pending(&mut self, max: usize) -> Option<Vec<u8>> {
        let start = usize::try_from(self.pending.position()).unwrap_or(usize::MAX);
        let whole = self.pending.get_ref();
        let rest = whole.get(start..).filter(|rest| !rest.is_empty())?;
        if start == 0 && rest.len() <= max {
            return Some(std::mem::take(&mut self.pending).into_inner());
        }
        let chunk = rest.get(..max).unwrap_or(rest).to_vec();
        self.pending.set_position((start + chunk.len()) as u64);
        Some(chunk)
    }
}

/// As much as the host is asked for at once.
fn host_max(max: usize) -> u32 {
    u32::try_from(max.max(1)).unwrap_or(u32::MAX).min(MAX_CHUNK)
}

impl io::Read for Reader {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if target.is_empty() {
            return Ok(0);
        }
        let read = io::Read::read(&mut self.pending, target)?;
        if read > 0 {
            return Ok(read);
        }
        // Ask for as much as fits, so that the chunk is handed out in one piece.
        let Some(chunk) = self.chunk(target.len())? else {
            return Ok(0);
        };
        self.pending = io::Cursor::new(chunk);
        io::Read::read(&mut self.pending, target)
    }
}

/// Shows how many bytes are at hand, never what they are.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self.pending.get_ref().len() as u64 - self.pending.position();
        f.debug_struct("Reader")
            .field("pending", &pending)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use crate::Data;

    /// Chunks of any size put together are the body, and none is longer than asked.
    #[test]
    fn chunks_are_the_body() {
        let body: Vec<u8> = (0..=255).collect();
        for max in [0, 1, 7, 255, 256, 257] {
            let mut reader = Data::from(body.clone()).into_reader();
            let mut read = Vec::new();
            while let Some(chunk) = reader.chunk(max).unwrap() {
                assert!(!chunk.is_empty() && chunk.len() <= max.max(1));
                read.extend(chunk);
            }
            assert_eq!(read, body, "chunks of {max}");
            assert_eq!(reader.chunk(max).unwrap(), None);
        }
    }

    /// The `std::io::Read` of a reader gives the body, also when it is mixed with chunks.
    #[test]
    fn reads_like_a_file() {
        let mut reader = Data::from("hello world").into_reader();
        let mut start = [0; 6];
        reader.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"hello ");
        assert_eq!(reader.chunk(2).unwrap().unwrap(), b"wo");
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "rld");
    }
}
