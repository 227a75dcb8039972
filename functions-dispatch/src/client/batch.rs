use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use functions_bytes::task::block_on;

use super::Client;
use super::future::Dispatching;
use crate::{Call, DispatchId, Error};

/// Calls that are dispatched all or none.
///
/// ```
/// use functions_dispatch::{Call, Client, marshal};
/// # let _scheduler = functions_http::testing::respond_with(|_| {
/// #     Ok(functions_http::Response::new(200).with_body(vec![10, 1, b'1', 10, 1, b'2']))
/// # });
///
/// let mut batch = Client::builder().api_key("key").build()?.batch();
/// for number in [1, 2] {
///     batch.add(Call::new("http://example.com", "myFunction", marshal(&number)?)?);
/// }
/// let ids = batch.dispatch().wait()?;
/// assert_eq!(ids.len(), 2);
/// # Ok::<(), functions_dispatch::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "the calls of a batch are not dispatched until `dispatch`"]
pub struct Batch {
    client: Client,
    calls: Vec<Call>,
}

impl Batch {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            calls: Vec::new(),
        }
    }

    /// Adds a call.
    pub fn add(&mut self, call: Call) -> &mut Self {
        self.calls.push(call);
        self
    }

    /// How many calls the batch has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether the batch has no calls.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Dispatches the calls: awaits to their ids, in order. The batch is empty once that succeeded. An
    /// empty one sends nothing.
    pub fn dispatch(&mut self) -> BatchFuture<'_> {
        let dispatching = match self.calls.is_empty() {
            true => Dispatching::done(Vec::new()),
            false => self.client.send(&self.calls),
        };
        BatchFuture {
            batch: self,
            dispatching,
        }
    }
}

/// The ids of a batch; awaits to `Result<Vec<DispatchId>, Error>`. Pending forever once taken.
#[must_use = "await it, or `wait` for it: the calls may not have been accepted"]
pub struct BatchFuture<'a> {
    batch: &'a mut Batch,
    dispatching: Dispatching,
}

impl BatchFuture<'_> {
    /// Waits for the ids.
    ///
    /// # Errors
    ///
    /// The calls were not accepted. None of them was.
    pub fn wait(self) -> Result<Vec<DispatchId>, Error> {
        block_on(self)
    }
}

impl Future for BatchFuture<'_> {
    type Output = Result<Vec<DispatchId>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ids = ready!(self.dispatching.poll(cx));
        if ids.is_ok() {
            self.batch.calls.clear();
        }
        Poll::Ready(ids)
    }
}

impl fmt::Debug for BatchFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchFuture").finish_non_exhaustive()
    }
}
