//! A response body that keeps its request in flight until the last byte is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::Version;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::socket::Socket;
use crate::message::active_requests::{ActiveRequest, AtWork};
use crate::message::body::Body;
use crate::telemetry::metrics::FunctionCounters;

/// A response's body on its way to the client.
pub(super) struct TrackedBody {
    body: Body,
    running: ActiveRequest,
    /// Counts the bytes, if the response is of a function.
    counters: Option<Arc<FunctionCounters>>,
    /// Held while the next chunk is not ready.
    at_work: Option<AtWork>,
    framing: Framing,
}

/// How a client learns that it has all of a response.
enum Framing {
    /// By a length, or by a last chunk.
    Delimited,
    /// By the end of the connection: HTTP/1.0 with a length that is not known beforehand.
    Closed(Socket),
    /// By the end of the stream. hyper buffers chunks outside the connection.
    Http2,
}

/// A chunk of a [`TrackedBody`].
///
/// For HTTP/2, hyper takes the whole body long before it sends the last chunk. Each chunk therefore
/// keeps the request in flight by itself.
pub(super) struct TrackedChunk {
    bytes: Bytes,
    running: Option<ActiveRequest>,
}

impl TrackedBody {
    /// Whether nothing but the end of the connection ends such a response.
    pub(super) fn ends_with_connection(version: Version, body: &Body) -> bool {
        version == Version::HTTP_10 && body.len().is_none()
    }

    pub(super) fn new(
        body: Body,
        running: ActiveRequest,
        counters: Option<Arc<FunctionCounters>>,
        version: Version,
        socket: &Socket,
    ) -> Self {
        let framing = match version {
            Version::HTTP_2 => Framing::Http2,
            _ if Self::ends_with_connection(version, &body) => {
                // A FIN would say that the response is whole, and caches would believe it.
                if let Err(error) = socket.reset_unless_whole() {
                    tracing::debug!(
                        "cannot set SO_LINGER: a response that is cut will look whole: {error}"
                    );
                }
                Framing::Closed(socket.clone())
            }
            _ => Framing::Delimited,
        };
        Self {
            body,
            running,
            counters,
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
            socket.set_whole();
        }
        if let (Poll::Ready(Some(Ok(frame))), Some(counters)) = (&frame, &self.counters)
            && let Some(bytes) = frame.data_ref()
        {
            counters.sent(bytes.len() as u64);
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
            running.made_progress();
        }
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        if let Some(running) = &self.running {
            running.made_progress();
        }
        self.bytes.copy_to_bytes(length)
    }
}
