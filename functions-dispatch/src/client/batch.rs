use super::{BatchFuture, Client};
use crate::Call;
use crate::client::future::Dispatching;

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
    pub(super) calls: Vec<Call>,
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
        BatchFuture::new(self, dispatching)
    }
}
