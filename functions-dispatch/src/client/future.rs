use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use functions_bytes::task::block_on;

use super::transport::{Posted, post};
use super::{Client, request};
use crate::{DispatchId, Error};

/// A request of a client in flight.
pub(super) enum Dispatching {
    /// The result is known.
    Done(Option<Result<Vec<DispatchId>, Error>>),
    Sent {
        posted: Posted,
        client: Client,
        calls: usize,
    },
}

impl Dispatching {
    pub(super) fn new(client: Client, calls: usize, body: Vec<u8>) -> Self {
        let posted = post(&client.api_url, &client.api_key, body);
        Self::Sent {
            posted,
            client,
            calls,
        }
    }

    pub(super) fn done(ids: Vec<DispatchId>) -> Self {
        Self::Done(Some(Ok(ids)))
    }

    pub(super) fn failed(error: Error) -> Self {
        Self::Done(Some(Err(error)))
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<DispatchId>, Error>> {
        let result = match self {
            Self::Done(result) => return result.take().map_or(Poll::Pending, Poll::Ready),
            Self::Sent {
                posted,
                client,
                calls,
            } => match ready!(Pin::new(posted).poll(cx)) {
                Err(error) => Err(error),
                Ok((200, body)) => request::decode(&body, *calls),
                Ok((401, _)) => Err(client.invalid_key()),
                Ok((status, body)) => Err(request::refused(status, &body)),
            },
        };
        *self = Self::Done(None);
        Poll::Ready(result)
    }
}

/// The id of a dispatched call; awaits to `Result<DispatchId, Error>`. Pending forever once taken.
#[must_use = "await it, or `wait` for it: a call may not have been accepted"]
pub struct DispatchFuture(Dispatching);

impl DispatchFuture {
    pub(super) fn new(dispatching: Dispatching) -> Self {
        Self(dispatching)
    }

    pub(crate) fn failed(error: Error) -> Self {
        Self(Dispatching::failed(error))
    }

    /// Waits for the id.
    ///
    /// # Errors
    ///
    /// The call was not accepted.
    pub fn wait(self) -> Result<DispatchId, Error> {
        block_on(self)
    }
}

impl Future for DispatchFuture {
    type Output = Result<DispatchId, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ids = ready!(self.0.poll(cx));
        Poll::Ready(ids.and_then(|ids| {
            let first = ids.into_iter().next();
            first.ok_or_else(|| Error::invalid_message("the scheduler returned no id"))
        }))
    }
}

impl fmt::Debug for DispatchFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatchFuture").finish_non_exhaustive()
    }
}
