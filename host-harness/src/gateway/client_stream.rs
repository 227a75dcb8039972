//! A connection as hyper sees it, with the host's time limits and counters.

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
use crate::message::active_requests::{ActiveRequest, ActiveRequests};

/// The client's stream. Writes have a time limit; hyper alone would wait forever.
pub(super) struct ClientStream {
    stream: Pin<Box<TimeoutStream<Socket>>>,
    gate: Gate,
    /// The last bytes that were read.
    tail: Tail,
    requests: Arc<ActiveRequests>,
    /// Keeps the request in flight while bytes wait for the client. hyper may have copied them and
    /// forgotten which request they belong to.
    unsent: Option<ActiveRequest>,
    /// Set once the host has nothing more to send.
    farewell: Option<Farewell>,
}

impl ClientStream {
    pub(super) fn new(socket: Socket, timeout: Duration, requests: Arc<ActiveRequests>) -> Self {
        let mut stream = TimeoutStream::new(socket);
        stream.set_write_timeout(Some(timeout));
        Self {
            stream: Box::pin(stream),
            gate: Gate::default(),
            tail: Tail::default(),
            requests,
            unsent: None,
            farewell: None,
        }
    }

    fn written(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.unsent = None;
        } else if self.unsent.is_none() {
            self.unsent = Some(self.requests.start());
        }
        written
    }
}

/// The last bytes that arrived, across reads.
#[derive(Default)]
struct Tail([u8; 3]);

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        match bytes.last_chunk() {
            Some(last) => self.0 = *last,
            None => {
                for byte in bytes {
                    let [_, one, two] = self.0;
                    self.0 = [one, two, *byte];
                }
            }
        }
    }

    /// Whether the bytes end with an empty line, as heads do.
    fn ends_head(&self) -> bool {
        matches!(self.0, [_, b'\n', b'\n'] | [b'\n', b'\r', b'\n'])
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = into.filled().len();
        let read = this.gate.poll_read(this.stream.as_mut(), cx, into);
        if read.is_ready() {
            this.tail
                .add(into.filled().get(before..).unwrap_or_default());
            this.requests.read(this.tail.ends_head());
        }
        read
    }
}

impl AsyncWrite for ClientStream {
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

    /// A head ends with an empty line, however its bytes are cut.
    #[test]
    fn empty_line_ends_a_head() {
        for (text, ends) in [
            ("", false),
            ("GET / HTTP/1.1\r\n", false),
            ("GET / HTTP/1.1\r\n\r\n", true),
            ("GET / HTTP/1.1\n\n", true),
            ("GET / HTTP/1.1\r\n\n", true),
            ("GET / HTTP/1.1\n\r\n", true),
            ("GET / HTTP/1.1\r\n\r\nG", false),
            ("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n", false),
        ] {
            for piece in 1..=text.len().max(1) {
                let mut tail = Tail::default();
                text.as_bytes()
                    .chunks(piece)
                    .for_each(|piece| tail.add(piece));
                assert_eq!(tail.ends_head(), ends, "{text:?} {piece}");
            }
        }
    }

    /// While bytes wait for the client, a request is in flight.
    #[tokio::test]
    async fn unsent_bytes_count_as_in_flight() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (mut other, _) = listener.accept().await.unwrap();
        let requests = Arc::new(ActiveRequests::default());
        let timeout = Duration::from_secs(60);
        let socket = Socket::new(stream.unwrap());
        let mut client = ClientStream::new(socket, timeout, Arc::clone(&requests));
        let bytes = vec![0; 64 * 1024 * 1024];
        let mut writing = Box::pin(client.write_all(&bytes));
        while (&mut writing).now_or_never().is_none() && requests.is_idle() {}
        assert!(!requests.is_idle());
        let mut all = vec![0; bytes.len()];
        let (written, read) = tokio::join!(writing, other.read_exact(&mut all));
        written.unwrap();
        read.unwrap();
        assert!(requests.is_idle());
    }
}
