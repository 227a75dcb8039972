//! A connection that fails if the other end stops reading.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

/// How long a server may read nothing. A response does not end an upload: without this, a server that
/// answers and stops reading would keep the rest of a request in memory.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// A TCP connection that fails if the other end reads nothing for too long.
#[derive(Debug)]
pub(super) struct WriteTimeoutStream(Pin<Box<TimeoutStream<TcpStream>>>);

impl WriteTimeoutStream {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self::with(stream, WRITE_TIMEOUT)
    }

    fn with(stream: TcpStream, timeout: Duration) -> Self {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(timeout));
        Self(Box::pin(stream))
    }
}

impl Connection for WriteTimeoutStream {
    fn connected(&self) -> Connected {
        self.0.get_ref().connected()
    }
}

impl AsyncRead for WriteTimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(cx, into)
    }
}

impl AsyncWrite for WriteTimeoutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// A server that accepts and reads nothing fails the write, however much there is to send.
    #[tokio::test]
    async fn server_that_does_not_read_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
        let _silent = listener.accept().await.unwrap();
        let mut stream = WriteTimeoutStream::with(stream.unwrap(), Duration::from_millis(50));
        let error = stream.write_all(&vec![0; 64 * 1024 * 1024]).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
