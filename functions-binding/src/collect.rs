//! A response whose body is brought into the function.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use functions_bytes::{ReadError, outgoing};

use crate::types::CollectedResponse;
use crate::{BindingError, Headers};

/// A response whose body is being read.
pub(crate) struct Collect {
    status: u16,
    headers: Headers,
    body: outgoing::Collect,
}

impl Collect {
    pub(crate) fn new(status: u16, headers: Headers, body: outgoing::Collect) -> Self {
        Self {
            status,
            headers,
            body,
        }
    }

    /// Waits for it, in one call of the host's where that is possible.
    pub(crate) fn wait(self) -> Result<CollectedResponse, BindingError> {
        over(self.status, self.headers, self.body.wait())
    }
}

impl Future for Collect {
    type Output = Result<CollectedResponse, BindingError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let body = ready!(Pin::new(&mut self.body).poll(cx));
        let headers = std::mem::take(&mut self.headers);
        Poll::Ready(over(self.status, headers, body))
    }
}

fn over(
    status: u16,
    headers: Headers,
    body: Result<Vec<u8>, ReadError>,
) -> Result<CollectedResponse, BindingError> {
    Ok(CollectedResponse {
        status,
        headers,
        body: body.map_err(BindingError::Body)?,
    })
}
