//! The body of a response, whose request runs until the last byte of it is on its way.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::Version;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::socket::Socket;
use crate::message::active_requests::{ActiveRequest, AtWork};
use crate::message::body::Body;

/// A response's body on its way out.
pub(super) struct TrackedBody {
    body: Body,
    running: ActiveRequest,
    /// While the next piece is not there.
    at_work: Option<AtWork>,
    framing: Framing,
}

/// How a client learns that it has all of a response.
enum Framing {
    /// By a length, or a last chunk.
    Told,
    /// By the end of the connection: HTTP/1.0, where the length is not known beforehand.
    Closed(Socket),
    /// By the end of the stream. Pieces wait elsewhere than in the connection.
    Http2,
}

/// A piece of one. hyper has taken the whole body long before HTTP/2 lets the last piece of it go, so
/// there each tells by itself that it is still there.
pub(super) struct TrackedChunk {
    bytes: Bytes,
    running: Option<ActiveRequest>,
}

impl TrackedBody {
    pub(super) fn new(
        body: Body,
        running: ActiveRequest,
        version: Version,
        socket: &Socket,
    ) -> Self {
        let framing = match version {
            Version::HTTP_2 => Framing::Http2,
            Version::HTTP_10 if body.len().is_none() => {
                // A FIN would say that it is whole, and caches would believe it.
                if let Err(error) = socket.reset_unless_whole() {
                    tracing::debug!("a response that is cut will look whole: {error}");
                }
                Framing::Closed(socket.clone())
            }
            _ => Framing::Told,
        };
        Self {
            body,
            running,
            at_work: None,
            framing,
        }
    }
}

impl HttpBody for TrackedBody {
    type Data = TrackedChunk;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<TrackedChunk>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.at_work = match frame {
            Poll::Pending => self.at_work.take().or_else(|| Some(self.running.at_work())),
            Poll::Ready(_) => None,
        };
        if let Framing::Closed(socket) = &self.framing
            && (matches!(frame, Poll::Ready(None)) || self.body.is_end_stream())
        {
            socket.whole();
        }
        frame.map_ok(|frame| {
            frame.map_data(|bytes| TrackedChunk {
                bytes,
                running: matches!(self.framing, Framing::Http2).then(|| self.running.clone()),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Buf for TrackedChunk {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        if let Some(running) = &self.running {
            running.taken();
        }
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        if let Some(running) = &self.running {
            running.taken();
        }
        self.bytes.copy_to_bytes(length)
    }
}
