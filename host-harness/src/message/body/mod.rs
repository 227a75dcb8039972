//! A body on the host: of requests, of responses, and of the `buffer` resource.

mod deadline;
mod frames;
mod length;
mod upload;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body as HttpBody;
use tokio::time::Instant;

pub(crate) use length::LengthLimit;
pub(crate) use upload::Upload;

use super::in_flight::InFlight;
use crate::telemetry::metrics::FunctionCounters;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Bytes that may still be arriving, read once from front to back.
pub struct Body {
    /// Bytes that have arrived and were not read yet.
    front: Bytes,
    rest: Rest,
    /// Keeps the call or request that the body belongs to in flight until the end.
    in_flight: Option<InFlight>,
}

enum Rest {
    Done,
    Upload(Upload),
    Other(Pin<Box<dyn HttpBody<Data = Bytes, Error = BoxError> + Send>>),
    Deadline(Pin<Box<deadline::Deadline>>),
    Limited(Pin<Box<length::LimitedLength>>),
    /// The body broke off. Kept, so that no reader takes it for complete.
    Incomplete,
}

/// The body broke off before its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incomplete;

impl std::fmt::Display for Incomplete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body broke off before its end")
    }
}

impl std::error::Error for Incomplete {}

impl Body {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            front: Bytes::new(),
            rest: Rest::Done,
            in_flight: None,
        }
    }

    /// Wraps any body: a stream, a file, one for a test.
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let body = http_body_util::BodyExt::map_err(body, Into::into);
        Self {
            front: Bytes::new(),
            rest: Rest::Other(Box::pin(body)),
            in_flight: None,
        }
    }

    pub(crate) fn upload(upload: Upload) -> Self {
        if upload.is_end_stream() {
            return Self::empty();
        }
        Self {
            front: Bytes::new(),
            rest: Rest::Upload(upload),
            in_flight: None,
        }
    }

    /// Counts the bytes of an upload as they are read.
    pub(crate) fn count_upload(&mut self, counters: &Arc<FunctionCounters>) {
        if let Rest::Upload(upload) = &mut self.rest {
            upload.count(counters);
        }
    }

    /// Breaks the body off if it has not arrived in full by `deadline`.
    pub(crate) fn limit(&mut self, deadline: Option<Instant>) {
        match (&mut self.rest, deadline) {
            (Rest::Done | Rest::Incomplete, _) | (_, None) => {}
            // Deadlines do not nest: a function may pass a body on any number of times, and polling a
            // deep chain would overflow the stack.
            (Rest::Deadline(body), Some(deadline)) => body.no_later_than(deadline),
            (_, Some(deadline)) => {
                let body = std::mem::replace(self, Self::empty());
                self.rest = Rest::Deadline(Box::pin(deadline::Deadline::new(body, deadline)));
            }
        }
    }

    /// Breaks the body off at `deadline` if the client is still sending it.
    pub(crate) fn limit_upload(&mut self, deadline: Option<Instant>) {
        if self.is_upload() {
            self.limit(deadline);
        }
    }

    /// Looks at the part of a chunked upload that is here already, without waiting for more: fails if that is
    /// malformed. For any other body this does nothing.
    ///
    /// hyper reads a body when it is asked for, and after the request has been polled. So this asks, and comes
    /// again.
    pub(crate) async fn look_at_chunks(&mut self) -> Result<(), Incomplete> {
        if !self.is_chunked_upload() {
            return Ok(());
        }
        let mut has_asked = false;
        poll_fn(|cx| match self.poll_fill(cx) {
            Poll::Pending if !has_asked => {
                has_asked = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Ready(Ok(())),
            Poll::Ready(looked) => Poll::Ready(looked),
        })
        .await
    }

    fn is_chunked_upload(&self) -> bool {
        match &self.rest {
            Rest::Upload(upload) => upload.is_chunked(),
            Rest::Deadline(body) => body.is_chunked_upload(),
            Rest::Limited(body) => body.is_chunked_upload(),
            Rest::Done | Rest::Other(_) | Rest::Incomplete => false,
        }
    }

    fn is_upload(&self) -> bool {
        match &self.rest {
            Rest::Upload(_) => true,
            Rest::Limited(body) => body.is_upload(),
            _ => false,
        }
    }

    /// Breaks the body off if it turns out to be longer than `max` bytes, which the limit then knows.
    /// Returns `None` for a body whose length is known to be within the limit.
    pub(crate) fn limit_length(&mut self, max: u64) -> Option<Arc<LengthLimit>> {
        if self.size_hint().upper().is_some_and(|most| most <= max) {
            return None;
        }
        // Limits do not nest, for the same reason as deadlines: see `limit`.
        match &mut self.rest {
            Rest::Deadline(body) => return body.limit_length(max),
            Rest::Limited(body) => {
                body.at_most(max);
                return Some(body.reported());
            }
            _ => {}
        }
        let body = std::mem::replace(self, Self::empty());
        let limited = length::LimitedLength::new(body, max);
        let limit = limited.reported();
        self.rest = Rest::Limited(Box::pin(limited));
        Some(limit)
    }

    /// How many bytes are left at least.
    pub(crate) fn least_len(&self) -> u64 {
        self.size_hint().lower()
    }

    /// Keeps `in_flight` for as long as more of the body may arrive.
    pub(crate) fn counted(mut self, in_flight: InFlight) -> Self {
        if !matches!(self.rest, Rest::Done | Rest::Incomplete) {
            self.in_flight = Some(in_flight);
        }
        self
    }

    fn end(&mut self, rest: Rest) {
        self.rest = rest;
        self.in_flight = None;
    }

    /// How many bytes are left, if known.
    pub(crate) fn len(&self) -> Option<u64> {
        self.size_hint().exact()
    }

    /// Waits until there is something to read, or the end. Stays ready until the bytes are taken.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Incomplete>> {
        while self.front.is_empty() {
            let frame = match &mut self.rest {
                Rest::Done => return Poll::Ready(Ok(())),
                Rest::Incomplete => return Poll::Ready(Err(Incomplete)),
                Rest::Upload(upload) => {
                    ready!(upload.poll_frame(cx)).map(|frame| frame.map_err(drop))
                }
                Rest::Other(body) => {
                    ready!(body.as_mut().poll_frame(cx)).map(|frame| frame.map_err(drop))
                }
                Rest::Deadline(body) => {
                    ready!(body.as_mut().poll_frame(cx)).map(|frame| frame.map_err(drop))
                }
                Rest::Limited(body) => {
                    ready!(body.as_mut().poll_frame(cx)).map(|frame| frame.map_err(drop))
                }
            };
            match frame {
                // The contract has no trailers.
                Some(Ok(frame)) => self.front = frame.into_data().unwrap_or_default(),
                Some(Err(())) => self.end(Rest::Incomplete),
                None => self.end(Rest::Done),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes up to `max` bytes of what has arrived.
    pub(crate) fn take(&mut self, max: usize) -> Bytes {
        self.front.split_to(max.min(self.front.len()))
    }

    /// Takes everything that has arrived.
    pub(crate) fn take_all(&mut self) -> Bytes {
        std::mem::take(&mut self.front)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self {
            front: bytes,
            rest: Rest::Done,
            in_flight: None,
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::from(Bytes::from(text))
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::from(Bytes::from_static(text.as_bytes()))
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("len", &self.len()).finish()
    }
}
