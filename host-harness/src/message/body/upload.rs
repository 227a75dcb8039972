use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Version, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::message::active_requests::Uploading;
use crate::telemetry::metrics::FunctionCounters;

/// How long an unwanted body is read, so that its sender gets to see the response.
const LINGER: Duration = Duration::from_secs(30);

/// How long such a body may pause before it is abandoned.
const LINGER_IDLE: Duration = Duration::from_secs(5);

/// A request's body on its way in.
///
/// Dropped before its end, the body is read and discarded for a while. Closing the connection instead
/// would, over HTTP/1, reset it under a client that is still sending. The client could then lose the
/// response in flight.
pub(crate) struct Upload {
    /// `Some` until dropped.
    body: Option<Incoming>,
    rest: Unread,
    /// Its request, if the body has bytes.
    uploading: Option<Uploading>,
    /// Counts the bytes that are read.
    counters: Option<Arc<FunctionCounters>>,
}

/// What happens to the part of a body that is not read.
#[derive(Clone, Copy, PartialEq)]
enum Unread {
    /// The stream is reset: HTTP/2 has a stream for every request.
    Reset,
    /// The rest is read and discarded, and the connection stays open.
    Discarded,
    /// The client waits for `100 Continue`, which reading would send. It may go on with its body or with
    /// another request, so the connection closes after the response.
    Awaited,
}

impl Upload {
    pub(crate) fn new(
        request: &http::request::Parts,
        body: Incoming,
        uploading: Option<Uploading>,
    ) -> Self {
        let rest = match request.version {
            Version::HTTP_2 => Unread::Reset,
            // As hyper does; HTTP/1.0 has no `Expect` (RFC 9110, section 10.1.1).
            Version::HTTP_11 if expects_continue(&request.headers) => Unread::Awaited,
            _ => Unread::Discarded,
        };
        Self {
            body: Some(body),
            rest,
            uploading,
            counters: None,
        }
    }

    /// Counts the bytes as they are read.
    pub(super) fn count(&mut self, counters: &Arc<FunctionCounters>) {
        self.counters = Some(Arc::clone(counters));
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if self.rest == Unread::Awaited {
            self.rest = Unread::Discarded;
        }
        let polled = match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        };
        if let (Poll::Ready(Some(Ok(frame))), Some(counters)) = (&polled, &self.counters)
            && let Some(bytes) = frame.data_ref()
        {
            counters.received(bytes.len() as u64);
        }
        polled
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    /// Whether the body comes in HTTP/1's chunks, and reading it sends nothing.
    pub(super) fn is_chunked(&self) -> bool {
        self.rest == Unread::Discarded && self.size_hint().exact().is_none()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, Incoming::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.is_end_stream() {
            return;
        }
        match self.rest {
            Unread::Reset => {}
            Unread::Awaited => {
                if let Some(uploading) = &self.uploading {
                    uploading.leave_unread();
                }
            }
            Unread::Discarded => {
                let uploading = self.uploading.take();
                if let (Some(body), Ok(runtime)) =
                    (self.body.take(), tokio::runtime::Handle::try_current())
                {
                    runtime.spawn(tokio::time::timeout(LINGER, discard(body, uploading)));
                }
            }
        }
    }
}

fn expects_continue(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::EXPECT)
        .iter()
        .any(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

async fn discard(mut body: Incoming, _uploading: Option<Uploading>) {
    while let Ok(Some(Ok(_))) = tokio::time::timeout(LINGER_IDLE, body.frame()).await {}
}
