//! The client's end of a connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_io_timeout::TimeoutStream;

use super::farewell::Farewell;
use super::gate::Gate;
use super::socket::Socket;
use crate::interfaces::running::{Requests, Running};

/// A client that has to take what it is sent: hyper itself would wait for it for ever.
pub(super) struct Client {
    stream: Pin<Box<TimeoutStream<Socket>>>,
    gate: Gate,
    requests: Arc<Requests>,
    /// What waits for the client is of a request that runs, though hyper may have copied it and
    /// forgotten whose it is.
    unsent: Option<Running>,
    /// From the moment on when the host has nothing more to say.
    farewell: Option<Farewell>,
}

impl Client {
    pub(super) fn new(socket: Socket, timeout: Duration, requests: Arc<Requests>) -> Self {
        let mut stream = TimeoutStream::new(socket);
        stream.set_write_timeout(Some(timeout));
        Self {
            stream: Box::pin(stream),
            gate: Gate::default(),
            requests,
            unsent: None,
            farewell: None,
        }
    }

    fn written(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.unsent = None;
        } else if self.unsent.is_none() {
            self.unsent = Some(self.requests.begin());
        }
        written
    }
}

impl AsyncRead for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let read = this.gate.poll_read(this.stream.as_mut(), cx, into);
        if read.is_ready() {
            this.requests.read();
        }
        read
    }
}

impl AsyncWrite for Client {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream.as_mut().poll_write(cx, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream.as_mut().poll_write_vectored(cx, pieces);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.farewell.is_none() {
            ready!(this.stream.as_mut().poll_shutdown(cx))?;
        }
        let farewell = &mut this.farewell;
        let farewell = farewell.get_or_insert_with(|| Farewell::new(&this.requests));
        farewell.poll(this.stream.as_mut(), cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// As long as bytes wait for a client, something runs.
    #[tokio::test]
    async fn unsent_bytes_run() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (mut other, _) = listener.accept().await.unwrap();
        let requests = Arc::new(Requests::default());
        let timeout = Duration::from_secs(60);
        let socket = Socket::new(stream.unwrap());
        let mut client = Client::new(socket, timeout, Arc::clone(&requests));
        let bytes = vec![0; 64 * 1024 * 1024];
        let mut writing = Box::pin(client.write_all(&bytes));
        while (&mut writing).now_or_never().is_none() && requests.is_quiet() {}
        assert!(!requests.is_quiet());
        let mut all = vec![0; bytes.len()];
        let (written, read) = tokio::join!(writing, other.read_exact(&mut all));
        written.unwrap();
        read.unwrap();
        assert!(requests.is_quiet());
    }
}
