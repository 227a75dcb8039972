use std::fmt;
use std::io;

use super::{StreamError, client};

/// Writes the body of a response while the client reads it; see
/// [`WebResponse::stream`](crate::WebResponse::stream).
///
/// The status and headers go out with the first chunk. When the client reads more slowly than the
/// function writes, writing waits: no more than a few chunks are held anywhere.
///
/// It is a [`std::io::Write`] too. Every write goes to the host: put a [`std::io::BufWriter`] around
/// it for many small ones.
pub struct ResponseWriter {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    client: Option<client::Writer>,
}

impl ResponseWriter {
    pub(super) fn new(status: u16, headers: Vec<(String, Vec<u8>)>) -> Self {
        Self {
            status,
            headers,
            client: None,
        }
    }

    /// Sends the status and headers, if they are not gone yet.
    ///
    /// # Errors
    ///
    /// As [`send`](ResponseWriter::send).
    pub fn start(&mut self) -> Result<(), StreamError> {
        self.client().map(drop)
    }

    /// Sends a chunk, waiting while the client has not taken enough of those before.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when the client went away.
    pub fn send(&mut self, chunk: impl AsRef<[u8]>) -> Result<(), StreamError> {
        let chunk = chunk.as_ref();
        let client = self.client()?;
        if chunk.is_empty() {
            Ok(())
        } else {
            client.write(chunk)
        }
    }

    /// As [`send`](ResponseWriter::send), but lets other futures run while it waits.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when the client went away.
    pub async fn send_async(&mut self, chunk: impl AsRef<[u8]>) -> Result<(), StreamError> {
        let chunk = chunk.as_ref();
        let client = self.client()?;
        if chunk.is_empty() {
            Ok(())
        } else {
            client.write_async(chunk).await
        }
    }

    /// Whether anything is on its way to the client: then the status can't be changed any more.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.client.is_some()
    }

    /// Ends the response: it is whole.
    pub(super) fn finish(mut self) -> Result<(), StreamError> {
        self.start()?;
        self.client.map_or(Ok(()), client::Writer::finish)
    }

    fn client(&mut self) -> Result<&mut client::Writer, StreamError> {
        if self.client.is_none() {
            self.client = Some(client::start(self.status, &self.headers)?);
        }
        // It has just been made where it was not there.
        self.client.as_mut().ok_or(StreamError::Closed)
    }
}

impl io::Write for ResponseWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes)?;
        Ok(bytes.len())
    }

    /// Nothing is held back that could be flushed.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for ResponseWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseWriter")
            .field("status", &self.status)
            .field("started", &self.has_started())
            .finish_non_exhaustive()
    }
}
