use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::address::Address;
use crate::host;

/// Where a function can be reached from outside; see
/// [`get_url`](crate::FunctionBinding::get_url).
#[must_use = "the host is asked when the future is awaited"]
pub struct UrlFuture {
    name: String,
    address: Address,
}

impl UrlFuture {
    pub(crate) fn new(name: String, address: Address) -> Self {
        Self { name, address }
    }

    /// Asks the host, which knows the URL at once.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::BindingError::NotFound) when no function has this name.
    pub fn wait(self) -> crate::Result<Option<String>> {
        host::url(&self.name, &self.address)
    }
}

impl Future for UrlFuture {
    type Output = crate::Result<Option<String>>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(host::url(&self.name, &self.address))
    }
}

impl fmt::Debug for UrlFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlFuture")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
