//! Tells whether a part of an answer waits for the client.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::idle::ActiveRequests;

/// A connection's stream. hyper takes an answer as a whole, long before the last byte of it is written.
pub(super) struct TrackedStream<S> {
    stream: Pin<Box<S>>,
    requests: ActiveRequests,
    is_unsent: bool,
}

impl<S> TrackedStream<S> {
    pub(super) fn new(stream: S, requests: ActiveRequests) -> Self {
        Self {
            stream: Box::pin(stream),
            requests,
            is_unsent: false,
        }
    }

    fn written<T>(&mut self, written: Poll<T>) -> Poll<T> {
        if written.is_pending() != self.is_unsent {
            self.is_unsent = written.is_pending();
            self.requests.set_unsent(self.is_unsent);
        }
        written
    }
}

impl<S: AsyncRead> AsyncRead for TrackedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        self.stream.as_mut().poll_read(cx, into)
    }
}

impl<S: AsyncWrite> AsyncWrite for TrackedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let written = self.stream.as_mut().poll_write(cx, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = self.stream.as_mut().poll_write_vectored(cx, pieces);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}
