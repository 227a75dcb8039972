use std::pin::Pin;
use std::task::{Context, Poll, ready};

use functions_bytes::__private::Arrival;
use functions_bytes::ReadError;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

/// The body of a response, as it comes.
pub(super) struct Download {
    /// None once it is over.
    incoming: Option<Incoming>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Download {
    /// Within the runtime, which watches the time.
    pub(super) fn new(incoming: Incoming, deadline: Option<Instant>) -> Self {
        Self {
            incoming: Some(incoming),
            deadline: deadline.map(|deadline| Box::pin(sleep_until(deadline))),
        }
    }
}

impl Arrival for Download {
    fn length(&self) -> Option<u64> {
        let incoming = self.incoming.as_ref();
        incoming.map_or(Some(0), |incoming| incoming.size_hint().exact())
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
        while let Some(incoming) = &mut self.incoming {
            let frame = match Pin::new(incoming).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    let Some(deadline) = &mut self.deadline else {
                        return Poll::Pending;
                    };
                    ready!(deadline.as_mut().poll(cx));
                    self.incoming = None;
                    return Poll::Ready(Err(ReadError::Closed));
                }
            };
            match frame {
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    if !bytes.is_empty() {
                        return Poll::Ready(Ok(Some(bytes.into())));
                    }
                }
                Some(Err(_)) => {
                    self.incoming = None;
                    return Poll::Ready(Err(ReadError::Closed));
                }
                None => self.incoming = None,
            }
        }
        Poll::Ready(Ok(None))
    }
}
