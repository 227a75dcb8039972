//! Records events of a connection, by which requests that failed on it are judged.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::Extensions;
use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Shared by a connection and the requests on it.
#[derive(Debug, Clone, Default)]
pub(super) struct History(Arc<Events>);

#[derive(Debug, Default)]
struct Events {
    /// A response has started.
    answered: AtomicBool,
    /// Nothing has arrived since bytes were last sent.
    silent: AtomicBool,
}

impl History {
    /// Records that a response has started: later requests find the connection in the pool.
    pub(super) fn answered(extensions: &Extensions) {
        if let Some(Self(events)) = extensions.get() {
            events.answered.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a request failed on a connection that had worked before, without a byte in return. The
    /// server has most likely closed it between two requests.
    pub(super) fn is_stale(connection: &Connected) -> bool {
        let mut extensions = Extensions::new();
        connection.get_extras(&mut extensions);
        extensions.get::<Self>().is_some_and(|Self(events)| {
            // Over HTTP/2, bytes may belong to other requests or to the connection.
            let silent = connection.is_negotiated_h2() || events.silent.load(Ordering::Relaxed);
            silent && events.answered.load(Ordering::Relaxed)
        })
    }
}

/// A connection with its history. It wraps TLS, whose own messages are not responses.
#[derive(Debug)]
pub(super) struct Recorded<S> {
    stream: S,
    history: History,
}

impl<S> Recorded<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            history: History::default(),
        }
    }
}

impl<S: Connection> Connection for Recorded<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.history.clone())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        if into.filled().len() > before {
            self.history.0.silent.store(false, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Set before writing: if the write fails, so has a request.
        self.history.0.silent.store(true, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.history.0.silent.store(true, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
